//! OpenID Connect Front-Channel Logout 1.0: a frame of the provider's page asks the site.

use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Redis, Store, Visitor, cases};
use serde_json::{Value, json};

use super::{frame, signed_in, who, world};

cases! {
    at Misbehaving:
        a_frame_ends_the_session_without_its_cookie_on_every_store,
        a_frame_that_knows_no_session_ends_none,
        only_this_page_may_be_framed,
        sessions_in_cookies_are_out_of_its_reach;
}

fn assert_done(page: &Page) {
    assert_eq!(page.status, 200, "{page}");
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
    assert_eq!(page.header("x-frame-options"), None, "{page}");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(!policy.contains("frame-ancestors"), "{policy}");
}

async fn a_frame_ends_the_session_without_its_cookie_on_every_store(on: Framework) {
    let redis = Redis::start().await;
    for store in [Store::Memory, Store::Redis(&redis)] {
        let mut world = world(on, store).await;
        // As Entra asks, and as the specification says.
        for with_issuer in [false, true] {
            let said = |sid: &str| json!({"sid": sid}).as_object().cloned().expect("members");
            world
                .provider
                .script(|script| script.claims = said("other"));
            let mut other = signed_in(&mut world, "the other").await;
            world
                .provider
                .script(|script| script.claims = said("o&d =d"));
            let mut visitor = signed_in(&mut world, "the one").await;
            let issuer = match with_issuer {
                true => format!("&iss={}", world.provider.issuer()),
                false => String::new(),
            };
            let query = format!("?sid=o%26d+%3Dd{issuer}");
            let page = frame(&mut visitor, &world, &query).await;
            assert_done(&page);
            let sent = &visitor.history().last().expect("a request").sent;
            assert!(!sent.contains_key("cookie"), "{sent:?}");
            assert_eq!(sent["sec-fetch-site"], "cross-site");
            assert_eq!(who(&world, &mut visitor).await, "nobody", "{store:?}");
            assert_ne!(who(&world, &mut other).await, "nobody", "{store:?}");
            assert_done(&frame(&mut Visitor::new(), &world, &query).await);
        }
    }
}

async fn a_frame_that_knows_no_session_ends_none(on: Framework) {
    let mut world = world(on, Store::Memory).await;
    let one = json!({"sid": "one"}).as_object().cloned().expect("members");
    world.provider.script(|script| script.claims = one);
    let mut visitor = signed_in(&mut world, "somebody").await;
    let issuer = world.provider.issuer();
    let long = "x".repeat(256);
    for (query, status, code) in [
        (String::new(), 400, "logout.sid"),
        ("?sid=".to_owned(), 400, "logout.sid"),
        (format!("?sid={long}"), 400, "logout.sid"),
        (format!("?iss={issuer}"), 400, "logout.sid"),
        (format!("?sid=one&iss={issuer}/"), 400, "logout.issuer"),
        (
            "?sid=one&sid=one".to_owned(),
            400,
            "request.duplicate_parameter",
        ),
        ("?sid=two".to_owned(), 200, ""),
        ("?sid=ONE".to_owned(), 200, ""),
        (format!("?sid={}", &long[1..]), 200, ""),
    ] {
        let page = frame(&mut visitor, &world, &query).await;
        assert_eq!(page.status, status, "{query}: {page}");
        if status == 400 {
            let body: Value = page.json();
            assert_eq!(body, json!({"error": code}), "{query}");
        }
        assert_eq!(page.header("cache-control"), Some("no-store"), "{query}");
        assert_ne!(who(&world, &mut visitor).await, "nobody", "{query}");
    }
}

async fn only_this_page_may_be_framed(on: Framework) {
    let world = world(on, Store::Memory).await;
    assert_done(&frame(&mut Visitor::new(), &world, "?sid=one").await);
    for path in [
        "/auth/signed-out",
        "/auth/callback",
        "/auth/login?prompt=create",
    ] {
        let page = Visitor::new().go(world.site.url(path)).await;
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{page}");
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{page}");
    }
}

async fn sessions_in_cookies_are_out_of_its_reach(on: Framework) {
    let mut world = world(on, Store::Cookie).await;
    let one = json!({"sid": "one"}).as_object().cloned().expect("members");
    world.provider.script(|script| script.claims = one);
    let mut visitor = signed_in(&mut world, "somebody").await;
    let page = frame(&mut visitor, &world, "?sid=one").await;
    assert_eq!(page.status, 404, "{page}");
    assert!(page.body.contains("logout.needs_store"), "{page}");
    assert_ne!(who(&world, &mut visitor).await, "nobody");
}
