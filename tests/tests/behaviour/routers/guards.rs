//! What a guard goes around, and what is around it.

use ciam_tests::{Backend, Logs, Routes, cases};
use http::Method;

use super::super::sign_in::World;
use super::{fetch, logged, shape};

cases! {
    at LocalTenant and OidcProvider:
        guards_hold_on_a_route_a_nested_router_and_beside_others,
        a_guard_on_a_whole_application_leaves_sign_in_open,
        a_guard_that_nobody_passes_lets_visitors_sign_out_again,
        a_guard_of_another_handle_lets_nobody_through,
        a_guard_outside_of_the_layer_lets_nobody_through;
    on Axum at LocalTenant, because "only axum has `route_layer`":
        a_guard_on_routes_alone_leaves_the_rest_to_the_router;
}

async fn guards_hold_on_a_route_a_nested_router_and_beside_others(on: Backend) {
    let mut world = World::serving(on, shape!(guards, GUARDS)).await;
    assert_eq!(world.open("/open").await.body, "open");
    for path in ["/one", "/none", "/closed", "/staff/list"] {
        let answer = fetch(&mut world, Method::GET, path).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.body),
            (401, r#"{"error":"visit.not_signed_in"}"#),
            "{path}"
        );
    }
    let page = world.open("/staff/list").await;
    assert_eq!(page.url.as_str(), world.site.url("/staff/list"));
    assert_eq!(page.status, 200, "{page}");
    for (path, status) in [
        ("/one", 200),
        ("/none", 403),
        ("/closed", 403),
        ("/open", 200),
    ] {
        let page = world.open(path).await;
        assert_eq!(page.status, status, "{path}");
        if status == 403 {
            assert!(page.body.contains("visit.forbidden"), "{page}");
            let answer = fetch(&mut world, Method::GET, path).await;
            assert_eq!(answer.body, r#"{"error":"visit.forbidden"}"#, "{path}");
        }
    }
}

async fn a_guard_on_a_whole_application_leaves_sign_in_open(on: Backend) {
    let mut world = World::serving(on, shape!(guarded, GUARDED)).await;
    let answer = fetch(&mut world, Method::GET, "/nothing").await;
    assert_eq!(answer.status, 401, "{answer}");
    let page = world.open("/list?a=b").await;
    assert_eq!(page.url.as_str(), world.site.url("/list?a=b"));
    assert_eq!(
        (page.status.as_u16(), &*page.body),
        (200, "a list"),
        "{page}"
    );
    assert_eq!(world.open("/nothing").await.status, 404);
}

async fn a_guard_that_nobody_passes_lets_visitors_sign_out_again(on: Backend) {
    let mut world = World::serving(on, shape!(shut, SHUT)).await;
    let page = world.open("/list").await;
    assert_eq!(page.status, 403, "{page}");
    assert!(page.body.contains("visit.forbidden"), "{page}");
    let answer = world
        .visitor
        .fetch(&page, Method::POST, "/auth/logout")
        .await;
    assert_eq!(answer.status, 303, "{answer}");
    let answer = fetch(&mut world, Method::GET, "/list").await;
    assert_eq!(answer.body, r#"{"error":"visit.not_signed_in"}"#);
}

async fn a_guard_of_another_handle_lets_nobody_through(on: Backend) {
    is_a_mistake(on, shape!(of_another, OF_ANOTHER), "layer.other_handle").await;
}

async fn a_guard_outside_of_the_layer_lets_nobody_through(on: Backend) {
    is_a_mistake(on, shape!(guard_outside, GUARD_OUTSIDE), "layer.missing").await;
}

/// Answered with 500, whoever asks, and logged.
async fn is_a_mistake(on: Backend, routes: Routes, code: &str) {
    Logs::capture();
    let mut world = World::serving(on, routes).await;
    for signed_in in [false, true] {
        for page in [
            world.open("/list").await,
            fetch(&mut world, Method::GET, "/list").await,
        ] {
            let internal = (500, r#"{"error":"internal"}"#);
            let answer = (page.status.as_u16(), &*page.body);
            assert_eq!(answer, internal, "signed in: {signed_in}");
            assert_eq!(page.header("cache-control"), Some("no-store"));
        }
        world.open("/auth/login").await;
    }
    let me = fetch(&mut world, Method::GET, "/auth/me").await;
    assert_eq!(me.status, 200, "signed in all the same: {me}");
    assert_ne!(logged(on, code).len(), 0, "{code}");
}

async fn a_guard_on_routes_alone_leaves_the_rest_to_the_router(on: Backend) {
    let mut world = World::serving(on, shape!(route_layer, NONE)).await;
    let answer = fetch(&mut world, Method::GET, "/nothing").await;
    assert_eq!(answer.status, 404, "{answer}");
    let answer = fetch(&mut world, Method::GET, "/list").await;
    assert_eq!(answer.status, 401, "{answer}");
    assert_eq!(world.open("/list").await.body, "a list");
}
