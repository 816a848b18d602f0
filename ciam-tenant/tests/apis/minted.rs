//! Tokens without any request.

use ciam_tenant::AccessTokenError;
use serde_json::json;

use super::Orders;
use crate::common::{EMAIL, part, verify};

#[tokio::test]
async fn a_minted_token_is_as_one_that_was_asked_for() {
    let orders = Orders::new().await;
    let tenant = &orders.world.tenant;
    let mint = || {
        let token = tenant.access_token(&orders.api.client_id);
        token.client(&orders.world.app.client_id)
    };
    let scope = orders.scope("orders.read");
    let asked = orders
        .claims(&orders.tokens(&[("scope", &scope)]).await)
        .await;
    let token = mint().user(EMAIL).scope("orders.read").mint().unwrap();
    let minted = orders.world.claims(&token).await;
    let names = |claims: &serde_json::Value| {
        let names = claims.as_object().unwrap().keys();
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&minted), names(&asked));
    for name in [
        "aud", "azp", "azpacr", "iss", "oid", "scp", "sub", "tid", "ver",
    ] {
        assert_eq!(minted[name], asked[name], "{name}");
    }

    let minted = orders.world.claims(&mint().mint().unwrap()).await;
    assert_eq!(minted["roles"], json!(["Orders.Read.All"]));
    assert_eq!(minted["oid"], orders.world.app.object_id);
    assert_eq!(minted.get("scp"), None);
    let requests = tenant.requests();
    assert_eq!((requests.authorize, requests.token), (1, 1));
}

#[tokio::test]
async fn everything_of_it_may_be_changed() {
    let orders = Orders::with(|orders| orders.access_token_claim("xms_cc")).await;
    let token = orders
        .world
        .tenant
        .access_token(&orders.api.client_id)
        .user(EMAIL)
        .role("Auditor")
        .auth_context("c1")
        .handles_challenges()
        .claim("aud", "another")
        .claim("exp", 1)
        .without_claim("tid")
        .header("typ", "at+jwt")
        .mint()
        .unwrap();
    let claims = part(&token, 1);
    assert_eq!(claims["scp"], "orders.read orders.write");
    assert_eq!(claims["azp"], orders.api.client_id);
    assert_eq!(claims["roles"], json!(["Auditor"]));
    assert_eq!(claims["acrs"], json!(["c1"]));
    assert_eq!(claims["xms_cc"], json!(["cp1"]));
    assert_eq!(
        (&claims["aud"], &claims["exp"]),
        (&json!("another"), &json!(1))
    );
    assert_eq!(claims.get("tid"), None);
    assert_eq!(part(&token, 0)["typ"], "at+jwt");
    let plain = orders.world.tenant.access_token(&orders.api.client_id);
    let plain = plain.mint().unwrap();
    assert!(verify(&plain, &orders.world.keys().await).is_some());
}

#[tokio::test]
async fn who_is_not_there_is_named() {
    let orders = Orders::new().await;
    let tenant = &orders.world.tenant;
    let api = || tenant.access_token(&orders.api.client_id);
    for (result, expected) in [
        (
            tenant.access_token("api").mint(),
            AccessTokenError::Api("api".to_owned()),
        ),
        (
            api().client("shop").mint(),
            AccessTokenError::Client("shop".to_owned()),
        ),
        (
            api().user("b@b.test").mint(),
            AccessTokenError::User("b@b.test".to_owned()),
        ),
    ] {
        assert_eq!(result.unwrap_err(), expected);
    }
}
