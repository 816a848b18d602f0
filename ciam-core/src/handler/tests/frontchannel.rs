//! What a frame of the provider's says: which session is over.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE};
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::bench::{Bench, Browser, SECRET, text};
use super::stored::{Fault, bench, is_known};
use crate::store::SessionStore;

/// What a browser sends from a frame of another site.
const FRAME: [(&str, &str); 3] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "iframe"),
    ("sec-fetch-site", "cross-site"),
];

async fn load(browser: &mut Browser, bench: &Bench, query: &str) -> Response<Bytes> {
    let path = format!("/auth/frontchannel-logout{query}");
    browser.send(bench, Method::GET, &path, &FRAME, "").await
}

/// The same in a browser that sends no cookies into frames of other sites.
async fn frame(bench: &Bench, query: &str) -> Response<Bytes> {
    load(&mut Browser::default(), bench, query).await
}

async fn signed_in(bench: &Bench, sid: &str) -> Browser {
    bench.provider.state().claims = json!({ "sid": sid });
    bench.signed_in().await
}

fn assert_done(answer: &Response<Bytes>) {
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    let headers = answer.headers();
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    // The provider's page has to show it.
    assert!(!headers.contains_key("x-frame-options"), "{answer:?}");
    let policy = headers["content-security-policy"].to_str().expect("ASCII");
    assert!(!policy.contains("frame-ancestors"), "{policy}");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        text(answer).len() < 200 && !text(answer).contains("<a"),
        "{answer:?}"
    );
}

fn assert_refused(answer: &Response<Bytes>, code: &str) {
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(text(answer), format!("{{\"error\":\"{code}\"}}"));
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn the_session_ends_without_any_cookie() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "s1").await;
    let elsewhere = signed_in(&bench, "s2").await;
    // As Entra asks.
    let answer = frame(&bench, "?sid=s1").await;
    assert_done(&answer);
    assert!(!answer.headers().contains_key(SET_COOKIE));
    assert!(!is_known(&here, &bench).await);
    assert!(is_known(&elsewhere, &bench).await);
    // As the specification says.
    assert_done(&frame(&bench, "?iss=https%3A%2F%2Fissuer.example&sid=s2&other=1").await);
    assert!(!is_known(&elsewhere, &bench).await);
}

#[tokio::test]
async fn cookies_that_come_along_go_if_they_are_of_that_session() {
    let (bench, _) = bench();
    let mut here = signed_in(&bench, "s1").await;
    let mut elsewhere = signed_in(&bench, "s2").await;
    let answer = load(&mut elsewhere, &bench, "?sid=s1").await;
    assert_done(&answer);
    assert!(
        !answer.headers().contains_key(SET_COOKIE),
        "not of that session"
    );
    assert!(is_known(&elsewhere, &bench).await);
    assert_done(&load(&mut here, &bench, "?sid=s1").await);
    assert!(!is_known(&here, &bench).await, "it was ended before");
    assert_eq!(
        here.count("session"),
        1,
        "nothing says any more that it was that one"
    );
    let mut again = signed_in(&bench, "s1").await;
    assert_done(&load(&mut again, &bench, "?sid=s1").await);
    assert_eq!(again.count("session") + again.count("id-token"), 0);
}

#[tokio::test]
async fn a_session_that_nobody_has_is_over() {
    let (bench, _) = bench();
    let here = signed_in(&bench, "s1").await;
    for sid in ["s3", "S1", "s1%20", "s1%00", "alice", &"x".repeat(255)] {
        assert_done(&frame(&bench, &format!("?sid={sid}")).await);
    }
    assert!(is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_name_with_odd_characters_is_found() {
    let (bench, _) = bench();
    let odd = " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~";
    let here = signed_in(&bench, odd).await;
    let query: String = url::form_urlencoded::byte_serialize(odd.as_bytes()).collect();
    assert_done(&frame(&bench, &format!("?sid={query}")).await);
    assert!(!is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_request_that_is_none_ends_nothing() {
    let (bench, store) = bench();
    let mut here = signed_in(&bench, "s1").await;
    store.asked();
    for (query, code) in [
        ("", "logout.sid"),
        ("?", "logout.sid"),
        ("?sid=", "logout.sid"),
        ("?SID=s1", "logout.sid"),
        ("?iss=https://issuer.example", "logout.sid"),
        (&format!("?sid={}", "x".repeat(256)), "logout.sid"),
        ("?sid=s1&iss=https://issuer.example/", "logout.issuer"),
        ("?sid=s1&iss=https://other.example", "logout.issuer"),
        ("?sid=s1&sid=s1", "request.duplicate_parameter"),
        (
            "?sid=s1&iss=https://issuer.example&iss=x",
            "request.duplicate_parameter",
        ),
    ] {
        assert_refused(&load(&mut here, &bench, query).await, code);
    }
    // What asks for the headers alone, and what changes things elsewhere, changes nothing.
    for method in [Method::HEAD, Method::POST, Method::DELETE] {
        let path = "/auth/frontchannel-logout?sid=s1";
        let answer = Browser::default().send(&bench, method, path, &[], "").await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "GET");
    }
    assert_eq!(store.asked(), Vec::<&str>::new());
    assert!(is_known(&here, &bench).await);
}

#[tokio::test]
async fn a_store_that_fails_is_not_taken_for_a_sign_out() {
    for at in ["members", "delete"] {
        let (bench, store) = bench();
        let mut here = signed_in(&bench, "s1").await;
        store.set(Fault::At(at));
        let answer = load(&mut here, &bench, "?sid=s1").await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{at}");
        assert!(text(&answer).contains("session.store"), "{answer:?}");
        assert!(!answer.headers().contains_key(SET_COOKIE), "{answer:?}");
        store.set(Fault::None);
        assert!(is_known(&here, &bench).await, "{at}");
        assert_done(&load(&mut here, &bench, "?sid=s1").await);
        assert!(!is_known(&here, &bench).await, "{at}");
    }
}

#[tokio::test]
async fn without_metadata_nobody_is_taken_for_signed_out() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "s1").await;
    let kept = Arc::clone(&store) as Arc<dyn SessionStore>;
    let after = bench.restarted(SECRET, |config| config.with_session_store(kept));
    bench.provider.state().down = vec!["/.well-known/openid-configuration"];
    let answer = frame(&after, "?sid=s1").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(is_known(&here, &after).await);
}

#[tokio::test]
async fn it_asks_the_provider_for_nothing_but_the_metadata() {
    let (bench, store) = bench();
    let here = signed_in(&bench, "s1").await;
    let before = bench.provider.state().requests.len();
    store.asked();
    assert_done(&frame(&bench, "?sid=s1").await);
    assert_eq!(
        bench.provider.state().requests.len(),
        before,
        "no token is revoked"
    );
    assert_eq!(store.asked(), ["members", "delete"]);
    assert!(!is_known(&here, &bench).await);
}

#[tokio::test]
async fn sessions_in_cookies_have_no_such_route() {
    let bench = Bench::new();
    let browser = signed_in(&bench, "s1").await;
    let answer = frame(&bench, "?sid=s1").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(text(&answer).contains("logout.needs_store"), "{answer:?}");
    assert!(browser.is_signed_in(&bench));
}

#[tokio::test]
async fn every_other_page_stays_out_of_frames() {
    let (bench, _) = bench();
    for path in ["/auth/signed-out", "/auth/callback?error=x&state=y"] {
        let answer = Browser::default().go(&bench, path).await;
        assert_eq!(answer.headers()["x-frame-options"], "DENY", "{path}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .expect("ASCII");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
    }
}
