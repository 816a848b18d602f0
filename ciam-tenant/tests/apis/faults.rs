//! What the token endpoint refuses on demand.

use std::time::Duration;

use ciam_tenant::{GrantType, TokenFault, UserError};
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};

use super::common::{Browser, EMAIL, PASSWORD, client, encode};
use super::{Orders, check};

#[tokio::test]
async fn the_first_code_after_a_sign_up_is_refused_on_demand() {
    let orders = Orders::new().await;
    let world = &orders.world;
    world.tenant.refuse_code_after_sign_up();
    let browser = Browser::default();
    let page = browser.get(&world.request(&[("prompt", "create")])).await;
    let form = [
        ("flow", page.input("flow").unwrap()),
        ("email", "new@example.com".to_owned()),
        ("password", PASSWORD.to_owned()),
        ("display_name", "New".to_owned()),
    ];
    let form: Vec<_> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let answer = browser.post(&world.at(&page.action()), &form).await;
    let code = answer.parameter("code").unwrap();
    let refused = world.redeem(&code, &[]).await;
    check(&refused, 400, "invalid_grant", 131010);
    assert_eq!(refused.1["suberror"], "bad_token");
    check(&world.redeem(&code, &[]).await, 400, "invalid_grant", 54005);

    // The user is sent through sign-in once more, and is there already.
    let again = browser.get(&world.request(&[])).await;
    let code = again.parameter("code").unwrap();
    assert_eq!(world.redeem(&code, &[]).await.0, 200);
    let code = world.code(&[]).await;
    assert_eq!(world.redeem(&code, &[]).await.0, 200, "a user of before");
}

#[tokio::test]
async fn a_scope_can_ask_for_an_authentication_context() {
    let orders = Orders::new().await;
    let read = orders.scope("orders.read");
    let scope = format!("openid offline_access {read}");
    let before = orders.tokens(&[("scope", &scope)]).await;
    let tenant = &orders.world.tenant;
    let api = &orders.api.client_id;
    tenant.require_auth_context(api, "orders.read", "c1");
    let challenge = orders.refresh(&before, &[]).await;
    check(&challenge, 400, "interaction_required", 50076);
    let claims = challenge.1["claims"].as_str().unwrap();
    let expected = json!({"access_token": {"acrs": {"essential": true, "value": "c1"}}});
    assert_eq!(serde_json::from_str::<Value>(claims).unwrap(), expected);
    let graph = orders.refresh(&before, &[("scope", "openid")]).await;
    assert_eq!(graph.0, 200, "another resource");
    let code = orders.world.code(&[("scope", &scope)]).await;
    let at_sign_in = orders.world.redeem(&code, &[]).await;
    check(&at_sign_in, 400, "interaction_required", 50076);

    // What was handed out is what the authorization endpoint understands.
    let after = orders
        .tokens(&[("scope", &scope), ("claims", claims)])
        .await;
    assert_eq!(orders.claims(&after).await["acrs"], json!(["c1"]));
    let (status, renewed) = orders.refresh(&after, &[]).await;
    assert_eq!(status, 200, "{renewed}");
    assert_eq!(orders.claims(&renewed).await["acrs"], json!(["c1"]));
}

#[tokio::test]
async fn revoking_ends_sessions_codes_and_refresh_tokens_of_before() {
    let orders = Orders::new().await;
    let world = &orders.world;
    let scope = [("scope", "openid offline_access")];
    let browser = Browser::default();
    let page = browser.get(&world.request(&scope)).await;
    let answer = browser.sign_in(world, &page, EMAIL, PASSWORD).await;
    let code = answer.parameter("code").unwrap();
    let (_, tokens) = world.redeem(&code, &[]).await;
    let unused = world.code(&[]).await;
    world.tenant.revoke_sign_in_sessions(EMAIL).unwrap();
    let refused = orders.refresh(&tokens, &[]).await;
    check(&refused, 400, "invalid_grant", 50173);
    let refused = world.redeem(&unused, &[]).await;
    check(&refused, 400, "invalid_grant", 50173);
    let page = browser.get(&world.request(&scope)).await;
    assert!(page.input("flow").is_some(), "the session is over");

    let tokens = orders.tokens(&scope).await;
    assert_eq!(orders.refresh(&tokens, &[]).await.0, 200);
    let nobody = world.tenant.revoke_sign_in_sessions("nobody@example.com");
    assert_eq!(nobody, Err(UserError::Unknown));
}

#[tokio::test]
async fn requests_fail_once_each_in_the_way_arranged() {
    let orders = Orders::new().await;
    let tokens = orders.tokens(&[("scope", "openid offline_access")]).await;
    let tenant = &orders.world.tenant;
    for (fault, status, error, number, retry_after) in [
        (TokenFault::ClientLoop, 400, "invalid_grant", 50196, None),
        (
            TokenFault::Throttled(Duration::from_secs(60)),
            429,
            "temporarily_unavailable",
            90055,
            Some("60"),
        ),
        (
            TokenFault::Unavailable,
            503,
            "temporarily_unavailable",
            90033,
            None,
        ),
    ] {
        tenant.fail_next(GrantType::RefreshToken, fault);
        let code = orders.world.code(&[]).await;
        assert_eq!(
            orders.world.redeem(&code, &[]).await.0,
            200,
            "another grant"
        );
        let body = encode(&[("grant_type", "refresh_token")]);
        let response = client()
            .post(orders.world.endpoint("token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        let after = response.headers().get(RETRY_AFTER);
        assert_eq!(after.map(|v| v.to_str().unwrap()), retry_after, "{fault:?}");
        let found = response.status();
        let document = super::common::json(&response.text().await.unwrap());
        check(&(found, document), status, error, number);
        assert_eq!(orders.refresh(&tokens, &[]).await.0, 200, "{fault:?} once");
    }
}
