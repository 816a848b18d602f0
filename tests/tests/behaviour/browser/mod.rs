//! The shop in headless Chromium, started as somebody new starts it.
//!
//! Every test ends by reading the browser's console: a page that asks for what
//! its own content security policy refuses fails the test that met it.

pub(crate) mod cookies;
pub(crate) mod cross_site;
pub(crate) mod history;
pub(crate) mod journey;
pub(crate) mod looks;
pub(crate) mod sessions;
pub(crate) mod starting;

use ciam_tests::shop::Shop;
use ciam_tests::{Browser, Framework};

/// A shop and a browser that has never seen it.
async fn begin(on: Framework) -> (Shop, Browser) {
    let (shop, browser) = tokio::join!(Shop::start(on), Browser::start());
    (shop, browser)
}

/// Fails unless the browser is signed in under this name, in the eyes of the shop.
async fn assert_signed_in(shop: &Shop, browser: &Browser, name: &str) {
    let answer = browser.fetch("GET", &shop.url("/api/me")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let me: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(me["name"], name);
}

/// Fails unless nobody is signed in, in the eyes of the shop and in the browser,
/// which is at the front page then.
async fn assert_signed_out(shop: &Shop, browser: &Browser) {
    browser.go(shop.url("/")).await;
    assert_eq!(browser.text_of("#sign-in").await, "Sign in");
    let answer = browser.fetch("GET", &shop.url("/api/me")).await;
    assert_eq!((answer.status, answer.body.as_str()), NOT_SIGNED_IN);
    assert_eq!(browser.cookie("ciam-session").await.map(|c| c.name), None);
    assert_eq!(browser.cookie("ciam-id-token").await.map(|c| c.name), None);
}

/// What a script gets that asks who is signed in when nobody is.
const NOT_SIGNED_IN: (u16, &str) = (401, r#"{"error":"visit.not_signed_in"}"#);

/// The name of the account that the shop's own tenant has from the start.
const ADA: &str = "Ada Lovelace";
