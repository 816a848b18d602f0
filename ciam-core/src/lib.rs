//! OpenID Connect sign-in for web applications, knowing nothing of any web framework.
//!
//! Applications use an adapter (`ciam-axum`), which re-exports what they need. This
//! crate is for adapters, and for those who want to read how it is done.
//!
//! ```no_run
//! # fn main() -> Result<(), ciam_core::ConfigError> {
//! use ciam_core::{Ciam, Config};
//!
//! let ciam = Ciam::new(Config::from_env().build()?);
//! # Ok(()) }
//! ```
//!
//! **What it does.** A visitor is sent to the provider, comes back with a code, and gets
//! a session:
//!
//! ```text
//! login ── metadata, transaction ──▶ provider ──▶ callback ── token endpoint, keys ──▶ session
//!   ▲                                                                                      │
//!   └── not signed in ── visit ◀── every request of the application ◀── sealed cookie ◀────┘
//! ```
//!
//! An adapter calls [`Ciam::visit`] for every request, gives the [`Visit`] to handlers,
//! and lets [`Visit::finish`] write the answer's headers; requests to
//! [`Ciam::route_paths`] go to [`Ciam::respond`].
//!
//! **What it refuses.** An issuer the authority does not stand for, an algorithm nobody
//! chose, a callback of another browser, a return to another site, a request another site
//! caused: there is no switch for any of it.
//!
//! **How it is laid out.** Each module uses only modules of lower rank: `secret`, `clock`,
//! `random`, `cache`, `transport`, `store`, then `config`, `metadata`, `keys`, `token`, `claims`,
//! `session`, `flow`, `api`, `handler`. Every security decision is a synchronous function from
//! references to a `Result`, with time and randomness as inputs.
//!
//! # Features
//!
//! `metrics`: counters and histograms for the recorder of the crate `metrics`:
//! `ciam_visits_total` (`visitor`), `ciam_sign_ins_total` and `ciam_tokens_total` (`outcome`, a code) and
//! `ciam_provider_request_seconds` (`request`, `outcome`). Default: off. Spans and log
//! lines of `tracing` are always there.
//!
//! # Deployment
//!
//! Every instance of an application needs the same `CIAM_COOKIE_SECRET`. The public
//! address comes from `CIAM_BASE_URL`, never from request headers. A handle needs a tokio
//! runtime for its requests to the provider; it is made outside of it just as well.

mod algorithm;
mod api;
mod cache;
pub mod claims;
mod clock;
mod config;
mod error;
mod flow;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod handler;
pub mod keys;
mod metadata;
mod page;
mod random;
mod secret;
mod session;
pub mod store;
mod telemetry;
mod text;
pub mod token;
mod transport;

// The public interface is:
pub use cache::Health;
pub use claims::{Caller, Claims, ClaimsError, DirectoryId, User, UserId};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use config::{
    Authority, ClientAuth, ClientCredential, Config, ConfigBuilder, ConfigError, Guid,
    IssuerPolicy, Problem, ResponseMode, Tenants, Warning,
};
pub use error::{Error, ErrorKind};
pub use flow::CALLBACK_BODY_LIMIT;
pub use handler::{
    AnswerHeaders, Ciam, CurrentSession, Ended, Guard, Incoming, PendingVisit, ProviderHealth,
    Rejection, Visit, any_of, auth_context, caller, claim, fresh, group, role, scope, signed_in,
    tenant,
};
pub use page::{Action, Page};
pub use random::{Random, RandomError, SystemRandom};
pub use secret::Secret;
pub use session::info::{SessionId, SessionIdError, SessionInfo};
pub use session::tokens::AccessToken;
pub use transport::{HttpClient, MAX_RESPONSE_BYTES, ResponseFuture, TransportError};
