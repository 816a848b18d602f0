//! What clients read of the API: RFC 9728.

use ciam_tests::honest::{Api, Setup};
use ciam_tests::scripted::Place;
use ciam_tests::{Backend, Framework, cases};
use serde_json::{Value, json};

use super::{Answer, Scene, World, ask};

cases! {
    at LocalTenant and OidcProvider:
        an_application_with_an_audience_describes_its_api,
        an_application_without_one_describes_nothing;
    at Misbehaving:
        an_api_describes_itself_and_has_no_pages,
        an_api_without_an_address_describes_nothing,
        a_description_waits_for_the_provider;
}

const PATH: &str = "/.well-known/oauth-protected-resource";

async fn an_application_with_an_audience_describes_its_api(on: Backend) {
    let configure = |config: ciam_core::ConfigBuilder| {
        let audience = Api::Orders.audience();
        config.with_audience(audience)
    };
    let world = World::with(on, Setup::with_apis, configure).await;
    let answer = ask(&world.site, "GET", PATH, &[]).await;
    let expected = described(&world.site.url(""), &world.provider.issuer());
    expect_document(&answer, &expected);

    // Every challenge says where that is (section 5.1).
    let named = format!("Bearer resource_metadata=\"{}\"", world.site.url(PATH));
    let answer = ask(&world.site, "GET", "/api/orders", &[]).await;
    answer.expect_challenge(401, &named, "visit.no_token");
    let answer = world.get("/api/orders", "no.such.token").await;
    let challenge = format!("{named}, error=\"invalid_token\"");
    answer.expect_challenge(401, &challenge, "invalid_token");
    let token = world.provider.application_token(Api::Orders).await;
    let answer = world.get("/api/read", &token).await;
    let challenge = format!("{named}, error=\"insufficient_scope\", scope=\"orders.read\"");
    answer.expect_challenge(403, &challenge, "insufficient_scope");
    assert_eq!(world.get("/api/all", &token).await.status, 200);
}

async fn an_application_without_one_describes_nothing(on: Backend) {
    let world = World::new(on).await;
    assert_eq!(ask(&world.site, "GET", PATH, &[]).await.status, 404);
    let answer = ask(&world.site, "GET", "/api/orders", &[]).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
}

async fn an_api_describes_itself_and_has_no_pages(on: Framework) {
    for path in ["", "/shop/api"] {
        let base_url = format!("https://api.example{path}");
        let scene = Scene::serving(on, super::ORDERS, |config| {
            config.with_base_url(base_url.clone())
        })
        .await;
        // The path of the resource follows the well-known one (section 3.1).
        let document = format!("{PATH}{path}");
        let answer = ask(&scene.site, "GET", &document, &[]).await;
        expect_document(&answer, &described(&base_url, &scene.provider.issuer()));
        let answer = ask(&scene.site, "GET", "/api/read", &[]).await;
        let named = format!("Bearer resource_metadata=\"https://api.example{document}\"");
        answer.expect_challenge(401, &named, "visit.no_token");
        for route in [
            "backchannel-logout",
            "callback",
            "frontchannel-logout",
            "login",
            "logout",
            "me",
            "signed-out",
            "signup",
        ] {
            let answer = ask(&scene.site, "GET", &format!("/auth/{route}"), &[]).await;
            assert_eq!(answer.status, 404, "{route}: {answer:?}");
        }
        // Nor is anybody sent to sign in.
        let answer = ask(&scene.site, "GET", "/account", &[("accept", b"text/html")]).await;
        answer.expect_challenge(401, &named, "visit.no_token");
        let head = ask(&scene.site, "HEAD", &document, &[]).await;
        assert_eq!((head.status, &*head.body), (200, ""), "{head:?}");
        for method in ["POST", "PUT", "DELETE"] {
            let answer = ask(&scene.site, method, &document, &[]).await;
            assert_eq!(
                (answer.status, &*answer.body),
                (405, r#"{"error":"request.method"}"#)
            );
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
        }
    }
}

async fn an_api_without_an_address_describes_nothing(on: Framework) {
    let scene = Scene::new(on).await;
    assert_eq!(ask(&scene.site, "GET", PATH, &[]).await.status, 404);
}

async fn a_description_waits_for_the_provider(on: Framework) {
    let scene = Scene::serving(on, super::ORDERS, |config| {
        config.with_base_url("https://api.example")
    })
    .await;
    scene.provider.close(Place::Metadata).await;
    let answer = ask(&scene.site, "GET", PATH, &[]).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (503, r#"{"error":"transport.connect"}"#)
    );
    assert_eq!(answer.header("retry-after"), Some("10"));
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let answer = scene.get(&token).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (503, r#"{"error":"transport.connect"}"#)
    );
    assert_eq!(answer.header("www-authenticate"), None);
    let [line] = answer.logged.as_slice() else {
        panic!("not one line: {answer:?}");
    };
    assert_eq!(line.level, "ERROR", "{line}");
    assert!(line.text.contains("code=transport.connect "), "{line}");
}

fn described(resource: &str, issuer: &str) -> Value {
    json!({
        "resource": resource,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
    })
}

fn expect_document(answer: &Answer, expected: &Value) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("www-authenticate"), None);
    let found: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(&found, expected);
}
