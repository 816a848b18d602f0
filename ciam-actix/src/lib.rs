//! Customer sign-in for actix-web.
//!
//! **Make the [`Ciam`] outside of the factory of [`HttpServer`]**: actix runs that
//! closure once per worker, and all workers share one handle, its keys and its
//! requests to the provider.
//!
//! Three calls protect an application: [`layer`](CiamExt::layer) says who a visitor
//! is, [`routes`](CiamExt::routes) signs in and out, and an extractor or a
//! [guard](CiamExt::require) asks for somebody signed in.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use ciam_actix::{Ciam, CiamExt, Config, MaybeUser, User, role};
//!
//! async fn home(user: MaybeUser) -> String {
//!     user.as_ref().map_or("Nobody is signed in".into(), |u| format!("Hello {:?}", u.name()))
//! }
//!
//! async fn account(user: User) -> String {
//!     format!("You are {}", user.id())
//! }
//!
//! # async fn admin() -> &'static str { "" }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let ciam = Ciam::new(Config::from_env().build()?);
//! HttpServer::new(move || {
//!     let admin = web::resource("/admin").get(admin).wrap(ciam.require(role("Admin")));
//!     App::new()
//!         .service(admin)
//!         .route("/account", web::get().to(account))
//!         .route("/", web::get().to(home))
//!         .configure(ciam.routes())
//!         .wrap(ciam.layer())
//! })
//! .bind("127.0.0.1:3000")?
//! .run()
//! .await?;
//! # Ok(()) }
//! ```
//!
//! **What you get.** A visitor without a session who opens `/account` in a browser
//! goes to sign in and comes back; a script gets 401. Unsafe requests that another
//! site caused are refused where a session is. Answers that depend on a session are
//! not cached. Which answer a visitor gets is decided in `ciam-core`, the same for
//! every framework; this crate knows nothing of the protocol.
//!
//! **Optional sign-in is [`MaybeUser`], not `Option<User>`.** actix-web turns every
//! error of an extractor within an `Option` into `None`: a missing layer or a session
//! that cannot be read would pass for "nobody is signed in".
//!
//! **APIs.** A handler that asks for [`AccessToken`] can call one for the user; with
//! [`Session`] and [`Ciam::token`] several. An API asks for its [`Caller`].
//!
//! **Order.** In actix-web the middleware that is registered last is the outermost:
//! call `.wrap(ciam.layer())` after the guards. A route without it answers 500, and the
//! log names the missing call.
//!
//! # Deployment
//!
//! The public address comes from `CIAM_BASE_URL`, never from request headers, so a
//! proxy needs no configuration here. Every instance needs the same
//! `CIAM_COOKIE_SECRET`.
//!
//! [`HttpServer`]: actix_web::HttpServer

use actix_web::web::ServiceConfig;

mod convert;
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
pub use extract::{AccessToken, Caller, Claims, Extracting, MaybeUser, Session, User};
pub use layer::{CiamFuture, CiamLayer, CiamService};
pub use request::Rejection;
pub use require::{RequireLayer, RequireService};

/// What a [`Ciam`] handle gives to an actix-web application.
pub trait CiamExt {
    /// Says who the visitor of each request is. Goes around all routes that ask: on an
    /// `App` or a `Scope`.
    fn layer(&self) -> CiamLayer;

    /// Lets visitors through who have what `guard` asks for; on a resource, a scope or
    /// a whole application, inside of [`layer`](Self::layer). The library's own routes
    /// stay open: visitors sign in there.
    fn require(&self, guard: Guard) -> RequireLayer;

    /// The library's own routes: sign-in, sign-up, callback, sign-out. For `configure`
    /// of an `App` or a `Scope`.
    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + Send + use<Self>;
}

impl CiamExt for Ciam {
    fn layer(&self) -> CiamLayer {
        CiamLayer::new(self.clone())
    }

    fn require(&self, guard: Guard) -> RequireLayer {
        RequireLayer::new(self.clone(), guard)
    }

    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + Send + use<> {
        routes::routes(self.clone())
    }
}
