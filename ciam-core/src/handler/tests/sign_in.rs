use http::Method;
use http::header::{CACHE_CONTROL, REFERRER_POLICY, SET_COOKIE};
use serde_json::json;
use url::Url;

use super::bench::{Bench, Browser, NAVIGATION, location, text};
use crate::Claims;

#[tokio::test]
async fn the_visitor_is_sent_to_the_provider_and_comes_back_signed_in() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let sent = browser
        .go(&bench, "/auth/login?return_to=/account%3Ftab%3D1")
        .await;
    assert_eq!(sent.status(), 303);
    assert_eq!(sent.headers()[CACHE_CONTROL], "no-store");
    assert_eq!(sent.headers()[REFERRER_POLICY], "no-referrer");
    let url = Url::parse(location(&sent)).expect("an address");
    let query = |name: &str| {
        let found = url.query_pairs().find(|(n, _)| n == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {url}"))
            .1
            .into_owned()
    };
    assert!(
        url.as_str()
            .starts_with("https://issuer.example/authorize?")
    );
    assert_eq!(query("response_type"), "code");
    assert_eq!(query("client_id"), "client");
    assert_eq!(query("redirect_uri"), "https://shop.example/auth/callback");
    assert_eq!(query("scope"), "openid profile email");
    assert_eq!(query("code_challenge_method"), "S256");
    for fresh in ["state", "nonce", "code_challenge"] {
        assert_eq!(query(fresh).len(), 43, "{fresh}");
    }
    assert!(!browser.is_signed_in(&bench));

    let done = browser
        .sign_in(&bench, "/auth/login?return_to=/account%3Ftab%3D1")
        .await;
    assert_eq!(
        (done.status().as_u16(), location(&done)),
        (303, "/account?tab=1")
    );
    assert!(browser.is_signed_in(&bench));
    let visit = browser
        .visit(&bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    let user = visit.user().expect("readable").expect("signed in");
    assert_eq!(user.id().to_string(), "https://issuer.example#alice");
    assert_eq!(
        (user.name(), user.email()),
        (Some("Alice"), Some("a@b.example"))
    );
}

#[tokio::test]
async fn cookies_have_the_attributes_that_protect_them() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let sent = browser.go(&bench, "/auth/login").await;
    let transaction = sent.headers()[SET_COOKIE]
        .to_str()
        .expect("ASCII")
        .to_owned();
    assert!(
        transaction.starts_with("__Host-ciam-transaction-"),
        "{transaction}"
    );
    assert!(transaction.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1800"));

    let done = browser.sign_in(&bench, "/auth/login").await;
    let cookies: Vec<_> = done
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|v| v.to_str().expect("ASCII"))
        .collect();
    let find = |start: &str| *cookies.iter().find(|c| c.starts_with(start)).expect(start);
    let day = "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400";
    assert!(find("__Host-ciam-session-").ends_with(day), "{cookies:?}");
    assert!(
        find("__Secure-ciam-id-token-").contains("; Path=/auth; "),
        "{cookies:?}"
    );
    assert!(
        find("__Host-ciam-transaction-").ends_with("Max-Age=0"),
        "{cookies:?}"
    );
    assert_eq!(
        browser.count("transaction"),
        1,
        "only the first attempt is left"
    );
}

#[tokio::test]
async fn two_tabs_both_work() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let first = browser.authorize(&bench, "/auth/login?return_to=/a").await;
    let nonce = bench.provider.swap_nonce(None);
    let second = browser.authorize(&bench, "/auth/login?return_to=/b").await;
    // Each also while the other one waits: whose cookie is sent first is chance.
    let mut other_order = Browser::default();
    other_order.jar.clone_from(&browser.jar);
    assert_eq!(location(&browser.go(&bench, &second).await), "/b");
    bench.provider.swap_nonce(nonce);
    assert_eq!(location(&other_order.go(&bench, &first).await), "/a");
    assert_eq!(location(&browser.go(&bench, &first).await), "/a");
    assert_eq!(browser.count("transaction"), 0);
}

#[tokio::test]
async fn abandoned_attempts_are_bounded_and_the_oldest_goes_first() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let first = browser.authorize(&bench, "/auth/login").await;
    let mut last = String::new();
    for _ in 0..1000 {
        bench.clock.advance(std::time::Duration::from_secs(1));
        last = browser
            .authorize(&bench, "/auth/login?return_to=/last")
            .await;
        assert!(browser.count("transaction") <= 6);
    }
    assert_eq!(location(&browser.go(&bench, &last).await), "/last");
    browser.jar.retain(|name, _| !name.contains("session"));
    let lost = browser.go(&bench, &first).await;
    assert!(text(&lost).contains("callback.transaction"), "{lost:?}");
}

#[tokio::test]
async fn what_does_not_show_a_page_starts_no_attempt() {
    let bench = Bench::new();
    let prefetch = [
        NAVIGATION[0],
        NAVIGATION[1],
        ("sec-purpose", "prefetch;prerender"),
    ];
    let script = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    let frame = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let rows: [(Method, &[(&str, &str)]); 6] = [
        (Method::GET, &prefetch),
        (Method::GET, &script),
        (Method::GET, &frame),
        (Method::HEAD, &NAVIGATION),
        (Method::GET, &[("accept", "*/*")]),
        (
            Method::GET,
            &[("accept", "text/html"), ("hx-request", "true")],
        ),
    ];
    for (method, headers) in rows {
        let mut browser = Browser::default();
        let answer = browser
            .send(&bench, method, "/auth/login", headers, "")
            .await;
        assert_eq!(answer.status(), 401, "{headers:?}");
        assert!(browser.jar.is_empty());
    }
    assert!(
        bench.provider.state().requests.is_empty(),
        "nothing was asked of the provider"
    );
    let mut old_browser = Browser::default();
    let accept = [("accept", "text/html,application/xhtml+xml;q=0.9")];
    let answer = old_browser
        .send(&bench, Method::GET, "/auth/login", &accept, "")
        .await;
    assert_eq!(answer.status(), 303);
}

#[tokio::test]
async fn under_another_host_name_the_visitor_is_moved_once() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let mut request = http::Request::new(bytes::Bytes::new());
    *request.uri_mut() = "/auth/login?return_to=/a".parse().expect("a path");
    *request.headers_mut() = browser.headers(&NAVIGATION);
    request
        .headers_mut()
        .insert("host", "www.shop.example".parse().expect("a host"));
    let moved = bench.ciam.respond(request).await;
    assert_eq!(
        location(&moved),
        "https://shop.example/auth/login?return_to=/a&moved=1"
    );
    // What the client left unencoded does not stay so.
    let mut request = http::Request::new(bytes::Bytes::new());
    *request.uri_mut() = "/auth/login?return_to=/\u{3a9}".parse().expect("a path");
    *request.headers_mut() = browser.headers(&NAVIGATION);
    request
        .headers_mut()
        .insert("host", "www.shop.example".parse().expect("a host"));
    let moved = bench.ciam.respond(request).await;
    assert_eq!(
        location(&moved),
        "https://shop.example/auth/login?return_to=/%CE%A9&moved=1"
    );
    // A proxy that hides the host name makes no loop.
    let mut request = http::Request::new(bytes::Bytes::new());
    *request.uri_mut() = "/auth/login?return_to=/a&moved=1".parse().expect("a path");
    *request.headers_mut() = browser.headers(&NAVIGATION);
    request
        .headers_mut()
        .insert("host", "10.0.0.7:3000".parse().expect("a host"));
    let sent = bench.ciam.respond(request).await;
    assert!(
        location(&sent).starts_with("https://issuer.example/"),
        "{sent:?}"
    );
    browser.keep(sent.headers());
    assert_eq!(browser.count("transaction"), 1);
}

#[tokio::test]
async fn hints_are_passed_on_and_sign_up_asks_for_an_account() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let sent = browser
        .go(&bench, "/auth/login?prompt=login&login_hint=a%40b.example")
        .await;
    assert!(
        location(&sent).ends_with("&prompt=login&login_hint=a%40b.example"),
        "{sent:?}"
    );
    let sent = browser
        .go(&bench, "/auth/signup?prompt=login&ui_locales=de")
        .await;
    assert!(
        location(&sent).ends_with("&ui_locales=de&prompt=create"),
        "{sent:?}"
    );
    let refused = browser.go(&bench, "/auth/login?prompt=magic").await;
    assert_eq!(refused.status(), 400);
    assert!(text(&refused).contains("login.hint"));
}

#[tokio::test]
async fn a_return_to_that_is_no_local_path_is_the_front_page() {
    let bench = Bench::new();
    for return_to in [
        "https://evil.test/",
        "//evil.test",
        "/%5cevil.test",
        "/auth/login",
    ] {
        let mut browser = Browser::default();
        let done = browser
            .sign_in(&bench, &format!("/auth/login?return_to={return_to}"))
            .await;
        assert_eq!(location(&done), "/", "{return_to}");
    }
}

#[tokio::test]
async fn userinfo_adds_claims_of_the_same_user_only() {
    let bench = Bench::with(crate::ConfigBuilder::with_userinfo);
    bench.provider.state().claims = json!({ "name": null });
    bench.provider.state().userinfo = json!({ "sub": "alice", "name": "From Userinfo" });
    let browser = bench.signed_in().await;
    let visit = browser
        .visit(&bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    let user = visit.user().expect("readable").expect("signed in");
    assert_eq!(user.name(), Some("From Userinfo"));

    for (userinfo, code) in [
        (json!({ "sub": "bob", "name": "Bob" }), "userinfo.subject"),
        (json!({ "name": "Nobody" }), "userinfo.subject_missing"),
        (json!([]), "claims.malformed"),
    ] {
        bench.provider.state().userinfo = userinfo;
        let mut browser = Browser::default();
        let refused = browser.sign_in(&bench, "/auth/login").await;
        assert_eq!(refused.status(), 502);
        assert!(text(&refused).contains(code), "{}", text(&refused));
        assert!(!browser.is_signed_in(&bench));
    }
}

#[tokio::test]
async fn claims_that_do_not_fit_fail_the_sign_in_by_name() {
    let bench = Bench::new();
    let groups: Vec<_> = (0..2000).map(|n| format!("group-{n:04}")).collect();
    bench.provider.state().claims = json!({ "groups": groups });
    let mut browser = Browser::default();
    let refused = browser.sign_in(&bench, "/auth/login").await;
    assert_eq!(refused.status(), 500);
    assert!(
        text(&refused).contains("session.too_large"),
        "{}",
        text(&refused)
    );

    bench.provider.state().claims = json!({ "groups": &groups[..500] });
    let browser = bench.signed_in().await;
    assert!(browser.count("session") > 1, "{:?}", browser.jar.keys());
    assert!(browser.is_signed_in(&bench));
}

#[tokio::test]
async fn a_smaller_session_leaves_no_chunk_of_a_larger_one() {
    let bench = Bench::new();
    let groups: Vec<_> = (0..500).map(|n| format!("group-{n:04}")).collect();
    bench.provider.state().claims = json!({ "groups": groups });
    let mut browser = bench.signed_in().await;
    assert_eq!(browser.count("session"), 3);
    bench.provider.state().claims = json!({});
    browser.sign_in(&bench, "/auth/login").await;
    assert_eq!(browser.count("session"), 1);
    assert!(browser.is_signed_in(&bench));
}

#[tokio::test]
async fn a_session_holds_no_protocol_claims() {
    let bench = Bench::new();
    bench.provider.state().claims = json!({ "roles": ["Admin"], "at_hash": null });
    let browser = bench.signed_in().await;
    let visit = browser
        .visit(&bench, &Method::GET, "/", &NAVIGATION)
        .expect("a safe request");
    let user = visit.user().expect("readable").expect("signed in");
    let claims: &Claims = user.claims();
    for gone in ["nonce", "aud", "exp", "iat"] {
        assert_eq!(claims.value(gone), None, "{gone}");
    }
    assert_eq!(user.roles(), ["Admin"]);
}
