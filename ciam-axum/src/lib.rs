//! Customer sign-in for axum.
//!
//! Three calls protect an application: [`layer`](CiamExt::layer) says who a visitor
//! is, [`routes`](CiamExt::routes) signs in and out, and an extractor or a
//! [guard](CiamExt::require) asks for somebody signed in.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use ciam_axum::{Ciam, CiamExt, Config, MaybeUser, User, role};
//!
//! async fn home(user: MaybeUser) -> String {
//!     user.as_ref().map_or("Nobody is signed in".into(), |u| format!("Hello {:?}", u.name()))
//! }
//!
//! async fn account(user: User) -> String {
//!     format!("You are {}", user.id())
//! }
//!
//! # async fn admin() {}
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ciam = Ciam::new(Config::from_env().build()?);
//! let app: Router = Router::new()
//!     .route("/admin", get(admin).route_layer(ciam.require(role("Admin"))))
//!     .route("/account", get(account))
//!     .route("/", get(home))
//!     .merge(ciam.routes())
//!     .layer(ciam.layer());
//! # Ok(()) }
//! ```
//!
//! **What you get.** A visitor without a session who opens `/account` in a browser
//! goes to sign in and comes back; a script gets 401. Unsafe requests that another
//! site caused are refused where a session is. Answers that depend on a session are
//! not cached. Which answer a visitor gets is decided in `ciam-core`, the same for
//! every framework; this crate knows nothing of the protocol.
//!
//! **APIs.** A handler that asks for [`AccessToken`] can call one for the user; with
//! [`Session`] and [`Ciam::token`] several. An API asks for its [`Caller`].
//!
//! **Order.** In axum a layer wraps the routes added before it: call `.layer(…)`
//! last. A route without it answers 500, and the log names the missing call.
//!
//! # Deployment
//!
//! The public address comes from `CIAM_BASE_URL`, never from request headers, so a
//! proxy needs no configuration here. Every instance needs the same
//! `CIAM_COOKIE_SECRET`.

use axum::Router;

mod extract;
mod layer;
mod request;
mod require;
mod routes;

// The public interface is:
pub use ciam_core::{
    Ciam, Config, ConfigBuilder, ConfigError, Ended, Error, Guard, Page, SessionId, SessionInfo,
    UserId, any_of, auth_context, caller, claim, fresh, group, role, scope, signed_in, tenant,
};
pub use extract::{AccessToken, Caller, Claims, MaybeUser, Session, User};
pub use layer::{CiamFuture, CiamLayer, CiamService};
pub use request::Rejection;
pub use require::{RequireFuture, RequireLayer, RequireService};

/// What a [`Ciam`] handle gives to an axum router.
pub trait CiamExt {
    /// Says who the visitor of each request is. Goes around all routes that ask.
    fn layer(&self) -> CiamLayer;

    /// Lets visitors through who have what `guard` asks for; on a route, a nested
    /// router or a whole one, inside of [`layer`](Self::layer). The library's own routes
    /// stay open: visitors sign in there.
    fn require(&self, guard: Guard) -> RequireLayer;

    /// The library's own routes: sign-in, sign-up, callback, sign-out.
    fn routes<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static;
}

impl CiamExt for Ciam {
    fn layer(&self) -> CiamLayer {
        CiamLayer::new(self.clone())
    }

    fn require(&self, guard: Guard) -> RequireLayer {
        RequireLayer::new(self.clone(), guard)
    }

    fn routes<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        routes::routes(self)
    }
}
