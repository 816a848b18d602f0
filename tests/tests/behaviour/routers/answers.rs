//! Headers, methods and bodies of what a handler answers.

use ciam_tests::{Backend, cases};
use http::Method;
use http::header::{CONTENT_LENGTH, COOKIE, ORIGIN};

use super::super::sign_in::World;
use super::{fetch, shape};

cases! {
    at LocalTenant and OidcProvider:
        answers_that_do_not_depend_on_the_visitor_stay_cacheable,
        a_script_gets_401_and_a_cross_site_form_changes_nothing,
        head_is_asked_who_it_is_and_options_is_the_routers,
        a_streaming_body_is_passed_on_as_it_comes;
    on Actix at LocalTenant and OidcProvider, because "a middleware of axum cannot fail":
        an_error_of_a_middleware_is_kept_out_of_caches_too;
}

async fn answers_that_do_not_depend_on_the_visitor_stay_cacheable(on: Backend) {
    let mut world = World::serving(on, shape!(cacheable, CACHEABLE)).await;
    for signed_in in [false, true] {
        let aware = world.open("/aware").await;
        assert_eq!(aware.header("cache-control"), Some("no-store"));
        assert_eq!(aware.header("vary"), Some("Cookie"));
        let asset = world.open("/style.css").await;
        assert_eq!(asset.body, "body{}");
        assert_eq!(asset.header("cache-control"), Some("public, max-age=600"));
        assert_eq!(asset.header("vary"), None, "signed in: {signed_in}");
        let careless = world.open("/careless").await;
        assert_eq!(careless.body, "private");
        assert_eq!(careless.header("cache-control"), Some("no-store"));
        assert_eq!(careless.header("vary"), Some("Cookie"));
    }
}

async fn a_script_gets_401_and_a_cross_site_form_changes_nothing(on: Backend) {
    let mut world = World::serving(on, shape!(methods, METHODS)).await;
    for method in [Method::GET, Method::POST] {
        let answer = fetch(&mut world, method, "/orders").await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.body),
            (401, r#"{"error":"visit.not_signed_in"}"#)
        );
    }
    let page = world.open("/orders").await;
    let order = world.visitor.fetch(&page, Method::POST, "/orders").await;
    assert_eq!(order.status, 200, "{order}");
    let forged = reqwest::Client::new()
        .post(world.site.url("/orders"))
        .header(COOKIE, session(&world))
        .header(ORIGIN, "https://evil.test");
    let answer = forged.send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    let body = answer.text().await.expect("a body");
    assert_eq!(body, r#"{"error":"visit.cross_site"}"#);
}

async fn head_is_asked_who_it_is_and_options_is_the_routers(on: Backend) {
    let mut world = World::serving(on, shape!(methods, METHODS)).await;
    for path in ["/orders", "/list"] {
        let head = fetch(&mut world, Method::HEAD, path).await;
        assert_eq!((head.status.as_u16(), &*head.body), (401, ""), "{path}");
    }
    let guarded = fetch(&mut world, Method::OPTIONS, "/list").await;
    assert_eq!(guarded.status, 401, "{guarded}");
    let page = world.open("/list").await;
    for path in ["/orders", "/list"] {
        let head = world.visitor.fetch(&page, Method::HEAD, path).await;
        assert_eq!((head.status.as_u16(), &*head.body), (200, ""), "{path}");
        assert_eq!(head.header("cache-control"), Some("no-store"), "{path}");
        let options = world.visitor.fetch(&page, Method::OPTIONS, path).await;
        assert_eq!(options.status, 405, "{path}");
    }
}

async fn a_streaming_body_is_passed_on_as_it_comes(on: Backend) {
    let mut world = World::serving(on, shape!(stream, STREAM)).await;
    world.open("/auth/login").await;
    let request = reqwest::Client::new().get(world.site.url("/stream"));
    let request = request.header(COOKIE, session(&world));
    let mut answer = request.send().await.expect("an answer before its end");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(!answer.headers().contains_key(CONTENT_LENGTH));
    let mut received = 0;
    while received < 1_000_000 {
        let chunk = answer.chunk().await.expect("it goes on");
        received += chunk.expect("it does not end").len();
    }
}

async fn an_error_of_a_middleware_is_kept_out_of_caches_too(on: Backend) {
    let mut world = World::serving(on, shape!(none, FAILING)).await;
    let page = world.open("/list").await;
    assert_eq!(page.status, 418, "{page}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("vary"), Some("Cookie"));
}

/// What a browser sends back for the session.
fn session(world: &World) -> String {
    let session = world.visitor.cookie("ciam-session").expect("signed in");
    format!("{}={}", session.cookie.name(), session.cookie.value())
}
