//! What a handler asks for, with the layer and without it.

use ciam_tests::honest::EMAIL;
use ciam_tests::{Backend, Logs, cases};
use http::Method;

use super::super::sign_in::World;
use super::{fetch, logged, shape};

cases! {
    at LocalTenant and OidcProvider:
        each_extractor_gives_what_it_says,
        claims_that_do_not_fit_are_an_error;
    at LocalTenant, because "nobody signs in":
        a_missing_layer_is_an_error_for_whatever_asks;
    on Axum at LocalTenant, because "axum tells `Option<User>` what failed":
        an_optional_user_is_a_value_and_a_failure_is_an_error;
    on Actix at LocalTenant, because "actix-web makes `None` of every error":
        an_optional_user_hides_a_failure_that_a_maybe_user_tells;
}

async fn each_extractor_gives_what_it_says(on: Backend) {
    let mut world = World::serving(on, shape!(extractors, EXTRACTORS)).await;
    for (path, status, body) in [
        ("/user", 401, r#"{"error":"visit.not_signed_in"}"#),
        ("/maybe", 200, "Hello stranger"),
        ("/claims", 401, r#"{"error":"visit.not_signed_in"}"#),
        ("/option", 200, "false"),
    ] {
        let answer = fetch(&mut world, Method::GET, path).await;
        let answer = (answer.status.as_u16(), &*answer.body);
        assert_eq!(answer, (status, body), "{path}");
    }
    let customer = format!("Some({EMAIL:?}) false");
    for (path, body) in [
        ("/user", "Ada here"),
        ("/maybe", "Hello Ada"),
        ("/claims", &*customer),
        ("/option", "true"),
    ] {
        let page = world.open(path).await;
        assert_eq!((page.status.as_u16(), &*page.body), (200, body), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
    }
}

async fn claims_that_do_not_fit_are_an_error(on: Backend) {
    let mut world = World::serving(on, shape!(extractors, EXTRACTORS)).await;
    let page = world.open("/impossible").await;
    let internal = (500, r#"{"error":"internal"}"#);
    assert_eq!((page.status.as_u16(), &*page.body), internal);
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

async fn a_missing_layer_is_an_error_for_whatever_asks(on: Backend) {
    Logs::capture();
    let mut world = World::serving(on, shape!(no_layer, NO_LAYER)).await;
    for path in ["/user", "/maybe", "/claims", "/guard"] {
        for page in [
            world.open(path).await,
            fetch(&mut world, Method::GET, path).await,
        ] {
            let internal = (500, r#"{"error":"internal"}"#);
            assert_eq!((page.status.as_u16(), &*page.body), internal, "{path}");
            assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        }
        let lines = logged(on, "layer.missing").into_iter();
        let mut lines = lines.filter(|line| line.text.ends_with(&format!(" path={path}")));
        let line = lines.next().expect("a line for who runs the application");
        assert!(line.text.contains("(ciam.layer())`"), "{line}");
    }
}

async fn an_optional_user_is_a_value_and_a_failure_is_an_error(on: Backend) {
    let mut world = World::serving(on, shape!(no_layer, NONE)).await;
    let page = world.open("/option").await;
    assert_eq!(page.status, 500, "{page}");
}

async fn an_optional_user_hides_a_failure_that_a_maybe_user_tells(on: Backend) {
    let mut world = World::serving(on, shape!(no_layer, NO_LAYER)).await;
    let page = world.open("/option").await;
    assert_eq!((page.status.as_u16(), &*page.body), (200, "false"));
    let page = world.open("/maybe").await;
    assert_eq!(page.status, 500, "{page}");
}
