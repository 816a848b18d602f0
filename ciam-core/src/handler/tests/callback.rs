use http::Method;
use serde_json::json;

use super::bench::{Bench, Browser, location, text};
use super::provider::ISSUER;
use crate::ConfigBuilder;
use crate::config::ResponseMode;

type Change = Box<dyn FnOnce(String) -> String>;

/// Signs in with a changed callback address; the code on the page.
async fn refused(bench: &Bench, change: impl FnOnce(String) -> String) -> (u16, String) {
    let mut browser = Browser::default();
    let callback = browser.authorize(bench, "/auth/login").await;
    let answer = browser.go(bench, &change(callback)).await;
    assert!(!browser.is_signed_in(bench), "{answer:?}");
    let page = text(&answer).to_owned();
    let code = page
        .split("<dt>Code</dt><dd>")
        .nth(1)
        .and_then(|c| c.split('<').next());
    (
        answer.status().as_u16(),
        code.unwrap_or_else(|| panic!("no code in {page}"))
            .to_owned(),
    )
}

#[tokio::test]
async fn a_changed_answer_signs_nobody_in() {
    let bench = Bench::new();
    let long = "c".repeat(9000);
    let rows: Vec<(&str, Change, u16, &str)> = vec![
        (
            "no state",
            Box::new(|_| "/auth/callback?code=c".into()),
            400,
            "callback.state_missing",
        ),
        (
            "a short state",
            Box::new(|_| "/auth/callback?code=c&state=x".into()),
            400,
            "callback.state_missing",
        ),
        (
            "another state",
            Box::new(|_| format!("/auth/callback?code=c&state={}", "s".repeat(43))),
            400,
            "callback.transaction",
        ),
        (
            "a state that begins like ours",
            Box::new(|url| {
                let (before, state) = url.split_once("state=").expect("a state");
                format!("{before}state={}{}", &state[..12], "s".repeat(31))
            }),
            400,
            "callback.state",
        ),
        (
            "no code",
            Box::new(|url| url.replace("code=the+code&", "")),
            502,
            "callback.code_missing",
        ),
        (
            "an empty code",
            Box::new(|url| url.replace("the+code", "")),
            502,
            "callback.code_missing",
        ),
        (
            "a long code",
            Box::new(move |url| url.replace("the+code", &long)),
            502,
            "callback.code_too_long",
        ),
        (
            "two codes",
            Box::new(|url| format!("{url}&code=d")),
            400,
            "request.duplicate_parameter",
        ),
        (
            "another issuer",
            Box::new(|url| format!("{url}&iss=https://evil.test")),
            502,
            "callback.issuer",
        ),
        (
            "an issuer with a slash",
            Box::new(|url| format!("{url}&iss={ISSUER}/")),
            502,
            "callback.issuer",
        ),
        (
            "cancelled",
            Box::new(|url| format!("{url}&error=access_denied")),
            400,
            "callback.provider",
        ),
        (
            "an error",
            Box::new(|url| format!("{url}&error=server_error")),
            400,
            "callback.provider",
        ),
    ];
    for (what, change, status, code) in rows {
        assert_eq!(
            refused(&bench, change).await,
            (status, code.to_owned()),
            "{what}"
        );
    }
    assert_eq!(
        bench.provider.count("/token"),
        0,
        "no code was sent anywhere"
    );
}

#[tokio::test]
async fn signing_in_again_leads_where_the_first_attempt_would_have_led() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let callback = browser
        .authorize(&bench, "/auth/login?return_to=/a%26b")
        .await;
    let page = browser
        .go(&bench, &format!("{callback}&error=access_denied"))
        .await;
    assert!(
        text(&page).contains("href=\"/auth/login?return_to=%2Fa%26b\""),
        "{}",
        text(&page)
    );
}

#[tokio::test]
async fn an_announced_issuer_must_be_there() {
    let bench = Bench::new();
    bench.provider.state().metadata =
        json!({ "authorization_response_iss_parameter_supported": true });
    let missing = refused(&bench, |url| url).await;
    assert_eq!(missing, (502, "callback.issuer_missing".to_owned()));
    // In an error, which can only end the attempt, it may be missing.
    let error = refused(&bench, |url| format!("{url}&error=login_required")).await;
    assert_eq!(error, (400, "callback.provider".to_owned()));
    let mut browser = Browser::default();
    let callback = browser.authorize(&bench, "/auth/login").await;
    let done = browser
        .go(&bench, &format!("{callback}&iss={ISSUER}"))
        .await;
    assert_eq!(done.status(), 303);
    assert!(browser.is_signed_in(&bench));
}

#[tokio::test]
async fn an_id_token_that_is_refused_signs_nobody_in() {
    let bench = Bench::new();
    for (claims, code) in [
        (json!({ "nonce": "another" }), "token.nonce"),
        (json!({ "nonce": null }), "token.nonce_missing"),
        (json!({ "iss": "https://issuer.example/" }), "token.issuer"),
        (json!({ "aud": "another" }), "token.audience"),
        (json!({ "sub": null }), "token.subject_missing"),
        (json!({ "exp": 1 }), "token.expired"),
        (json!({ "c_hash": "AAAA" }), "token.c_hash"),
    ] {
        bench.provider.state().claims = claims;
        assert_eq!(refused(&bench, |url| url).await, (502, code.to_owned()));
    }
}

#[tokio::test]
async fn another_browser_cannot_finish_an_attempt() {
    let bench = Bench::new();
    let mut attacker = Browser::default();
    let callback = attacker.authorize(&bench, "/auth/login").await;
    let mut victim = Browser::default();
    let answer = victim.go(&bench, &callback).await;
    assert!(text(&answer).contains("callback.transaction"));
    assert!(!victim.is_signed_in(&bench));
    // Nor with a transaction of its own beside.
    victim.authorize(&bench, "/auth/login").await;
    victim.go(&bench, &callback).await;
    assert!(!victim.is_signed_in(&bench));
    // Nor with the attacker's cookie under the name of its own.
    let own = victim
        .jar
        .keys()
        .find(|name| name.contains("transaction"))
        .expect("its own")
        .clone();
    let planted = attacker
        .jar
        .values()
        .next()
        .expect("the attacker's")
        .clone();
    victim.jar.insert(own.clone(), planted);
    let attempt = own.trim_start_matches("__Host-ciam-transaction-");
    let renamed = callback
        .split("state=")
        .next()
        .expect("a callback")
        .to_owned();
    let forged = format!("{renamed}state={}{}", &attempt[..12], "x".repeat(31));
    let answer = victim.go(&bench, &forged).await;
    assert!(text(&answer).contains("callback.transaction"));
    assert_eq!(bench.provider.count("/token"), 0);
}

#[tokio::test]
async fn a_callback_that_was_answered_leads_to_the_front_page_while_signed_in() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let callback = browser
        .authorize(&bench, "/auth/login?return_to=/account")
        .await;
    assert_eq!(location(&browser.go(&bench, &callback).await), "/account");
    for _ in 0..2 {
        let again = browser.go(&bench, &callback).await;
        assert_eq!((again.status().as_u16(), location(&again)), (303, "/"));
    }
    assert_eq!(bench.provider.count("/token"), 1, "the code was sent once");
    browser.jar.clear();
    let lost = browser.go(&bench, &callback).await;
    assert_eq!(lost.status(), 400);
    assert!(text(&lost).contains("callback.transaction"));
    assert!(
        text(&lost).contains("href=\"/auth/login\""),
        "a way to sign in again"
    );
}

#[tokio::test]
async fn an_attempt_ends_after_half_an_hour() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let callback = browser.authorize(&bench, "/auth/login").await;
    bench.clock.advance(std::time::Duration::from_secs(30 * 60));
    let late = browser.go(&bench, &callback).await;
    assert!(text(&late).contains("callback.transaction"), "{late:?}");
}

#[tokio::test]
async fn a_form_is_answered_like_a_query() {
    let bench = Bench::with(|config| config.with_response_mode(ResponseMode::FormPost));
    let mut browser = Browser::default();
    let sent = browser.go(&bench, "/auth/login?return_to=/account").await;
    assert!(location(&sent).contains("&response_mode=form_post"));
    let cookie = sent.headers()["set-cookie"].to_str().expect("ASCII");
    assert!(cookie.contains("; SameSite=None; Secure"), "{cookie}");

    let callback = browser
        .authorize(&bench, "/auth/login?return_to=/account")
        .await;
    let form = callback.split_once('?').expect("a query").1.to_owned();
    let cross_site = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://issuer.example"),
    ];
    let path = "/auth/callback";
    let done = browser
        .send(&bench, Method::POST, path, &cross_site, &form)
        .await;
    assert_eq!((done.status().as_u16(), location(&done)), (303, "/account"));

    let json = [("content-type", "application/json")];
    let odd = browser.send(&bench, Method::POST, path, &json, &form).await;
    assert_eq!(location(&odd), "/", "no parameters, and a session");
}

#[tokio::test]
async fn an_answer_of_an_issuer_that_changed_meanwhile_is_refused() {
    let one = Bench::new();
    let mut browser = Browser::default();
    let callback = browser.authorize(&one, "/auth/login").await;
    // The same application, now at another provider with the same name for it.
    one.provider.state().metadata = json!({ "issuer": "https://other.example" });
    let other = one.restarted(super::bench::SECRET, |config| {
        ConfigBuilder::with_issuer(config, "https://other.example")
    });
    let answer = browser.go(&other, &callback).await;
    assert!(
        text(&answer).contains("callback.issuer"),
        "{}",
        text(&answer)
    );
    assert_eq!(one.provider.count("/token"), 0);
}
