//! OpenID Connect sign-in for web applications, knowing nothing of any web framework.

mod algorithm;
mod cache;
pub mod claims;
mod clock;
mod config;
mod error;
mod flow;
mod handler;
pub mod keys;
mod metadata;
mod page;
mod random;
mod secret;
mod session;
mod text;
pub mod token;
mod transport;

// The public interface is:
pub use cache::Health;
pub use claims::{Claims, ClaimsError, DirectoryId, User, UserId};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use config::{
    Authority, ClientAuth, ClientCredential, Config, ConfigBuilder, ConfigError, Guid,
    IssuerPolicy, Problem, ResponseMode, Warning,
};
pub use error::{Error, ErrorKind};
pub use flow::CALLBACK_BODY_LIMIT;
pub use handler::{
    Ciam, Guard, Incoming, ProviderHealth, Rejection, Visit, claim, group, role, signed_in,
};
pub use page::{Action, Page};
pub use random::{Random, RandomError, SystemRandom};
pub use secret::Secret;
pub use transport::{HttpClient, MAX_RESPONSE_BYTES, ResponseFuture, TransportError};
