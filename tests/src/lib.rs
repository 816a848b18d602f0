//! The harness: real parts, started and ended by the test that needs them.
//!
//! - [`App`]: an example application, as `cargo run` would start it
//! - [`Shop`](shop::Shop): one with its own local tenant
//! - [`OidcProvider`]: npm `oidc-provider`, an independent OpenID provider
//! - [`OidcShop`]: the shop, signing in at it
//! - [`Honest`](honest::Honest): that one or the local tenant, for cases that run at both
//! - [`StrippingProxy`]: a proxy that gives an application a path of its own
//! - [`Balancer`]: one that spreads connections over instances
//! - [`Scripted`](scripted::Scripted): a provider that fails as it is told
//! - [`Site`]: an application in this process, on any framework
//! - [`Store`]: where it keeps its sessions; [`Kept`]: in the servers of all tests
//! - [`suite`]: cases that run on every framework, and against several providers
//! - [`Logs`]: everything that is logged in this process
//! - [`Secrets`]: whether a text has one of them in it, in any disguise
//! - [`vectors`]: tokens as files, and what is expected of them
//! - [`Visitor`]: a browser without JavaScript, for fast tests
//! - [`wire`]: a client that sends what no browser would
//! - [`Browser`]: headless Chromium
//! - [`Echo`]: a server that answers as its addresses say, and remembers
//! - [`Redis`], [`Sentinel`], [`Postgres`]: servers that sessions are kept in
//! - [`Certificates`]: for servers with TLS
//! - [`FailingStore`]: a store of sessions that fails while it is told to
//! - [`KnownKeys`]: one whose values can be replaced
//! - [`Port`]: a port that nobody else gets
//! - [`clock()`]: time in the hands of a test
//! - [`resident_memory`]: what this process takes
//! - [`ranks`]: which module may use which
//!
//! Everything here panics when it fails, with what the other side printed: a
//! part that is missing is a failure, and `tests/run` installs it.

mod app;
mod balancer;
mod browser;
mod certificates;
mod clock;
mod disguise;
mod echo;
mod failing_store;
pub mod honest;
mod known_keys;
mod logs;
mod memory;
mod oidc_shop;
mod port;
mod postgres;
mod process;
mod provider;
mod proxy;
pub mod ranks;
mod redis;
pub mod scripted;
pub mod shop;
mod site;
mod store;
pub mod suite;
pub mod vectors;
pub mod visitor;
pub mod wire;

pub use app::App;
pub use balancer::Balancer;
pub use browser::{Browser, BrowserCookie, Fetched, Look};
pub use certificates::Certificates;
pub use ciam_core::Ciam;
pub use clock::clock;
pub use disguise::Secrets;
pub use echo::{Echo, Received};
pub use failing_store::FailingStore;
pub use known_keys::KnownKeys;
pub use logs::{Line, Logs};
pub use memory::resident_memory;
pub use oidc_shop::{OidcShop, ShopSetup, finish_sign_in};
pub use port::Port;
pub use postgres::Postgres;
pub use process::Process;
pub use provider::OidcProvider;
pub use proxy::{Forwarded, StrippingProxy};
pub use redis::{Redis, Sentinel};
pub use site::{ActixRoutes, ActixServer, AxumServer, Routes, Site, listen, told, told_to_script};
pub use store::{Kept, Store};
pub use suite::{Backend, Framework, ProviderKind, StoreKind};
pub use visitor::Visitor;

/// The root of the workspace.
pub fn workspace() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a member of a workspace")
}
