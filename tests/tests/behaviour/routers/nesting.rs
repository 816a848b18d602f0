//! Routers within routers.

use ciam_tests::{Backend, cases};

use super::super::sign_in::World;
use super::{fetch, shape};
use http::Method;

cases! {
    at LocalTenant and OidcProvider:
        a_router_two_deep_asks_for_sign_in_and_comes_back_under_its_prefix,
        a_layer_inside_of_a_nested_router_knows_the_original_address,
        an_application_nested_as_a_whole_has_its_path_in_the_base_url,
        a_nested_router_answers_what_it_does_not_have_itself,
        a_default_service_and_a_state_of_any_type_work;
}

async fn a_router_two_deep_asks_for_sign_in_and_comes_back_under_its_prefix(on: Backend) {
    let mut world = World::serving(on, shape!(nested, NESTED)).await;
    let page = world.open("/back/office/orders?open=1").await;
    let asked_for = world.site.url("/back/office/orders?open=1");
    assert_eq!(page.url.as_str(), asked_for);
    assert_eq!(
        (page.status.as_u16(), &*page.body),
        (200, "Ada here"),
        "{page}"
    );
}

async fn a_layer_inside_of_a_nested_router_knows_the_original_address(on: Backend) {
    let mut world = World::serving(on, shape!(layer_inside, LAYER_INSIDE)).await;
    assert_eq!(world.open("/open").await.body, "open");
    for path in ["/back/office/admin?a=b", "/back/office/orders"] {
        let page = world.open(path).await;
        assert_eq!(page.url.as_str(), world.site.url(path));
        assert_eq!(
            (page.status.as_u16(), &*page.body),
            (200, "Ada here"),
            "{page}"
        );
    }
    assert_eq!(world.provider.token_requests().await, 1);
}

async fn an_application_nested_as_a_whole_has_its_path_in_the_base_url(on: Backend) {
    let mut world = World::serving_below(on, "/shop", shape!(whole, WHOLE)).await;
    let page = world.open("/shop/account?a=b").await;
    assert_eq!(page.url.as_str(), world.site.url("/shop/account?a=b"));
    assert_eq!(
        (page.status.as_u16(), &*page.body),
        (200, "Ada here"),
        "{page}"
    );
    let outside = world.open("/account").await;
    assert_eq!(outside.status, 404, "{outside}");
    let outside = world.open("/auth/me").await;
    assert_eq!(outside.status, 404, "{outside}");
}

async fn a_nested_router_answers_what_it_does_not_have_itself(on: Backend) {
    let mut world = World::serving(on, shape!(defaults, DEFAULTS)).await;
    for signed_in in [false, true] {
        let lost = world.open("/office/nothing").await;
        assert_eq!(
            (lost.status.as_u16(), &*lost.body),
            (404, "not in the office")
        );
        // It depends on nobody: caches may keep it.
        assert_eq!(lost.header("cache-control"), None, "{signed_in}");
        assert_eq!(lost.header("vary"), None, "{signed_in}");
        assert_eq!(world.open("/office/orders").await.body, "Ada here");
    }
    let answer = fetch(&mut world, Method::GET, "/auth/nothing").await;
    assert_eq!(answer.body, "Hello Ada", "the application's own");
}

async fn a_default_service_and_a_state_of_any_type_work(on: Backend) {
    let mut world = World::serving(on, shape!(defaults, DEFAULTS)).await;
    assert_eq!(world.open("/any/where").await.body, "Hello stranger");
    world.open("/auth/login?return_to=/a").await;
    assert_eq!(world.open("/any/where").await.body, "Hello Ada");
}
