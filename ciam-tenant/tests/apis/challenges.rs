//! Claims challenges, authentication contexts and the age of a sign-in.

use std::time::Duration;

use ciam_tenant::Application;
use serde_json::json;

use super::{Orders, check};
use crate::common::{Answer, Browser, CALLBACK, EMAIL, PASSWORD, World, part};

const STEP_UP: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
const HANDLES: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

async fn sign_in(world: &World, browser: &Browser, page: &Answer) -> String {
    let answer = browser.sign_in(world, page, EMAIL, PASSWORD).await;
    answer.parameter("code").expect("a code")
}

#[tokio::test]
async fn a_step_up_asks_for_the_password_and_gives_the_context() {
    let orders = Orders::new().await;
    let world = &orders.world;
    let scope = format!("openid offline_access {}", orders.scope("orders.read"));
    let scope = ("scope", scope.as_str());
    let browser = Browser::default();
    let page = browser.get(&world.request(&[scope])).await;
    let code = sign_in(world, &browser, &page).await;
    let (_, plain) = world.redeem(&code, &[]).await;
    assert_eq!(orders.claims(&plain).await.get("acrs"), None);

    // Neither silently, nor by a refresh token.
    let step_up = ("claims", STEP_UP);
    let silent = [scope, step_up, ("prompt", "none")];
    let answer = browser.get(&world.request(&silent)).await;
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("interaction_required")
    );
    assert_eq!(answer.parameter("code"), None);
    let answer = orders.refresh(&plain, &[step_up]).await;
    check(&answer, 400, "interaction_required", 50076);
    assert_eq!(answer.1["claims"], STEP_UP);
    assert_eq!(answer.1["suberror"], "basic_action");

    // A wrong password does not help; the right one does.
    let page = browser.get(&world.request(&[scope, step_up])).await;
    let refused = browser.sign_in(world, &page, EMAIL, "wrong").await;
    assert_eq!(refused.status, 400);
    let code = sign_in(world, &browser, &page).await;
    let (status, document) = world
        .redeem(&code, &[("claims", &STEP_UP.replace("c1", "c2"))])
        .await;
    check(&(status, document), 400, "interaction_required", 50076);
    let (_, stepped_up) = world.redeem(&code, &[step_up]).await;
    assert_eq!(orders.claims(&stepped_up).await["acrs"], json!(["c1"]));
    let id_token = part(stepped_up["id_token"].as_str().unwrap(), 1);
    assert_eq!(id_token.get("acrs"), None, "it was for the access token");
    let (_, refreshed) = orders.refresh(&stepped_up, &[step_up]).await;
    assert_eq!(orders.claims(&refreshed).await["acrs"], json!(["c1"]));

    // The session has not kept it.
    let page = browser.get(&world.request(&[scope, step_up])).await;
    assert!(page.input("flow").is_some());
    let silent = browser.get(&world.request(&[scope])).await;
    let (_, tokens) = world.redeem(&silent.parameter("code").unwrap(), &[]).await;
    assert_eq!(orders.claims(&tokens).await.get("acrs"), None);
}

#[tokio::test]
async fn an_id_token_has_contexts_of_its_own() {
    let world = World::new().await;
    let claims = r#"{"id_token":{"acrs":{"essential":true,"values":["c1","c25"]}}}"#;
    let code = world.code(&[("claims", claims)]).await;
    let (_, tokens) = world.redeem(&code, &[]).await;
    let claims = world.claims(tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["acrs"], json!(["c1", "c25"]));
}

#[tokio::test]
async fn capabilities_are_told_to_an_api_that_asks() {
    let orders = Orders::with(|orders| orders.access_token_claim("xms_cc")).await;
    let scope = format!("offline_access {}", orders.scope("orders.read"));
    let scope = ("scope", scope.as_str());
    let tokens = orders.tokens(&[scope, ("claims", HANDLES)]).await;
    assert_eq!(orders.claims(&tokens).await["xms_cc"], json!(["cp1"]));
    let tokens = orders.tokens(&[scope]).await;
    assert_eq!(orders.claims(&tokens).await.get("xms_cc"), None);
    // The token request may say it as well, and an application may.
    let (_, refreshed) = orders.refresh(&tokens, &[("claims", HANDLES)]).await;
    assert_eq!(orders.claims(&refreshed).await["xms_cc"], json!(["cp1"]));
    let default = orders.scope(".default");
    let changes = [
        ("grant_type", "client_credentials"),
        ("scope", default.as_str()),
        ("claims", HANDLES),
    ];
    let (_, tokens) = orders.world.token(&changes, |request| request).await;
    assert_eq!(orders.claims(&tokens).await["xms_cc"], json!(["cp1"]));

    let silent = Orders::new().await;
    let scope = silent.scope("orders.read");
    let tokens = silent
        .tokens(&[("scope", &scope), ("claims", HANDLES)])
        .await;
    assert_eq!(silent.claims(&tokens).await.get("xms_cc"), None);
}

#[tokio::test]
async fn claims_that_cannot_be_read_are_refused() {
    let world = World::new().await;
    for changes in [
        [("claims", "c1")],
        [("claims", r#"{"access_token":{"acrs":{"value":"admin"}}}"#)],
        [("max_age", "-1")],
        [("max_age", "soon")],
    ] {
        let answer = Browser::default().get(&world.request(&changes)).await;
        let error = answer.parameter("error");
        assert_eq!(error.as_deref(), Some("invalid_request"), "{changes:?}");
        let description = answer.parameter("error_description").unwrap();
        assert!(description.starts_with("AADSTS9002313: "), "{description}");
    }
}

#[tokio::test]
async fn max_age_and_prompt_login_give_a_fresh_auth_time() {
    let shop = Application::web("Shop").redirect_uri(CALLBACK);
    let shop = shop.scope("use").optional_claim("auth_time");
    let world = World::with(shop.access_token_claim("auth_time")).await;
    let scope = format!("openid api://{}/use", world.app.client_id);
    let scope = ("scope", scope.as_str());
    let browser = Browser::default();
    let auth_time = async |code: &str| {
        let (_, tokens) = world.redeem(code, &[]).await;
        let id_token = world.claims(tokens["id_token"].as_str().unwrap()).await;
        let access_token = world.claims(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(id_token["auth_time"], access_token["auth_time"]);
        id_token["auth_time"].as_u64().unwrap()
    };
    let page = browser.get(&world.request(&[scope])).await;
    let first = auth_time(&sign_in(&world, &browser, &page).await).await;
    // Nobody is young enough for nothing, not even in the same second.
    let page = browser
        .get(&world.request(&[scope, ("max_age", "0")]))
        .await;
    assert!(page.input("flow").is_some());
    world.tenant.advance(Duration::from_secs(100));

    let young = browser
        .get(&world.request(&[scope, ("max_age", "1000")]))
        .await;
    assert_eq!(auth_time(&young.parameter("code").unwrap()).await, first);
    let none = [scope, ("max_age", "50"), ("prompt", "none")];
    let answer = browser.get(&world.request(&none)).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));

    let mut before = first;
    for change in [("max_age", "50"), ("max_age", "0"), ("prompt", "login")] {
        let page = browser.get(&world.request(&[scope, change])).await;
        let after = auth_time(&sign_in(&world, &browser, &page).await).await;
        assert!(after >= before + 100, "{change:?}");
        before = after;
        world.tenant.advance(Duration::from_secs(100));
    }
}
