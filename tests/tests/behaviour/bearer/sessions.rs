//! A session, a token, and both.

use ciam_tests::honest::{Api, Client};
use ciam_tests::{Backend, Visitor, cases};

use super::{World, ask};

cases! {
    at LocalTenant and OidcProvider:
        a_session_and_a_token_together_are_neither,
        a_route_for_both_takes_either,
        a_token_opens_nothing_that_is_for_people,
        a_script_of_another_site_may_send_a_token_and_no_session;
}

async fn a_session_and_a_token_together_are_neither(on: Backend) {
    let world = World::new(on).await;
    let (cookie, token) = (signed_in(&world).await, token(&world).await);
    let bearer = format!("Bearer {token}");
    for path in ["/api/orders", "/api/read", "/api/either"] {
        for token in [bearer.as_bytes(), b"Bearer no.such.token"] {
            let both = [("cookie", cookie.as_bytes()), ("authorization", token)];
            let answer = ask(&world.site, "GET", path, &both).await;
            answer.expect_refused(400, "invalid_request", "bearer.with_session");
        }
    }
    // A cookie that is no session is none.
    let (name, _) = cookie.split_once('=').expect("a name");
    let forged = format!("{name}=AAAA");
    let both = [
        ("cookie", forged.as_bytes()),
        ("authorization", bearer.as_bytes()),
    ];
    let answer = ask(&world.site, "GET", "/api/read", &both).await;
    assert_eq!((answer.status, &*answer.body), (200, "passed"));
}

async fn a_route_for_both_takes_either(on: Backend) {
    let world = World::new(on).await;
    let (cookie, token) = (signed_in(&world).await, token(&world).await);
    world.get("/api/either", &token).await.expect_ok("passed");
    let with_session = [("cookie", cookie.as_bytes())];
    let answer = ask(&world.site, "GET", "/api/either", &with_session).await;
    answer.expect_ok("passed");
    // Where callers alone are meant a session is nothing.
    let answer = ask(&world.site, "GET", "/api/orders", &with_session).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
    for path in ["/api/read", "/api/all"] {
        let answer = ask(&world.site, "GET", path, &with_session).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (403, r#"{"error":"visit.forbidden"}"#),
            "{path}"
        );
    }
}

async fn a_token_opens_nothing_that_is_for_people(on: Backend) {
    let world = World::new(on).await;
    let token = token(&world).await;
    for path in ["/account", "/admin", "/auth/me"] {
        let answer = world.get(path, &token).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (401, r#"{"error":"visit.not_signed_in"}"#),
            "{path}"
        );
        assert_eq!(answer.header("www-authenticate"), None, "{path}");
    }
    let cookie = signed_in(&world).await;
    let with_session = [("cookie", cookie.as_bytes())];
    let answer = ask(&world.site, "GET", "/admin", &with_session).await;
    answer.expect_ok("an admin");
}

async fn a_script_of_another_site_may_send_a_token_and_no_session(on: Backend) {
    let world = World::new(on).await;
    let (cookie, token) = (signed_in(&world).await, token(&world).await);
    let bearer = format!("Bearer {token}");
    let origin: (&str, &[u8]) = ("origin", b"https://evil.test");
    let site: (&str, &[u8]) = ("sec-fetch-site", b"cross-site");
    let with_token = [origin, site, ("authorization", bearer.as_bytes())];
    let answer = ask(&world.site, "POST", "/api/either", &with_token).await;
    answer.expect_ok("passed");
    let with_session = [origin, site, ("cookie", cookie.as_bytes())];
    let answer = ask(&world.site, "POST", "/api/either", &with_session).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (403, r#"{"error":"visit.cross_site"}"#)
    );
}

/// The cookie of Ada, who signed in.
async fn signed_in(world: &World) -> String {
    let mut visitor = Visitor::new();
    let page = visitor.go(world.site.url("/account")).await;
    let page = world.provider.sign_in(&mut visitor, page).await;
    assert_eq!(page.body, "a user", "{page}");
    let session = visitor.cookie("ciam-session").expect("signed in");
    format!("{}={}", session.cookie.name(), session.cookie.value())
}

async fn token(world: &World) -> String {
    let provider = &world.provider;
    let tokens = provider.user_tokens(Client::TILL, "ada", Api::Orders, "orders.read");
    tokens.await.access
}
