//! A session store that fails: nobody is taken for nobody, and whoever opens a page sees
//! one.

use std::sync::Arc;

use ciam_core::store::SessionStore;
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, FailingStore, Logs, Visitor, cases};
use http::{Method, StatusCode};

use super::super::sign_in::World;
use super::shape;

cases! {
    at LocalTenant and OidcProvider:
        a_store_that_fails_is_a_page_for_whoever_opens_one_and_a_code_for_a_script;
    on Axum at LocalTenant, because "axum tells `Option<User>` what failed":
        an_optional_user_is_not_nobody_while_the_store_fails;
}

async fn a_store_that_fails_is_a_page_for_whoever_opens_one_and_a_code_for_a_script(on: Backend) {
    let (mut world, store) = begin(on).await;
    let before = world.open("/user").await;
    assert_eq!(before.body, "Ada here", "{before}");

    store.fail(true);
    for path in ["/user", "/maybe", "/claims", "/session", "/guard", "/mixed"] {
        let page = world.visitor.go(world.site.url(path)).await;
        is_unavailable(&page);
        let kind = page.header("content-type");
        assert_eq!(kind, Some("text/html; charset=utf-8"), "{path}");
        assert!(page.text().contains(" Code session.store"), "{page}");
        assert_eq!(page.link("Try again").path(), path, "{page}");
        let answer = world.visitor.fetch(&before, Method::GET, path).await;
        is_unavailable(&answer);
        assert_eq!(answer.body, r#"{"error":"session.store"}"#, "{path}");
    }
    let mut nobody = Visitor::new();
    let page = nobody.go(world.site.url("/maybe")).await;
    assert_eq!(page.body, "Hello stranger", "nobody has nothing to lose");
    let lines = Logs::capture().own("no route to hunter2");
    assert!(!lines.is_empty(), "the log says what failed");

    store.fail(false);
    for (path, body) in [("/maybe", "Hello Ada"), ("/guard", "Ada here")] {
        let page = world.visitor.go(world.site.url(path)).await;
        assert_eq!(page.body, body, "recovery needs nobody: {page}");
    }
}

async fn an_optional_user_is_not_nobody_while_the_store_fails(on: Backend) {
    let (mut world, store) = begin(on).await;
    world.open("/user").await;
    store.fail(true);
    let page = world.visitor.go(world.site.url("/option")).await;
    is_unavailable(&page);
    assert!(page.text().contains(" Code session.store"), "{page}");
    store.fail(false);
    let page = world.visitor.go(world.site.url("/option")).await;
    assert_eq!(page.body, "true", "{page}");
}

async fn begin(on: Backend) -> (World, Arc<FailingStore>) {
    let store = Arc::new(FailingStore::default());
    let kept = Arc::clone(&store) as Arc<dyn SessionStore>;
    let routes = shape!(of_sessions, OF_SESSIONS);
    let world = World::serving_with(on, routes, |config| config.with_session_store(kept)).await;
    (world, store)
}

fn is_unavailable(page: &Page) {
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
    assert_eq!(page.header("retry-after"), Some("10"), "{page}");
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
    assert_eq!(page.header("set-cookie"), None, "nobody is signed out");
    assert!(!page.body.contains("hunter2"), "{page}");
}
