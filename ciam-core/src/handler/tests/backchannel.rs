//! What the provider says itself: whose sessions are over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::bench::{Bench, Browser, NOW, SECRET, text};
use super::stored::{Fault, ask, bench, is_known};
use crate::store::SessionStore;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What the provider sends.
async fn deliver(bench: &Bench, token: &str) -> Response<Bytes> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("logout_token", token)
        .append_pair("ignored_parameter", "x")
        .finish();
    post(bench, &[FORM], &body).await
}

async fn post(bench: &Bench, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut provider = Browser::default();
    let path = "/auth/backchannel-logout";
    provider
        .send(bench, Method::POST, path, headers, body)
        .await
}

/// A logout token of Alice's session `s1`, with these differences.
fn token(bench: &Bench, claims: &Value) -> String {
    bench.provider.logout_token(&json!({}), claims)
}

/// Somebody who is signed in, with a session of this name at the provider.
async fn signed_in(bench: &Bench, sub: &str, sid: Option<&str>) -> Browser {
    bench.provider.state().claims = json!({ "sub": sub, "sid": sid });
    bench.signed_in().await
}

fn assert_done(answer: &Response<Bytes>) {
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    assert!(answer.body().is_empty(), "{answer:?}");
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
    assert!(!answer.headers().contains_key(SET_COOKIE));
}

fn assert_refused(answer: &Response<Bytes>, code: &str) {
    assert_eq!(
        answer.status(),
        StatusCode::BAD_REQUEST,
        "{code}: {answer:?}"
    );
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let expected = json!({ "error": "invalid_request", "error_description": code });
    assert_eq!(body, expected);
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store", "{code}");
    assert_eq!(
        answer.headers()["content-type"],
        "application/json",
        "{code}"
    );
}

#[tokio::test]
async fn the_sessions_of_one_session_at_the_provider_end_and_no_others() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    let also_here = signed_in(&bench, "alice", Some("s1")).await;
    let elsewhere = signed_in(&bench, "alice", Some("s2")).await;
    let nowhere = signed_in(&bench, "alice", None).await;
    let bob = signed_in(&bench, "bob", Some("s3")).await;
    assert_done(&deliver(&bench, &token(&bench, &json!({}))).await);
    for (browser, stays, who) in [
        (here, false, "here"),
        (also_here, false, "also here"),
        (elsewhere, true, "elsewhere"),
        (nowhere, true, "without a name"),
        (bob, true, "bob"),
    ] {
        assert_eq!(is_known(&browser, &bench).await, stays, "{who}");
    }
}

#[tokio::test]
async fn without_a_session_all_of_the_user_end() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    let nowhere = signed_in(&bench, "alice", None).await;
    let bob = signed_in(&bench, "bob", Some("s3")).await;
    assert_done(&deliver(&bench, &token(&bench, &json!({ "sid": null }))).await);
    assert!(!is_known(&here, &bench).await);
    assert!(!is_known(&nowhere, &bench).await);
    assert!(is_known(&bob, &bench).await);
}

#[tokio::test]
async fn a_session_ends_by_its_name_where_the_token_does_not_say_whose_it_is() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    assert_done(&deliver(&bench, &token(&bench, &json!({ "sub": null }))).await);
    assert!(!is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_session_that_was_renewed_is_still_found() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    bench.clock.advance(Duration::from_secs(3 * 3600));
    store.asked();
    assert!(is_known(&here, &bench).await);
    assert_eq!(store.asked(), ["load", "save"]);
    assert_done(&deliver(&bench, &token(&bench, &json!({}))).await);
    assert!(!is_known(&here, &bench).await);
}

#[tokio::test]
async fn who_is_signed_out_already_is_signed_out() {
    let (bench, _) = bench();
    assert_done(&deliver(&bench, &token(&bench, &json!({}))).await);
    let mut here = signed_in(&bench, "alice", Some("s1")).await;
    here.post(&bench, "/auth/logout").await;
    assert_done(&deliver(&bench, &token(&bench, &json!({ "jti": "2" }))).await);
}

#[tokio::test]
async fn a_token_that_is_none_ends_nothing() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    let later = NOW.unix() + 3600;
    let empty = json!({ "http://schemas.openid.net/event/backchannel-logout": null });
    let foobar = json!({ "http://schemas.openid.net/event/foobar": {} });
    store.asked();
    for (claims, code) in [
        (json!({ "iss": "https://issuer.example1" }), "token.issuer"),
        (json!({ "aud": "client1" }), "token.audience"),
        (json!({ "iat": null }), "token.issued_at_missing"),
        (
            json!({ "iat": later, "exp": later + 120 }),
            "token.issued_at",
        ),
        (json!({ "iat": NOW.unix() - 700 }), "token.too_old"),
        (json!({ "exp": null }), "token.expiry_missing"),
        (json!({ "exp": NOW.unix() - 60 }), "token.expired"),
        (json!({ "nbf": later }), "token.not_yet_valid"),
        (json!({ "jti": null }), "token.id_missing"),
        (json!({ "jti": "x".repeat(256) }), "token.claim_length"),
        (
            json!({ "sub": null, "sid": null }),
            "token.subject_and_session_missing",
        ),
        (json!({ "events": null }), "token.event_missing"),
        (json!({ "events": foobar }), "token.event_missing"),
        (json!({ "events": empty }), "token.claim_type"),
        (json!({ "nonce": "n" }), "token.nonce_unexpected"),
    ] {
        assert_refused(&deliver(&bench, &token(&bench, &claims)).await, code);
    }
    let typed = |typ: &str| {
        bench
            .provider
            .logout_token(&json!({ "typ": typ }), &json!({}))
    };
    assert_refused(&deliver(&bench, &typed("at+jwt")).await, "token.type");
    let unsigned = bench
        .provider
        .logout_token(&json!({ "alg": "none" }), &json!({}));
    assert_refused(&deliver(&bench, &unsigned).await, "token.alg_none");
    let mut forged = token(&bench, &json!({}));
    forged.truncate(forged.len() - 4);
    assert_refused(
        &deliver(&bench, &format!("{forged}AAAA")).await,
        "token.signature",
    );
    assert_eq!(
        store.asked(),
        Vec::<&str>::new(),
        "the store is not even asked"
    );
    assert!(is_known(&here, &bench).await);
}

#[tokio::test]
async fn the_id_token_of_a_sign_in_is_no_logout_token() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    let id_token = bench.provider.last_id_token();
    assert_refused(&deliver(&bench, &id_token).await, "token.event_missing");
    let with_id = json!({ "nonce": "n", "events": null, "name": "Alice" });
    let code = "token.event_missing";
    assert_refused(&deliver(&bench, &token(&bench, &with_id)).await, code);
    assert!(is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_request_that_is_none_is_refused() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    let good = token(&bench, &json!({}));
    let form = format!("logout_token={good}");
    let json = ("content-type", "application/json");
    let charset = (
        "content-type",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    );
    store.asked();
    for (headers, body, code) in [
        (vec![], form.clone(), "logout.content_type"),
        (vec![json], form.clone(), "logout.content_type"),
        (
            vec![json],
            format!("{{\"logout_token\":\"{good}\"}}"),
            "logout.content_type",
        ),
        (vec![FORM], String::new(), "logout.token_missing"),
        (
            vec![FORM],
            "logout_token=".to_owned(),
            "logout.token_missing",
        ),
        (
            vec![FORM],
            format!("Logout_Token={good}"),
            "logout.token_missing",
        ),
        (
            vec![FORM],
            format!("{form}&{form}"),
            "request.duplicate_parameter",
        ),
        (
            vec![FORM],
            format!("{form}{}", "&a".repeat(2)),
            "request.duplicate_parameter",
        ),
        (vec![FORM], "a&".repeat(3), "request.duplicate_parameter"),
        (
            vec![FORM],
            format!("{form}&a={}", "x".repeat(66_000)),
            "request.too_long",
        ),
        (
            vec![FORM],
            "logout_token=a.b.c".to_owned(),
            "token.header_malformed",
        ),
        (
            vec![FORM],
            format!("logout_token={}", ".".repeat(65_000)),
            "token.malformed",
        ),
    ] {
        assert_refused(&post(&bench, &headers, &body).await, code);
    }
    // Nor is the query looked at.
    let mut provider = Browser::default();
    let path = format!("/auth/backchannel-logout?logout_token={good}");
    let answer = provider
        .send(&bench, Method::POST, &path, &[FORM], "")
        .await;
    assert_refused(&answer, "logout.token_missing");
    for method in [Method::GET, Method::HEAD, Method::PUT] {
        let answer = provider.send(&bench, method, &path, &[FORM], &form).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "POST");
    }
    assert_eq!(store.asked(), Vec::<&str>::new());
    assert!(is_known(&here, &bench).await);
    assert_done(&post(&bench, &[charset], &form).await);
    assert!(!is_known(&here, &bench).await);
}

#[tokio::test]
async fn whoever_sends_it_needs_no_cookie_and_no_origin_is_wrong() {
    let (bench, _) = bench();
    let mut here = signed_in(&bench, "alice", Some("s1")).await;
    let cross_site = [
        FORM,
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let visit = here.visit(
        &bench,
        &Method::POST,
        "/auth/backchannel-logout",
        &cross_site,
    );
    assert!(visit.is_ok(), "the layer lets it through");
    let form = format!("logout_token={}", token(&bench, &json!({})));
    let path = "/auth/backchannel-logout";
    let answer = here
        .send(&bench, Method::POST, path, &cross_site, &form)
        .await;
    assert_done(&answer);
    assert!(!is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_token_that_was_carried_out_signs_nobody_out_again() {
    let (bench, store) = bench();
    let first = token(&bench, &json!({ "sid": null }));
    signed_in(&bench, "alice", Some("s1")).await;
    assert_done(&deliver(&bench, &first).await);
    let again = signed_in(&bench, "alice", Some("s2")).await;
    store.asked();
    assert_refused(&deliver(&bench, &first).await, "logout.replayed");
    assert_eq!(store.asked(), ["load"]);
    // Two at once are two too many as well.
    let both = tokio::join!(deliver(&bench, &first), deliver(&bench, &first));
    assert_refused(&both.0, "logout.replayed");
    assert_refused(&both.1, "logout.replayed");
    assert!(is_known(&again, &bench).await);
    // As long as it would be valid, it is remembered; then it is refused for itself.
    bench.clock.advance(Duration::from_secs(179));
    assert_refused(&deliver(&bench, &first).await, "logout.replayed");
    bench.clock.advance(Duration::from_secs(1));
    assert_refused(&deliver(&bench, &first).await, "token.expired");
    assert_done(&deliver(&bench, &token(&bench, &json!({ "sid": null, "jti": "2" }))).await);
    assert!(!is_known(&again, &bench).await);
}

#[tokio::test]
async fn a_delivery_that_breaks_off_is_no_sign_out_and_may_be_sent_again() {
    for at in ["load", "members", "delete", "create"] {
        let (bench, store) = bench();
        let here = signed_in(&bench, "alice", Some("s1")).await;
        let delivered = token(&bench, &json!({}));
        store.set(Fault::At(at));
        for _ in 0..2 {
            let answer = deliver(&bench, &delivered).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{at}");
            assert!(text(&answer).contains("session.store"), "{at}: {answer:?}");
            assert!(answer.headers().contains_key("retry-after"), "{at}");
        }
        store.set(Fault::None);
        // Only what comes after the end of the sessions can fail with nobody signed in.
        assert_eq!(is_known(&here, &bench).await, at != "create", "{at}");
        assert_done(&deliver(&bench, &delivered).await);
        assert!(!is_known(&here, &bench).await, "{at}");
        assert_refused(&deliver(&bench, &delivered).await, "logout.replayed");
    }
}

#[tokio::test]
async fn what_was_ended_before_the_store_failed_stays_ended() {
    let (bench, store) = bench();
    let one = signed_in(&bench, "alice", Some("s1")).await;
    let other = signed_in(&bench, "alice", Some("s1")).await;
    let delivered = token(&bench, &json!({}));
    store.set(Fault::AfterDeletes(1));
    let answer = deliver(&bench, &delivered).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    store.set(Fault::None);
    let known = [is_known(&one, &bench).await, is_known(&other, &bench).await];
    assert_eq!(known.iter().filter(|known| **known).count(), 1, "{known:?}");
    assert_done(&deliver(&bench, &delivered).await);
    assert!(!is_known(&one, &bench).await && !is_known(&other, &bench).await);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_not_taken_for_a_sign_out() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    store.set(Fault::Hangs);
    let answer = deliver(&bench, &token(&bench, &json!({}))).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    store.set(Fault::None);
    assert!(is_known(&here, &bench).await);
}

#[tokio::test]
async fn without_metadata_or_keys_nobody_is_taken_for_signed_out() {
    for path in ["/.well-known/openid-configuration", "/keys"] {
        let (bench, store) = bench();
        let here = signed_in(&bench, "alice", Some("s1")).await;
        let kept = Arc::clone(&store) as Arc<dyn SessionStore>;
        let after = bench.restarted(SECRET, |c| c.with_session_store(kept));
        bench.provider.state().down = vec![path];
        let answer = deliver(&after, &token(&bench, &json!({}))).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        bench.provider.state().down = Vec::new();
        assert!(is_known(&here, &after).await, "{path}");
    }
}

#[tokio::test]
async fn a_key_that_is_new_is_fetched_and_a_flood_of_names_is_not() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    assert_eq!(bench.provider.count("/keys"), 1);
    bench.provider.rotate_keys();
    assert_done(&deliver(&bench, &token(&bench, &json!({}))).await);
    assert_eq!(bench.provider.count("/keys"), 2);
    assert!(!is_known(&here, &bench).await);
    for number in 0..50 {
        let header = json!({ "kid": format!("nobody-{number}") });
        let other = bench
            .provider
            .logout_token(&header, &json!({ "iss": "https://a.example" }));
        assert_refused(&deliver(&bench, &other).await, "key.unknown_kid");
    }
    assert_eq!(bench.provider.count("/keys"), 2, "not for another issuer");
    for number in 0..50 {
        let header = json!({ "kid": format!("nobody-{number}") });
        let ours = bench.provider.logout_token(&header, &json!({}));
        assert_refused(&deliver(&bench, &ours).await, "key.unknown_kid");
    }
    assert!(
        bench.provider.count("/keys") <= 6,
        "the budget of all tokens"
    );
}

#[tokio::test]
async fn the_algorithm_is_that_of_id_tokens_whatever_else_is_published() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "alice", Some("s1")).await;
    let header = json!({ "alg": "ES256" });
    let other = bench.provider.logout_token(&header, &json!({}));
    assert_refused(&deliver(&bench, &other).await, "token.alg_mismatch");
    assert!(is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_session_of_another_application_is_not_ended() {
    let (bench, store) = bench();
    let kept = Arc::clone(&store) as Arc<dyn SessionStore>;
    let other = bench.restarted(SECRET, |config| {
        config.with_session_store(kept).with_route_prefix("/auth2")
    });
    bench.provider.state().claims = json!({ "sub": "alice", "sid": "s1" });
    let mut there = Browser::default();
    let done = there.sign_in(&other, "/auth2/login").await;
    assert_eq!(done.status(), 303, "{done:?}");
    assert_done(&deliver(&bench, &token(&bench, &json!({}))).await);
    assert_eq!(ask(&there, &other).await, Ok(Some("alice".to_owned())));
}

#[tokio::test]
async fn sessions_in_cookies_have_no_such_route() {
    let bench = Bench::new();
    let answer = deliver(&bench, &token(&bench, &json!({}))).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(text(&answer).contains("logout.needs_store"), "{answer:?}");
    let (stored, _) = self::bench();
    for bench in [bench, stored] {
        let paths: Vec<_> = bench.ciam.route_paths().collect();
        for route in ["backchannel-logout", "frontchannel-logout"] {
            assert!(paths.contains(&format!("/auth/{route}")), "{paths:?}");
        }
    }
}
