//! Flaws that other software of this kind had, each named after its entry, and their
//! neighbours. `SECURITY.md` has the table.

pub(crate) mod answers;
pub(crate) mod checklists;
pub(crate) mod cookie_values;
pub(crate) mod links;
pub(crate) mod return_to;
pub(crate) mod routes;
pub(crate) mod session;
pub(crate) mod sign_out;
pub(crate) mod tokens;
pub(crate) mod transaction;
pub(crate) mod users;

use ciam_core::Config;
use ciam_tests::scripted::Scripted;
use ciam_tests::visitor::{Kept, Page};
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Framework, Logs, Site, Visitor};
use serde_json::Value;

use super::provider_failures::World;
use super::provider_failures::asking::Told;

/// A request as no client library would let it through. It shows a page, unless its
/// headers say otherwise.
async fn raw(world: &World, method: &str, target: &str, headers: &str) -> Told {
    raw_form(world, method, target, headers, "").await
}

/// The same with a body.
async fn raw_form(world: &World, method: &str, target: &str, headers: &str, form: &str) -> Told {
    let port = world.site.port();
    let host = if headers.lines().any(|line| line.starts_with("host: ")) {
        String::new()
    } else {
        format!("host: localhost:{port}\r\n")
    };
    let request = format!(
        "{method} {target} HTTP/1.1\r\n{host}accept: text/html\r\nconnection: close\r\n{headers}\r\n{form}"
    );
    let answer = exchange(port, request.as_bytes(), Then::Wait).await;
    Told::of(answer.unwrap_or_else(|| panic!("no answer to {method} {target:?}")))
}

/// Where an answer leads, with its status.
fn leads(answer: &Told) -> (u16, &str) {
    let location = answer.headers.get("location");
    let location = location.map(|to| to.to_str().expect("ASCII"));
    (answer.status, location.unwrap_or_default())
}

/// All cookies of a visitor, as a header.
fn cookies(visitor: &Visitor) -> String {
    let pair = |kept: &&Kept| format!("{}={}", kept.cookie.name(), kept.cookie.value());
    let pairs: Vec<_> = visitor.cookies().iter().map(pair).collect();
    format!("cookie: {}\r\n", pairs.join("; "))
}

/// Name and value of the one cookie of somebody who is signed in.
fn session(visitor: &Visitor) -> (String, String) {
    let kept = &visitor.cookie("ciam-session").expect("a session").cookie;
    (kept.name().to_owned(), kept.value().to_owned())
}

/// Puts a cookie into a browser, as a page of this host could.
fn plant(site: &Site, visitor: &mut Visitor, name: &str, value: &str) {
    let home = site.url("/");
    let set_cookie = format!("{name}={value}; Path=/");
    visitor.set_cookie(&home, &set_cookie).expect("a cookie");
}

/// The ID tokens have these claims from now on, or lack those that are `null`.
fn says(world: &World, claims: Value) {
    let Value::Object(claims) = claims else {
        panic!("not an object: {claims}");
    };
    world.provider.script(|script| script.claims = claims);
}

/// Who somebody of the provider is here.
fn user(world: &World, subject: &str) -> String {
    format!("{}#{subject}", world.provider.issuer())
}

/// The address that the provider sends the visitor back to, not yet loaded.
async fn callback(world: &mut World) -> String {
    let stop = world.site.url("/auth/callback");
    let mut caught = world.visitor.clone().stopping_before(&stop);
    let login = world.site.url("/auth/login?return_to=%2Faccount");
    let page = caught.go(login).await;
    for kept in caught.cookies() {
        let (name, value) = (kept.cookie.name(), kept.cookie.value());
        plant(&world.site, &mut world.visitor, name, value);
    }
    page.location().expect("a redirect").into()
}

/// All links of a page, as they are written.
fn links(page: &Page) -> Vec<String> {
    let links = page.body.split("href=\"").skip(1);
    let link = |rest: &str| rest.split('"').next().unwrap_or_default().to_owned();
    links.map(link).collect()
}

/// Nobody on a page for everybody, and sent to sign in by one that is not.
async fn is_nobody(world: &World, headers: &str) {
    let home = raw(world, "GET", "/", headers).await;
    assert_eq!(
        (home.status, home.body.as_str()),
        (200, "nobody"),
        "{headers}"
    );
    let account = raw(world, "GET", "/account", headers).await;
    let login = (303, "/auth/login?return_to=%2Faccount");
    assert_eq!(leads(&account), login, "{headers}");
}

/// An application with the same secret and client id as every other one of these.
async fn shared(on: Framework) -> World {
    Logs::capture();
    let provider = Scripted::start().await;
    let issuer = provider.issuer();
    let site = Site::start(on, async move |base_url| {
        let secret = "q8fX2kq1m0yqv3nqkM3oVJz8gq0cXzQh4oX3pXy1zKE=";
        Config::web(issuer, "shop", base_url, secret).with_client_secret("the client's secret")
    })
    .await;
    World {
        provider,
        site,
        visitor: Visitor::new(),
    }
}
