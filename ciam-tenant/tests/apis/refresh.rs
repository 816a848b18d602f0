//! Refresh: whom an answer is for, what rotates, what ends, and who never hears of it.

use std::time::Duration;

use ciam_tenant::{Application, Rotation, TokenPolicy};
use serde_json::Value;

use super::common::{client, encode};
use super::{Orders, check};

#[tokio::test]
async fn one_refresh_token_is_for_every_resource_one_at_a_time() {
    let orders = Orders::new().await;
    let stock = Application::web("Stock").scope("stock.read");
    let stock = orders.world.tenant.register(stock).unwrap();
    let both = Application::web("Both")
        .client_id("00000000-0000-4000-8000-00000000000b")
        .client_secret("secret")
        .redirect_uri(super::CALLBACK)
        .delegated_permission(&orders.api.client_id, "orders.read")
        .delegated_permission(&stock.client_id, "stock.read");
    let app = orders.world.tenant.register(both).unwrap();
    let mut orders = orders;
    orders.world.app = app;
    let of_orders = orders.scope("orders.read");
    let of_stock = format!("api://{}/stock.read", stock.client_id);
    let scope = format!("openid profile offline_access {of_orders}");
    let first = orders.tokens(&[("scope", &scope)]).await;
    let graph = "User.Read";
    for (scope, audience, answered) in [
        (of_stock.clone(), Some(&stock), of_stock.clone()),
        (of_orders.clone(), Some(&orders.api), of_orders.clone()),
        (
            format!("openid {of_stock} {of_orders}"),
            Some(&stock),
            format!("openid {of_stock}"),
        ),
        (
            format!("{of_orders} {of_stock} {graph}"),
            Some(&orders.api),
            of_orders.clone(),
        ),
    ] {
        let (status, tokens) = orders.refresh(&first, &[("scope", &scope)]).await;
        assert_eq!(status, 200, "{scope}: {tokens}");
        assert_eq!(tokens["scope"], answered.as_str(), "{scope}");
        assert_eq!(
            tokens.get("id_token").is_some(),
            scope.contains("openid"),
            "{scope}"
        );
        let claims = orders.claims(&tokens).await;
        let audience = audience.map(|api| api.client_id.as_str());
        assert_eq!(claims["aud"].as_str(), audience, "{scope}");

        // Whatever an answer was for, its refresh token is for all that was granted.
        let (status, tokens) = orders.refresh(&tokens, &[]).await;
        assert_eq!(status, 200, "{tokens}");
        let granted = format!("openid profile offline_access {of_orders}");
        assert_eq!(tokens["scope"], granted.as_str());
        assert!(tokens["id_token"].is_string());
    }
}

#[tokio::test]
async fn a_used_refresh_token_stays_good_as_microsofts_do() {
    let orders = Orders::new().await;
    let first = signed_in(&orders).await;
    let (_, second) = orders.refresh(&first, &[]).await;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    for tokens in [&first, &second, &first] {
        assert_eq!(orders.refresh(tokens, &[]).await.0, 200);
    }
}

#[tokio::test]
async fn strict_rotation_ends_the_sign_in_of_a_token_used_twice() {
    let orders = Orders::new().await;
    let policy = TokenPolicy::default().rotation(Rotation::Once);
    orders.world.tenant.set_token_policy(policy);
    let other = signed_in(&orders).await;
    let first = signed_in(&orders).await;
    // A request that is refused for another reason does not use it.
    let refused = orders.refresh(&first, &[("scope", "openid x")]).await;
    check(&refused, 400, "invalid_scope", 70011);
    let (status, second) = orders.refresh(&first, &[]).await;
    assert_eq!(status, 200);
    let (status, third) = orders.refresh(&second, &[]).await;
    assert_eq!(status, 200);
    check(
        &orders.refresh(&first, &[]).await,
        400,
        "invalid_grant",
        70000,
    );
    for tokens in [&second, &third] {
        check(
            &orders.refresh(tokens, &[]).await,
            400,
            "invalid_grant",
            70000,
        );
    }
    assert_eq!(orders.refresh(&other, &[]).await.0, 200, "another sign-in");
}

#[tokio::test]
async fn two_at_once_rotate_once_where_rotation_is_strict() {
    let orders = Orders::new().await;
    let policy = TokenPolicy::default().rotation(Rotation::Once);
    orders.world.tenant.set_token_policy(policy);
    let first = signed_in(&orders).await;
    let (a, b) = tokio::join!(orders.refresh(&first, &[]), orders.refresh(&first, &[]));
    let mut statuses = [a.0.as_u16(), b.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn tokens_live_as_long_as_the_policy_says() {
    let orders = Orders::new().await;
    let policy = TokenPolicy::default()
        .access_token_lifetime(Duration::from_secs(120))
        .refresh_token_lifetime(Duration::from_secs(24 * 3600));
    orders.world.tenant.set_token_policy(policy);
    let tokens = signed_in(&orders).await;
    assert_eq!(tokens["expires_in"], 120);
    let claims = orders.claims(&tokens).await;
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(lifetime, 120 + 300, "back-dated by five minutes");
    let graph = orders.tokens(&[("scope", "openid")]).await;
    assert_eq!(graph["expires_in"], 120);

    orders.world.tenant.advance(Duration::from_secs(23 * 3600));
    let (status, renewed) = orders.refresh(&tokens, &[]).await;
    assert_eq!(status, 200);
    orders.world.tenant.advance(Duration::from_secs(3601));
    let old = orders.refresh(&tokens, &[]).await;
    check(&old, 400, "invalid_grant", 700082);
    assert_eq!(orders.refresh(&renewed, &[]).await.0, 200, "it is younger");
}

#[tokio::test]
async fn token_requests_are_counted_by_grant_type() {
    let orders = Orders::new().await;
    let tokens = signed_in(&orders).await;
    orders.refresh(&tokens, &[]).await;
    orders.refresh(&tokens, &[("client_secret", "wrong")]).await;
    let more = [
        ("grant_type", "client_credentials"),
        ("scope", &orders.scope(".default")),
    ];
    orders.world.token(&more, |request| request).await;
    let password = [("grant_type", "password")];
    orders.world.token(&password, |request| request).await;
    let counted = orders.world.tenant.token_requests();
    assert_eq!(counted.authorization_code, 1);
    assert_eq!(counted.refresh_token, 2, "refused ones too");
    assert_eq!(counted.client_credentials, 1);
    assert_eq!(counted.on_behalf_of, 0);
    assert_eq!(orders.world.tenant.requests().token, 5);
}

#[tokio::test]
async fn answers_to_refreshes_can_be_held_back_after_rotation() {
    let orders = Orders::new().await;
    let policy = TokenPolicy::default().rotation(Rotation::Once);
    orders.world.tenant.set_token_policy(policy);
    let tokens = signed_in(&orders).await;
    let other = signed_in(&orders).await;
    let held = orders.world.tenant.hold_refreshes();

    // A client that hangs up while its answer waits has lost the new refresh token.
    tokio::select! {
        _ = orders.refresh(&tokens, &[]) => panic!("it is held back"),
        () = held.until_held(1) => {}
    }
    // Other grants go through.
    assert!(signed_in(&orders).await["access_token"].is_string());
    let body = encode(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
    let refused = client()
        .post(orders.world.endpoint("token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let refused = tokio::spawn(refused.send());
    held.until_held(2).await;
    assert!(!refused.is_finished());
    held.release();
    assert_eq!(refused.await.unwrap().unwrap().status(), 400);

    let again = orders.refresh(&tokens, &[]).await;
    check(&again, 400, "invalid_grant", 70000);
    assert_eq!(orders.refresh(&other, &[]).await.0, 200, "it is open again");
}

async fn signed_in(orders: &Orders) -> Value {
    let scope = format!("openid offline_access {}", orders.scope("orders.read"));
    orders.tokens(&[("scope", &scope)]).await
}
