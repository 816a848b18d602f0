//! When the provider is asked for its keys again, and when it is not.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::bench::{Bench, Browser, text};

#[tokio::test]
async fn keys_may_rotate_before_or_within_a_sign_in() {
    let bench = Bench::new();
    bench.signed_in().await;
    bench.provider.rotate_keys();
    bench.signed_in().await;
    assert_eq!(fetches(&bench), 2, "one fetch more for the new key");
}

#[tokio::test]
async fn keys_that_no_token_names_may_rotate_too() {
    for jwk in [json!({}), json!({"kid": null})] {
        let bench = Bench::new();
        name_no_key(&bench);
        publish(&bench, &jwk);
        bench.signed_in().await;
        for rotation in 2..=4 {
            // No time passes: the budget's burst covers it.
            bench.provider.rotate_keys();
            publish(&bench, &jwk);
            bench.signed_in().await;
            bench.signed_in().await;
            assert_eq!(fetches(&bench), rotation, "one fetch more for the new key");
        }
    }
}

#[tokio::test]
async fn a_second_key_that_leaves_the_set_no_longer_stands_in_the_way() {
    let bench = Bench::new();
    let left = other_key();
    name_no_key(&bench);
    let own = bench.provider.state().jwk();
    bench.provider.state().published = Some(vec![left, own]);
    assert_eq!(refused(&bench).await, "key.ambiguous");
    assert_eq!(fetches(&bench), 2);
    bench.provider.state().published = None;
    bench.signed_in().await;
    assert_eq!(fetches(&bench), 3);
}

#[tokio::test]
async fn bad_tokens_that_name_no_key_cost_no_more_than_the_budget() {
    let bench = Bench::new();
    bench.signed_in().await;
    name_no_key(&bench);
    bench.provider.state().published = Some(vec![other_key()]);
    // The key is there; each signature is of another.
    bench.provider.rotate_keys();
    for _ in 0..50 {
        assert_eq!(refused(&bench).await, "token.signature");
    }
    assert_eq!(fetches(&bench), BURST);
    bench.clock.advance(REFILL - Duration::from_secs(1));
    assert_eq!(refused(&bench).await, "token.signature");
    assert_eq!(fetches(&bench), BURST);
    for more in 1..=3 {
        bench.clock.advance(REFILL);
        for _ in 0..10 {
            assert_eq!(refused(&bench).await, "token.signature");
        }
        assert_eq!(fetches(&bench), BURST + more);
    }
    // Those who name their keys share that budget: who used it up waits for it.
    bench.provider.state().header = json!({});
    bench.provider.state().published = None;
    assert_eq!(refused(&bench).await, "key.unknown_kid");
    assert_eq!(fetches(&bench), BURST + 3);
    bench.clock.advance(REFILL);
    bench.signed_in().await;
    assert_eq!(fetches(&bench), BURST + 4);
}

#[tokio::test]
async fn a_bad_signature_under_a_key_that_is_named_asks_for_none() {
    let bench = Bench::new();
    bench.signed_in().await;
    let known = bench.provider.state().jwk();
    bench.provider.rotate_keys();
    bench.provider.state().header = json!({"kid": known["kid"]});
    for _ in 0..3 {
        assert_eq!(refused(&bench).await, "token.signature");
    }
    assert_eq!(fetches(&bench), 1);
}

#[tokio::test]
async fn what_is_wrong_beside_the_signature_asks_for_none() {
    let bench = Bench::new();
    name_no_key(&bench);
    bench.signed_in().await;
    for (header, claims, code) in [
        (json!({"alg": "RS256"}), json!({}), "token.alg_mismatch"),
        (json!({"alg": "none"}), json!({}), "token.alg_none"),
        (json!({"crit": ["exp"]}), json!({}), "token.crit"),
        (json!({}), json!({"iss": "another"}), "token.issuer"),
        (json!({}), json!({"exp": 1}), "token.expired"),
    ] {
        bench.provider.state().header = header;
        bench.provider.state().header["kid"] = Value::Null;
        bench.provider.state().claims = claims;
        assert_eq!(refused(&bench).await, code);
    }
    assert_eq!(fetches(&bench), 1);
}

#[tokio::test]
async fn keys_that_cannot_be_had_again_leave_the_first_answer() {
    let bench = Bench::new();
    name_no_key(&bench);
    bench.signed_in().await;
    bench.provider.rotate_keys();
    bench.provider.state().down = vec!["/keys"];
    assert_eq!(refused(&bench).await, "token.signature");
    assert_eq!(fetches(&bench), 2);
    bench.provider.state().down = Vec::new();
    bench.signed_in().await;
    assert_eq!(fetches(&bench), 3);
}

/// Signs in to no avail; the code on the page.
async fn refused(bench: &Bench) -> String {
    let mut browser = Browser::default();
    let answer = browser.sign_in(bench, "/auth/login").await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "{answer:?}");
    assert!(!browser.is_signed_in(bench), "{answer:?}");
    let page = text(&answer);
    let code = page.split("<dt>Code</dt><dd>").nth(1);
    let code = code.and_then(|code| code.split('<').next());
    code.unwrap_or_else(|| panic!("no code in {page}"))
        .to_owned()
}

fn name_no_key(bench: &Bench) {
    bench.provider.state().header = json!({"kid": null});
}

/// The key that signs, with other members.
fn publish(bench: &Bench, members: &Value) {
    let mut state = bench.provider.state();
    let mut jwk = state.jwk();
    for (name, value) in members.as_object().expect("an object") {
        jwk[name] = value.clone();
    }
    state.published = Some(vec![jwk]);
}

/// A key that signs nothing here.
fn other_key() -> Value {
    let other = Bench::new();
    other.provider.state().jwk()
}

fn fetches(bench: &Bench) -> usize {
    bench.provider.count("/keys")
}

/// The budget of key fetches: so many in a row …
const BURST: usize = 5;

/// … and one more in this time.
const REFILL: Duration = Duration::from_secs(30);
