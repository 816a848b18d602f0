//! Applications of every shape that the frameworks' routers allow: [`on_axum`] and
//! [`on_actix`] have each shape under the same name.

pub(crate) mod answers;
pub(crate) mod extractors;
pub(crate) mod guards;
pub(crate) mod nesting;
mod on_actix;
mod on_axum;
pub(crate) mod store_failure;
pub(crate) mod workers;

use std::convert::Infallible;

use bytes::Bytes;
use ciam_core::{Ciam, Config, User};
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, Framework, Line, Logs};
use futures_util::{Stream, stream};
use http::Method;
use serde::Deserialize;

use super::sign_in::World;

/// The same shape on both.
macro_rules! shape {
    ($axum:ident, $actix:ident) => {
        ciam_tests::Routes {
            axum: $crate::routers::on_axum::$axum,
            actix: $crate::routers::on_actix::$actix,
        }
    };
}
pub(crate) use shape;

/// What an application wants to know of its customers.
#[derive(Deserialize)]
struct Customer {
    sub: String,
    email: Option<String>,
}

/// What no provider says.
#[derive(Debug, Deserialize)]
struct Impossible {
    #[serde(rename = "shoe_size")]
    _shoe_size: u8,
}

/// A state of the application's own.
#[derive(Clone, Debug)]
struct Greeting(&'static str);

fn named(user: &User) -> String {
    format!("{} here", user.name().unwrap_or("somebody"))
}

fn greeted(greeting: &Greeting, user: Option<&User>) -> String {
    let name = user.and_then(User::name).unwrap_or("stranger");
    format!("{} {name}", greeting.0)
}

fn described(customer: &Customer) -> String {
    format!("{:?} {}", customer.email, customer.sub.is_empty())
}

/// A handle that no layer of the application is of.
fn another() -> Ciam {
    let config = Config::web("https://issuer.example", "c", "http://localhost:1", "");
    Ciam::new(config.build().expect("good settings"))
}

/// A body that nobody can have read to its end.
fn endless() -> impl Stream<Item = Result<Bytes, Infallible>> + 'static {
    stream::repeat(Ok(Bytes::from_static(&[b'a'; 1024])))
}

/// The lines that a framework's adapter logged with this code.
fn logged(on: Backend, code: &str) -> Vec<Line> {
    let adapter = match on.framework {
        Framework::Axum => "ciam_axum",
        Framework::Actix => "ciam_actix",
    };
    let mut lines = Logs::capture().own(&format!(" code={code}"));
    lines.retain(|line| line.target.starts_with(adapter) && line.level == "ERROR");
    lines
}

/// A page's script asks for an address.
async fn fetch(world: &mut World, method: Method, path: &str) -> Page {
    let page = world.visitor.go(world.site.url("/auth/signed-out")).await;
    world.visitor.fetch(&page, method, path).await
}

const GREETING: Greeting = Greeting("Hello");
const PUBLIC: (&str, &str) = ("cache-control", "public, max-age=600");

/// How many workers an actix-web server is given.
const WORKERS: usize = 4;
