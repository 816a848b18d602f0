//! Somebody who is signed in and has to prove more: the way there, and what has to come
//! back.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use url::Url;

use super::bench::{Bench, Browser, NAVIGATION, NOW, location, text};
use crate::{Guard, Incoming, auth_context, fresh, role};

const PAGE: &str = "/account/bank?x=1";

fn recent() -> Guard {
    fresh(Duration::from_secs(300))
}

/// What a guarded page answers; `None` if it lets the visitor through.
fn knock(
    browser: &Browser,
    bench: &Bench,
    guard: &Guard,
    method: Method,
    headers: &[(&str, &str)],
) -> Option<Response<Bytes>> {
    let visit = browser.visit(bench, &method, PAGE, headers);
    let visit = visit.expect("of this site");
    let (uri, headers): (Uri, HeaderMap) =
        (PAGE.parse().expect("a path"), browser.headers(headers));
    let incoming = Incoming {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let required = visit.require(guard, incoming);
    required.err().map(crate::Rejection::into_response)
}

/// From the guard to the provider: the address of the login route, and what the provider is
/// asked.
async fn sent(
    browser: &mut Browser,
    bench: &Bench,
    guard: &Guard,
) -> (String, Vec<(String, String)>) {
    let refused = knock(browser, bench, guard, Method::GET, &NAVIGATION).expect("not let in");
    assert_eq!(refused.status(), StatusCode::SEE_OTHER);
    let login = location(&refused).to_owned();
    let asked = browser.go(bench, &login).await;
    assert_eq!(asked.status(), StatusCode::SEE_OTHER, "{asked:?}");
    let url = Url::parse(location(&asked)).expect("an address");
    (login, url.query_pairs().into_owned().collect())
}

/// The whole way, with these claims in the ID token that comes back.
async fn stepped_up(
    browser: &mut Browser,
    bench: &Bench,
    guard: &Guard,
    claims: Value,
) -> Response<Bytes> {
    let refused = knock(browser, bench, guard, Method::GET, &NAVIGATION).expect("not let in");
    let login = location(&refused).to_owned();
    bench.provider.state().claims = claims;
    browser.sign_in(bench, &login).await
}

fn asked<'p>(parameters: &'p [(String, String)], name: &str) -> Vec<&'p str> {
    let found = parameters.iter().filter(|(found, _)| found == name);
    found.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn a_provider_is_asked_for_what_the_guard_lacks() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let (login, parameters) = sent(&mut browser, &bench, &recent()).await;
    assert_eq!(
        login,
        "/auth/login?return_to=%2Faccount%2Fbank%3Fx%3D1&max_age=300"
    );
    assert_eq!(asked(&parameters, "max_age"), ["300"]);
    assert!(asked(&parameters, "prompt").is_empty());
    let guard = auth_context("urn:mfa") & recent();
    let (_, parameters) = sent(&mut browser, &bench, &guard).await;
    assert_eq!(asked(&parameters, "acr_values"), ["urn:mfa"]);
    assert_eq!(asked(&parameters, "max_age"), ["300"]);
    assert!(asked(&parameters, "claims").is_empty());
}

#[tokio::test]
async fn who_proved_it_comes_back_to_the_page_with_a_new_session() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let before = browser.jar.clone();
    let auth_time = json!({"auth_time": NOW.unix(), "acrs": ["c1"]});
    let guard = recent() & auth_context("c1");
    let done = stepped_up(&mut browser, &bench, &guard, auth_time).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER, "{}", text(&done));
    assert_eq!(location(&done), PAGE);
    assert_ne!(browser.jar, before);
    assert!(knock(&browser, &bench, &guard, Method::GET, &NAVIGATION).is_none());
    // And has to do it again when it is no longer recent.
    bench.clock.advance(Duration::from_secs(301));
    let again = knock(&browser, &bench, &guard, Method::GET, &NAVIGATION).expect("not let in");
    assert!(
        location(&again).ends_with("max_age=300"),
        "{}",
        location(&again)
    );
}

#[tokio::test]
async fn a_sign_in_that_does_not_show_it_is_none_and_does_not_go_round() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let before = browser.jar.clone();
    let (long_ago, later) = (NOW.unix() - 3600, NOW.unix() + 3600);
    for (guard, claims, code) in [
        (recent(), json!({}), "step_up.auth_time_missing"),
        (recent(), json!({"auth_time": "now"}), "token.claim_type"),
        // A new token says nothing of when somebody proved who they are.
        (
            recent(),
            json!({"iat": NOW.unix()}),
            "step_up.auth_time_missing",
        ),
        (
            recent(),
            json!({"auth_time": long_ago}),
            "step_up.not_fresh",
        ),
        (recent(), json!({"auth_time": later}), "step_up.not_fresh"),
        (auth_context("c1"), json!({}), "step_up.context"),
        (
            auth_context("c1"),
            json!({"acrs": ["c2"]}),
            "step_up.context",
        ),
        (
            auth_context("c1"),
            json!({"acrs": "c1 c2"}),
            "step_up.context",
        ),
        (
            auth_context("urn:mfa"),
            json!({"acr": "urn:MFA"}),
            "step_up.context",
        ),
    ] {
        let done = stepped_up(&mut browser, &bench, &guard, claims.clone()).await;
        assert!(!done.status().is_redirection(), "{claims}");
        assert!(text(&done).contains(code), "{claims}: {}", text(&done));
        assert_eq!(
            browser.jar, before,
            "{claims}: the session goes on as it was"
        );
    }
}

#[tokio::test]
async fn what_was_asked_for_cannot_be_taken_out_on_the_way() {
    let bench = Bench::new();
    let mut browser = bench.signed_in().await;
    let refused = knock(&browser, &bench, &recent(), Method::GET, &NAVIGATION).expect("refused");
    let login = location(&refused).replace("&max_age=300", "");
    // A weaker sign-in is possible, and the guard asks again.
    let done = browser.sign_in(&bench, &login).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert!(knock(&browser, &bench, &recent(), Method::GET, &NAVIGATION).is_some());
    // What nobody can ask for is refused before the provider is.
    for query in [
        "max_age=-1",
        "max_age=1e3",
        "max_age=99999999999",
        "acr_values=a%0Ab",
    ] {
        let refused = browser.go(&bench, &format!("/auth/login?{query}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(text(&refused).contains("login.hint"), "{query}");
    }
}

#[tokio::test]
async fn what_a_form_sent_is_not_sent_again_and_a_script_is_told() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    let form = [
        NAVIGATION[0],
        NAVIGATION[1],
        ("sec-fetch-site", "same-origin"),
        ("referer", "https://shop.example/account/transfer"),
    ];
    let page = knock(&browser, &bench, &recent(), Method::POST, &form).expect("refused");
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(text(&page).contains("is not kept"), "{}", text(&page));
    assert!(
        text(&page).contains("return_to=%2Faccount%2Ftransfer&amp;max_age=300"),
        "{}",
        text(&page)
    );
    let script = [
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-site", "same-origin"),
    ];
    let told = knock(&browser, &bench, &recent(), Method::GET, &script).expect("refused");
    assert_eq!(told.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(text(&told), r#"{"error":"visit.step_up"}"#);
}

#[tokio::test]
async fn signing_in_again_is_asked_for_only_where_it_helps() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    for (guard, status) in [
        (role("Admin") & recent(), StatusCode::FORBIDDEN),
        (recent() & role("Admin"), StatusCode::FORBIDDEN),
        (role("Admin") | recent(), StatusCode::SEE_OTHER),
        (recent() | role("Admin"), StatusCode::SEE_OTHER),
        (role("Admin"), StatusCode::FORBIDDEN),
        (
            (role("Admin") & recent()) | auth_context("c1"),
            StatusCode::SEE_OTHER,
        ),
    ] {
        let refused = knock(&browser, &bench, &guard, Method::GET, &NAVIGATION).expect("refused");
        assert_eq!(refused.status(), status, "{guard:?}");
    }
    // Nobody signed in is sent to sign in, as ever.
    let nobody = knock(
        &Browser::default(),
        &bench,
        &recent(),
        Method::GET,
        &NAVIGATION,
    );
    assert!(location(&nobody.expect("refused")).starts_with("/auth/login?return_to="));
}
