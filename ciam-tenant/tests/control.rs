//! What a tenant is told over HTTP.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use ciam_tenant::{Application, Tenant};
use common::{CALLBACK, EMAIL, World, client, encode, json};
use serde_json::{Value, json};

#[tokio::test]
async fn the_commands_do_what_the_handle_does() {
    let world = world(true).await;
    let code = world.code(&[("scope", "openid offline_access")]).await;
    let (_, tokens) = world.redeem(&code, &[]).await;

    let before = world.tenant.now();
    assert_eq!(post(&world, "advance", &[("seconds", "86400")]).await, 204);
    let passed = world.tenant.now().duration_since(before).unwrap();
    assert!(passed >= Duration::from_secs(86_400));

    let keys = world.keys().await;
    assert_eq!(post(&world, "rotate-keys", &[]).await, 204);
    assert_ne!(world.keys().await, keys);

    assert_eq!(token_requests(&world).await["authorization_code"], 1);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(world.token(&refresh, |request| request).await.0, 200);
    let email = [("email", EMAIL)];
    assert_eq!(post(&world, "revoke-sign-in-sessions", &email).await, 204);
    assert_eq!(world.token(&refresh, |request| request).await.0, 400);
    let counted = json!({
        "authorization_code": 1,
        "client_credentials": 0,
        "on_behalf_of": 0,
        "refresh_token": 2,
    });
    assert_eq!(token_requests(&world).await, counted);

    let browser = common::Browser::default();
    let page = browser.get(&world.request(&[])).await;
    browser
        .sign_in(&world, &page, EMAIL, common::PASSWORD)
        .await;
    assert_eq!(post(&world, "end-sessions", &[]).await, 204);
    let page = browser.get(&world.request(&[])).await;
    assert!(page.input("flow").is_some());
}

#[tokio::test]
async fn commands_that_are_none_are_refused() {
    let world = world(true).await;
    let now = world.tenant.now();
    for (command, form, status) in [
        ("advance", &[][..], 400),
        ("advance", &[("seconds", "-1")], 400),
        ("advance", &[("seconds", "soon")], 400),
        (
            "revoke-sign-in-sessions",
            &[("email", "nobody@example.com")],
            400,
        ),
        ("token-requests", &[], 404),
        ("stop", &[], 404),
    ] {
        assert_eq!(
            post(&world, command, form).await,
            status,
            "{command} {form:?}"
        );
    }
    let url = world.at("/control/advance");
    let form = || {
        client()
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("seconds=86400")
    };
    let from_a_page = form()
        .header("ciam-tenant-control", "1")
        .header("origin", "http://localhost:3000");
    for request in [form(), from_a_page] {
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    assert!(world.tenant.now().duration_since(now).unwrap() < Duration::from_secs(86_400));
}

#[tokio::test]
async fn there_are_no_commands_unless_asked_for() {
    let world = world(false).await;
    assert_eq!(post(&world, "advance", &[("seconds", "1")]).await, 404);
}

async fn world(control: bool) -> World {
    let builder = match control {
        true => Tenant::builder().control(),
        false => Tenant::builder(),
    };
    let tenant = builder.start().await.unwrap();
    World::in_tenant(tenant, Application::web("Shop").redirect_uri(CALLBACK)).await
}

async fn post(world: &World, command: &str, form: &[(&str, &str)]) -> u16 {
    let request = client()
        .post(world.at(&format!("/control/{command}")))
        .header("ciam-tenant-control", "1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encode(form));
    request.send().await.unwrap().status().as_u16()
}

async fn token_requests(world: &World) -> Value {
    let request = client()
        .get(world.at("/control/token-requests"))
        .header("ciam-tenant-control", "1");
    json(&request.send().await.unwrap().text().await.unwrap())
}
