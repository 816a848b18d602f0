use http::Method;
use serde_json::json;
use url::Url;

use super::bench::{Bench, Browser, NAVIGATION, location, text};

/// Where a provider sends the browser back to, with this at the end of the state.
fn back(end_session: &str, more: &str) -> String {
    let url = Url::parse(end_session).expect("an address");
    let (_, state) = url
        .query_pairs()
        .find(|(name, _)| name == "state")
        .expect("a state");
    format!("/auth/signed-out?state={state}{more}")
}

#[tokio::test]
async fn signing_out_ends_both_sessions() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let out = browser.post(&bench, "/auth/logout").await;
    assert_eq!(out.status(), 303);
    let url = location(&out).to_owned();
    assert!(
        url.starts_with("https://issuer.example/logout?client_id=client&"),
        "{url}"
    );
    assert!(
        url.contains("post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fauth%2Fsigned-out")
    );
    assert!(url.contains("&id_token_hint=ey"), "{url}");
    assert_eq!(browser.count("session") + browser.count("id-token"), 0);
    assert!(!browser.is_signed_in(&bench));
    let page = browser.go(&bench, &back(&url, "")).await;
    assert_eq!(page.status(), 200);
    assert!(text(&page).contains("You are signed out"));
    assert!(browser.jar.is_empty(), "{:?}", browser.jar.keys());
}

#[tokio::test]
async fn nobody_is_told_signed_out_while_signed_in() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let page = browser.go(&bench, "/auth/signed-out").await;
    assert_eq!((page.status().as_u16(), location(&page)), (303, "/"));
    assert!(browser.is_signed_in(&bench));
    let mut stranger = Browser::default();
    let page = stranger.go(&bench, "/auth/signed-out").await;
    assert_eq!(page.status(), 200);
}

#[tokio::test]
async fn a_login_hint_takes_the_place_of_the_id_token() {
    let bench = Bench::new();
    bench.provider.state().claims = json!({ "login_hint": "opaque" });
    let mut browser = bench.signed_in().await;
    assert_eq!(
        browser.count("id-token"),
        0,
        "nothing is kept that is not needed"
    );
    let out = browser.post(&bench, "/auth/logout").await;
    assert!(location(&out).contains("&logout_hint=opaque&"), "{out:?}");
}

#[tokio::test]
async fn an_id_token_too_long_for_an_address_is_not_kept() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    assert_eq!(browser.count("id-token"), 1);
    bench.provider.state().claims = json!({ "at_large": "x".repeat(5000) });
    browser.sign_in(&bench, "/auth/login").await;
    assert_eq!(browser.count("id-token"), 0, "nor the one before");
    let out = browser.post(&bench, "/auth/logout").await;
    assert!(!location(&out).contains("id_token_hint"), "{out:?}");
}

#[tokio::test]
async fn a_provider_without_a_way_to_sign_out_is_left_alone() {
    let bench = Bench::new();
    bench.provider.state().metadata = json!({ "end_session_endpoint": null });
    let mut browser = bench.signed_in().await;
    assert_eq!(browser.count("id-token"), 0);
    let out = browser.post(&bench, "/auth/logout").await;
    assert_eq!(location(&out), "/auth/signed-out");
    assert!(!browser.is_signed_in(&bench));
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_nobody_signed_in() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let after = bench.restarted(super::bench::SECRET, |config| config);
    bench.provider.state().down = vec!["/.well-known/openid-configuration"];
    let out = browser.post(&after, "/auth/logout").await;
    assert_eq!(location(&out), "/auth/signed-out");
    assert!(!browser.is_signed_in(&after));
}

#[tokio::test]
async fn only_a_post_of_this_site_signs_out() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let linked = browser.go(&bench, "/auth/logout").await;
    assert_eq!(
        (
            linked.status().as_u16(),
            linked.headers()["allow"].as_bytes()
        ),
        (405, &b"POST"[..])
    );
    let other_site = [
        NAVIGATION[0],
        NAVIGATION[1],
        ("sec-fetch-site", "cross-site"),
    ];
    let forced = browser
        .send(&bench, Method::POST, "/auth/logout", &other_site, "")
        .await;
    assert_eq!(forced.status(), 403);
    assert!(text(&forced).contains("visit.cross_site"));
    assert!(browser.is_signed_in(&bench));
    let mut stranger = Browser::default();
    let forced = stranger
        .send(&bench, Method::POST, "/auth/logout", &other_site, "")
        .await;
    assert_eq!(
        forced.status(),
        403,
        "nor at the provider, for who has no session here"
    );
}

#[tokio::test]
async fn a_renewal_due_does_not_bring_the_session_back() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    bench
        .clock
        .advance(std::time::Duration::from_secs(3 * 3600));
    let same_site = [("sec-fetch-site", "same-origin")];
    let visit = browser
        .visit(&bench, &Method::POST, "/auth/logout", &same_site)
        .expect("ours");
    let mut answer = browser.post(&bench, "/auth/logout").await;
    visit.finish(answer.headers_mut());
    browser.keep(answer.headers());
    assert!(!browser.is_signed_in(&bench));
}

#[tokio::test]
async fn every_sign_out_has_a_state_of_its_own_that_only_this_browser_knows() {
    let bench = Bench::new();
    let mut states = Vec::new();
    for _ in 0..2 {
        let mut browser = bench.signed_in().await;
        let out = browser.post(&bench, "/auth/logout").await;
        let page = back(location(&out), "");
        let state = page.split_once('=').expect("a state").1.to_owned();
        assert!(state.len() >= 22, "128 bits: {state}");
        let cookies: Vec<_> = out.headers().get_all("set-cookie").iter().collect();
        let cookie = cookies
            .iter()
            .find(|c| c.as_bytes().starts_with(b"__Secure-ciam-logout-"));
        let cookie = cookie.expect("a cookie").to_str().expect("ASCII");
        for attribute in [
            &*state,
            "Path=/auth",
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Max-Age=600",
        ] {
            assert!(cookie.contains(attribute), "{attribute}: {cookie}");
        }
        states.push(state);
    }
    assert_ne!(states[0], states[1]);
}

#[tokio::test]
async fn a_return_without_its_state_is_no_failure() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let out = browser.post(&bench, "/auth/logout").await;
    let url = location(&out).to_owned();
    let long = "x".repeat(60_000);
    for (path, what) in [
        ("/auth/signed-out".to_owned(), "no state"),
        ("/auth/signed-out?state=".to_owned(), "an empty state"),
        ("/auth/signed-out?state=another".to_owned(), "another state"),
        (back(&url, "1"), "a state that is longer"),
        (
            back(&url, &format!("&a={long}")),
            "a query that is very long",
        ),
        (back(&url, "&state=another"), "two states"),
        (back(&url, &"&a".repeat(40)), "too many parameters"),
        ("/auth/signed-out?state=%ff%00%0d%0a".to_owned(), "no text"),
    ] {
        let mut other = Browser::default();
        other.jar.clone_from(&browser.jar);
        let page = other.go(&bench, &path).await;
        assert_eq!(page.status(), 200, "{what}");
        assert!(text(&page).contains("You are signed out"), "{what}");
        assert!(other.jar.is_empty(), "{what}: {:?}", other.jar.keys());
    }
    let mut stranger = Browser::default();
    let page = stranger.go(&bench, &back(&url, "")).await;
    assert_eq!(page.status(), 200);
    assert!(!page.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn who_is_not_sent_to_the_provider_has_no_state_to_bring_back() {
    let bench = Bench::new();
    bench.provider.state().metadata = json!({ "end_session_endpoint": null });
    let mut browser = bench.signed_in().await;
    let out = browser.post(&bench, "/auth/logout").await;
    assert_eq!(location(&out), "/auth/signed-out");
    assert!(browser.jar.is_empty(), "{:?}", browser.jar.keys());
}
