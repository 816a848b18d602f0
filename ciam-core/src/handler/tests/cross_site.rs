use http::Method;

use super::bench::{Bench, Browser};

type Headers<'a> = &'a [(&'a str, &'a str)];

const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");
const NONE: (&str, &str) = ("sec-fetch-site", "none");
const SITE: (&str, &str) = ("sec-fetch-site", "same-site");
const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");
const OWN: (&str, &str) = ("origin", "https://shop.example");
const TRUSTED: (&str, &str) = ("origin", "https://admin.example");
const EVIL: (&str, &str) = ("origin", "https://evil.test");
const UPGRADE: [(&str, &str); 2] = [
    ("connection", "keep-alive, Upgrade"),
    ("upgrade", "websocket"),
];

#[tokio::test]
async fn with_a_session_only_this_site_changes_anything() {
    let bench = Bench::with(|config| config.with_trusted_origin("https://admin.example"));
    let browser = bench.signed_in().await;
    let rows: [(Method, Headers<'_>, bool); 26] = [
        (Method::GET, &[CROSS], true),
        (Method::HEAD, &[CROSS, EVIL], true),
        (Method::OPTIONS, &[CROSS], true),
        (Method::POST, &[SAME], true),
        (Method::POST, &[NONE], true),
        (Method::POST, &[SITE], false),
        (Method::POST, &[CROSS], false),
        (Method::POST, &[("sec-fetch-site", "same-origin ")], false),
        (Method::POST, &[("sec-fetch-site", "odd")], false),
        (Method::PUT, &[CROSS], false),
        (Method::PATCH, &[CROSS], false),
        (Method::DELETE, &[CROSS], false),
        (Method::CONNECT, &[CROSS], false),
        (
            Method::from_bytes(b"PURGE").expect("a token"),
            &[CROSS],
            false,
        ),
        // What the browser says about the site counts before the origin.
        (Method::POST, &[CROSS, OWN], false),
        (Method::POST, &[CROSS, TRUSTED], true),
        (Method::POST, &[TRUSTED], true),
        (Method::POST, &[OWN], true),
        (Method::POST, &[EVIL], false),
        (Method::POST, &[("origin", "null")], false),
        (
            Method::POST,
            &[("origin", "https://shop.example.evil.test")],
            false,
        ),
        (Method::POST, &[("origin", "http://shop.example")], false),
        (Method::POST, &[], true),
        (Method::GET, &[UPGRADE[0], UPGRADE[1], EVIL], false),
        (Method::GET, &[UPGRADE[0], UPGRADE[1], CROSS], false),
        (Method::GET, &[UPGRADE[0], UPGRADE[1], OWN], true),
    ];
    for (method, headers, allowed) in rows {
        let visit = browser.visit(&bench, &method, "/orders", headers);
        assert_eq!(visit.is_ok(), allowed, "{method} {headers:?}");
        if let Err(rejection) = visit {
            let answer = rejection.into_response();
            assert_eq!(answer.status(), 403);
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
    }
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_protect() {
    let bench = Bench::new();
    let stranger = Browser::default();
    let visit = stranger.visit(&bench, &Method::POST, "/webhook", &[CROSS, EVIL]);
    assert!(visit.is_ok());
}

#[tokio::test]
async fn the_callback_is_another_sites_doing() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    for (path, allowed) in [
        ("/auth/callback", true),
        ("/auth/callback/", false),
        ("/auth/callback2", false),
        ("/auth/logout", false),
        ("/x/auth/callback", false),
    ] {
        let visit = browser.visit(&bench, &Method::POST, path, &[CROSS]);
        assert_eq!(visit.is_ok(), allowed, "{path}");
    }
}

#[tokio::test]
async fn the_callback_of_an_application_under_a_path_is_another_sites_doing_too() {
    // Nested in another application, whose router keeps the path, and behind a proxy,
    // which takes it away.
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    let bench = bench.moved("https://shop.example/tea");
    assert!(browser.is_signed_in(&bench));
    for (path, allowed) in [
        ("/tea/auth/callback", true),
        ("/auth/callback", true),
        ("/tea/tea/auth/callback", false),
        ("/tea/auth/logout", false),
        ("/teaauth/callback", false),
    ] {
        let visit = browser.visit(&bench, &Method::POST, path, &[CROSS]);
        assert_eq!(visit.is_ok(), allowed, "{path}");
    }
}
