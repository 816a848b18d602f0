//! Sign-out that the provider tells of, over either channel, to sites whose sessions are
//! in a store.

pub(crate) mod backchannel;
pub(crate) mod browser;
pub(crate) mod frontchannel;
pub(crate) mod honest;
pub(crate) mod outage;

use ciam_tests::scripted::Notified;
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Store, Visitor};
use serde_json::json;

use super::provider_failures::World;

/// A site with this store, at a provider whose ID tokens name its sessions.
pub(crate) async fn world(on: Framework, store: Store<'_>) -> World {
    let world = World::with(on, |config| store.of(config)).await;
    world.provider.script(|script| script.sessions = true);
    world
}

/// Somebody else's browser, signed in.
pub(crate) async fn signed_in(world: &mut World, context: &str) -> Visitor {
    world.visitor = Visitor::new();
    world.expect_signed_in(context).await;
    std::mem::take(&mut world.visitor)
}

/// Whom the site knows this browser as.
pub(crate) async fn who(world: &World, visitor: &mut Visitor) -> String {
    visitor.go(world.site.url("/")).await.body
}

/// Sends a logout token as the provider does.
async fn tell(world: &World, token: &str) -> Notified {
    let uri = world.site.url("/auth/backchannel-logout");
    let answer = world.provider.notify(&uri, token).await;
    assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
    assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
    answer
}

/// The honest token of whoever signed in last, with these other claims.
fn honest(world: &World, claims: serde_json::Value) -> String {
    let mut token = world.provider.logout_token();
    token.set(claims);
    world.provider.sign_logout(&token)
}

fn assert_done(answer: &Notified) {
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, ""),
        "{answer:?}"
    );
}

fn assert_refused(answer: &Notified, code: &str, context: &str) {
    assert_eq!(answer.status, 400, "{context}: {answer:?}");
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let expected = json!({"error": "invalid_request", "error_description": code});
    assert_eq!(body, expected, "{context}");
}

/// Opens what a frame of the provider's would show.
async fn frame(visitor: &mut Visitor, world: &World, query: &str) -> Page {
    let url = world.site.url(&format!("/auth/frontchannel-logout{query}"));
    let body = format!("<iframe src=\"{url}\"></iframe>");
    // As if the visitor were at the provider, which is another site.
    let here = Visitor::new().go(world.site.url("/")).await;
    let url = world.provider.issuer().parse().expect("an address");
    let mut frames = visitor.load_frames(&Page { url, body, ..here }).await;
    frames.remove(0)
}
