//! A local customer tenant.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod application;
mod authorize;
mod bounded;
mod browser;
mod client_auth;
mod clock;
mod directory;
mod discovery;
mod error;
mod id_token;
mod incoming;
mod interaction;
mod keys;
mod logout;
mod pages;
mod parameters;
mod password;
mod pkce;
mod random;
mod redirect_uri;
mod requests;
mod scope;
mod server;
mod state;
mod tenant;
mod tls;
mod token_endpoint;
mod userinfo;

pub use application::{Application, RegisterError, Registration};
pub use directory::{NewUser, UserError};
pub use requests::Requests;
pub use tenant::{StartError, Tenant, TenantBuilder};
