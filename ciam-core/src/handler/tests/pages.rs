use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderValue, Method};

use super::bench::{Bench, Browser, NAVIGATION, text};

#[tokio::test]
async fn a_page_brings_the_headers_that_protect_it() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let page = browser.go(&bench, "/auth/callback?state=x").await;
    let header = |name: &str| page.headers()[name].to_str().expect("ASCII");
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"));
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
}

#[tokio::test]
async fn nothing_of_the_request_or_the_provider_is_on_a_page() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    let callback = browser.authorize(&bench, "/auth/login").await;
    let hostile = "error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cb%3Ehello%3C/b%3E";
    let page = browser.go(&bench, &format!("{callback}&{hostile}")).await;
    assert_eq!(page.status(), 400);
    for foreign in ["script", "alert", "hello", "the code"] {
        assert!(!text(&page).contains(foreign), "{foreign}");
    }
}

#[tokio::test]
async fn an_application_may_render_pages_itself() {
    let bench = Bench::with(|config| {
        config.with_page(|page| format!("<h1>Tea Shop: {}</h1>", page.code.unwrap_or("fine")))
    });
    let mut browser = Browser::default();
    let page = browser.go(&bench, "/auth/callback?state=x").await;
    assert_eq!(text(&page), "<h1>Tea Shop: callback.state_missing</h1>");
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .expect("ASCII");
    assert!(
        policy.contains("style-src 'self' 'unsafe-inline'"),
        "{policy}"
    );
    assert!(!policy.contains("script-src"), "{policy}");
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_again_within_a_budget() {
    let bench = Bench::new();
    bench.provider.state().down = vec!["/.well-known/openid-configuration"];
    let mut browser = Browser::default();
    for _ in 0..100 {
        let page = browser.go(&bench, "/auth/login").await;
        assert_eq!(page.status(), 503);
        assert_eq!(page.headers()["retry-after"], "10");
        assert!(text(&page).contains("transport.connect"));
    }
    assert_eq!(bench.provider.state().requests.len(), 5);
    assert!(bench.ciam.ready().await.is_err());
    assert!(!bench.ciam.health().is_ready());
    assert_eq!(
        bench.ciam.health().metadata.last_error,
        Some("transport.connect")
    );

    bench.provider.state().down.clear();
    bench.clock.advance(std::time::Duration::from_secs(5));
    bench.signed_in().await;
    assert!(bench.ciam.health().is_ready());
}

#[tokio::test]
async fn routes_answer_their_methods_only() {
    let bench = Bench::new();
    let mut browser = Browser::default();
    for (method, path, status, allow) in [
        (Method::POST, "/auth/login", 405, Some("GET, HEAD")),
        (Method::PUT, "/auth/callback", 405, Some("GET, POST")),
        (Method::GET, "/auth/logout", 405, Some("POST")),
        (Method::DELETE, "/auth/me", 405, Some("GET, HEAD")),
        (Method::GET, "/auth/nothing", 404, None),
        (Method::POST, "/auth/backchannel-logout", 404, None),
        (Method::GET, "/auth/frontchannel-logout", 404, None),
        (Method::GET, "/auth", 404, None),
        (Method::GET, "/authlogin", 404, None),
    ] {
        let answer = browser
            .send(&bench, method.clone(), path, &NAVIGATION, "")
            .await;
        assert_eq!(answer.status(), status, "{method} {path}");
        let found = answer
            .headers()
            .get("allow")
            .map(|v| v.to_str().expect("ASCII"));
        assert_eq!(found, allow, "{method} {path}");
    }
}

#[tokio::test]
async fn me_says_who_is_signed_in() {
    let bench = Bench::new();
    let mut stranger = Browser::default();
    assert_eq!(stranger.go(&bench, "/auth/me").await.status(), 401);
    let mut browser = bench.signed_in().await;
    let me = browser.go(&bench, "/auth/me").await;
    let me: serde_json::Value = serde_json::from_slice(me.body()).expect("JSON");
    assert_eq!(
        (&me["sub"], &me["name"]),
        (&"alice".into(), &"Alice".into())
    );
    assert_eq!(me["claims"]["iss"], "https://issuer.example");
}

#[tokio::test]
async fn an_answer_that_depends_on_the_visitor_is_not_cached() {
    let bench = Bench::new();
    let browser = bench.signed_in().await;
    // (what the handler set, Vary, consulted) → (Cache-Control, Vary)
    let rows = [
        (None, None, false, None, ""),
        (
            Some("public, max-age=600"),
            None,
            false,
            Some("public, max-age=600"),
            "",
        ),
        (None, None, true, Some("no-store"), "Cookie"),
        (
            Some("private, max-age=60"),
            None,
            true,
            Some("private, max-age=60"),
            "Cookie",
        ),
        (
            Some("no-store"),
            Some("cookie"),
            true,
            Some("no-store"),
            "cookie",
        ),
        (Some("public"), Some("*"), true, Some("no-store"), "*"),
        (
            Some("Private, S-MaxAge=60"),
            None,
            true,
            Some("no-store"),
            "Cookie",
        ),
        (
            Some("max-age=60"),
            Some("Accept"),
            true,
            Some("no-store"),
            "Accept, Cookie",
        ),
    ];
    for (own, vary, consulted, cache_control, varies) in rows {
        let visit = browser
            .visit(&bench, &Method::GET, "/", &NAVIGATION)
            .expect("safe");
        if consulted {
            visit.user().expect("readable");
        }
        let mut headers = HeaderMap::new();
        if let Some(own) = own {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(own));
        }
        if let Some(vary) = vary {
            headers.insert(VARY, HeaderValue::from_static(vary));
        }
        visit.finish(&mut headers);
        let found = headers
            .get(CACHE_CONTROL)
            .map(|v| v.to_str().expect("ASCII"));
        assert_eq!(found, cache_control, "{own:?}");
        let found: Vec<_> = headers
            .get_all(VARY)
            .iter()
            .map(|v| v.to_str().expect("ASCII"))
            .collect();
        assert_eq!(found.join(", "), varies, "{own:?}");
    }
}
