//! A customer tenant on your own machine: an honest OpenID provider that behaves as a Microsoft
//! Entra External ID tenant (`*.ciamlogin.com`) does, to develop and test sign-in against without
//! an account anywhere.
//!
//! For development only. It listens on loopback addresses and refuses any other; users, codes and
//! keys live in memory and end with it; passwords are hashed, but at a cost no real directory
//! would settle for. It shares no code with the library it tests, so that the two cannot be wrong
//! together.
//!
//! ```
//! use ciam_tenant::{Application, NewUser, Tenant};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tenant = Tenant::start().await?;
//! let shop = Application::web("Shop").redirect_uri("http://localhost:3000/auth/callback");
//! let shop = tenant.register(shop)?;
//! tenant.add_user(NewUser::new("ada@example.com", "Analytical-1843")).await?;
//!
//! println!("CIAM_AUTHORITY={}", tenant.authority());
//! println!("CIAM_CLIENT_ID={}", shop.client_id);
//! # Ok(())
//! # }
//! ```
//!
//! An application that exposes scopes or app roles is an API: [`Application::scope`],
//! [`Application::app_role`]. Its tests get tokens without any request from
//! [`Tenant::access_token`].
//!
//! The program of the same name does this from a shell: `ciam-tenant --help`. Told to
//! ([`TenantBuilder::control`]), it moves its clock over HTTP.
//!
//! # What is as in a real tenant
//!
//! - The authority's path is the tenant's *name*, the issuer has its *id*. In TLS mode
//!   ([`TenantBuilder::tls`]) they differ in the host too: `https://contoso.ciamlogin.com/…` issues
//!   as `https://{id}.ciamlogin.com/{id}/v2.0`.
//! - The discovery document has the members of a captured one and no others: PKCE works although
//!   `code_challenge_methods_supported` is absent. Keys have no `alg`, and there are two at a time.
//! - Errors are the `AADSTS` ones, in their JSON form, or on a page where the redirect URI cannot
//!   be trusted. The page of a redirect URI that does not match says which part differs.
//! - ID tokens carry the claims of version 2.0 and are back-dated by five minutes; `name` is the
//!   literal `unknown` for who gave none. Optional claims are absent unless the application asks.
//! - A redirect URI without a path is answered with a slash appended, but for `form_post`.
//! - Access tokens for the applications' own APIs are JSON Web Tokens in the version that the API
//!   asks for. Any application gets one in its own name by client credentials, and without an app
//!   role it is one that says nothing: checking roles is the API's to do.
//! - One session of a browser is for every application of the tenant (single sign-on). Signing out
//!   loads the front-channel logout URLs of all that took part, with `sid` and without `iss`, and
//!   leaves refresh tokens as they are.
//! - A refresh token is for every API that the application may call, one in each answer; there is
//!   a new one in each answer, and the old one stays good.
//! - An API gets a token for the next API in the name of the user who called it (on-behalf-of).
//! - A claims challenge (`acrs`) is answered by asking for the password again, `max_age` and
//!   `prompt=login` too; silently, and at the token endpoint, it is `interaction_required`.
//!
//! # What is not
//!
//! - Userinfo is at `/oidc/userinfo` of the tenant itself, in TLS mode under its own host name; the
//!   real one is at Microsoft Graph. Access tokens without a scope of an API are opaque and good
//!   for nothing else.
//! - App roles belong to a user, not to a user and an application; an access token for an API has
//!   those that are app roles of this API.
//! - An access token has the scopes asked for, and never others that were consented to. One
//!   request is for one API, at the authorization endpoint too. An API is named by its client id.
//! - There are no device codes, client assertions or tokens for Microsoft Graph itself, although
//!   the discovery document names some of these, as the real one does.
//! - No second factor, password reset, social provider, lock-out, or account picker.
//!   `domain_hint`, `ui_locales` and `mkt` are accepted and ignored, and so is what `claims` asks for beside `acrs` and `xms_cc`. A session keeps no authentication context.
//!
//! # Pages
//!
//! Plain HTML that works without JavaScript. For browser tests these names are stable:
//!
//! | page | elements |
//! |---|---|
//! | sign-in | inputs `email`, `password` (name and id); buttons `#submit`, `#cancel`; link `#create-account` |
//! | sign-up | inputs `email`, `password`, `display_name`; buttons `#submit`, `#cancel`; link `#sign-in` |
//! | any with an error | `#error`; its `data-code` is the AADSTS number, on the sign-in and error pages |
//! | redirect URI mismatch | `#difference`: a table of part, requested, registered |
//! | `form_post` answer | button `#continue` (pressed by a script where there is one) |
//! | signed out | `#signed-out`; an `iframe.logout` for each application that is told, then link `#continue` (followed by a script where there is one) |
//!
//! A refused form comes back with status 400. The cookies are `ciam-tenant-browser-PORT` and
//! `ciam-tenant-session-PORT`.
//!
//! # TLS mode
//!
//! Endpoints are under `https://NAME.ciamlogin.com`, `https://ID.ciamlogin.com` or a custom domain,
//! whichever the discovery document was asked through, and have no port. A client resolves
//! [`Tenant::host_names`] to [`Tenant::address`], port included, and trusts [`Tenant::ca_pem`].
//!
//! # How a request goes through
//!
//! `server` (own host and tenant only) → `incoming`, `parameters` (limits) → `authorize` (checks,
//! then an answer or a page) → `interaction` (sign-in, sign-up) → `token_endpoint` (`client_auth`,
//! `pkce`) → `id_token`, `access_token`, `userinfo`, `logout`. `scope` and `claims_request` read
//! what both endpoints are asked for. What is remembered is in `state`, bounded.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access_token;
mod application;
mod authorize;
mod bounded;
mod browser;
mod claims_request;
mod client_auth;
mod clock;
mod control;
mod directory;
mod discovery;
mod error;
mod faults;
mod gate;
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
mod token_policy;
mod userinfo;

// The public interface is:
pub use application::{AccessTokenVersion, Application, RegisterError, Registration};
pub use directory::{NewUser, UserError};
pub use faults::TokenFault;
pub use requests::{GrantType, Requests, TokenRequests};
pub use tenant::{
    AccessTokenBuilder, AccessTokenError, HeldRefreshes, StartError, Tenant, TenantBuilder,
};
pub use token_policy::{Rotation, TokenPolicy};
