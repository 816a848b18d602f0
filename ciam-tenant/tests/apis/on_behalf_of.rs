//! On-behalf-of: the API calls the next one in the name of its user.

use std::time::Duration;

use ciam_tenant::{Application, Registration};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::common::EMAIL;
use super::{Orders, check};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The orders' API may read the stock in the name of its users.
struct Chain {
    orders: Orders,
    stock: Registration,
    middle: Registration,
}

#[tokio::test]
async fn the_answer_is_for_the_next_api_and_the_same_user() {
    let chain = Chain::new().await;
    let assertion = chain.assertion().await;
    let scope = chain.stock_scope("stock.read");
    let (status, tokens) = chain.ask(&assertion, &[("scope", &scope)]).await;
    assert_eq!(status, 200, "{tokens}");
    let members: Vec<_> = tokens.as_object().unwrap().keys().collect();
    let expected = [
        "access_token",
        "expires_in",
        "ext_expires_in",
        "scope",
        "token_type",
    ];
    assert_eq!(members, expected);
    assert_eq!(tokens["scope"], scope.as_str());
    let before = chain.claims(&assertion).await;
    let after = chain.claims(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(after["aud"], chain.stock.client_id.as_str());
    assert_eq!(after["azp"], chain.middle.client_id.as_str());
    assert_eq!(after["scp"], "stock.read");
    assert_eq!(after["oid"], before["oid"]);
    assert_eq!(after["sid"], before["sid"]);
    assert_ne!(after["sub"], before["sub"], "one for each API");

    let scope = chain.stock_scope(".default");
    let (status, tokens) = chain.ask(&assertion, &[("scope", &scope)]).await;
    assert_eq!(status, 200, "{tokens}");
    let scope = format!("offline_access {}", chain.stock_scope("stock.read"));
    let (_, tokens) = chain.ask(&assertion, &[("scope", &scope)]).await;
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(chain.orders.world.tenant.token_requests().on_behalf_of, 3);
}

#[tokio::test]
async fn refusals() {
    let chain = Chain::new().await;
    let tenant = &chain.orders.world.tenant;
    let assertion = chain.assertion().await;
    let scope = chain.stock_scope("stock.read");
    let mint = || tenant.access_token(&chain.middle.client_id).user(EMAIL);
    let id_token = {
        let tokens = chain.orders.tokens(&[("scope", "openid profile")]).await;
        tokens["id_token"].as_str().unwrap().to_owned()
    };
    let shop = chain.orders.world.app.client_id.as_str();
    let shop_secret = chain.orders.world.app.client_secret.as_deref().unwrap();
    let forged = format!("{assertion}A");
    let of_app = tenant
        .access_token(&chain.middle.client_id)
        .client(shop)
        .mint()
        .unwrap();
    let elsewhere = mint()
        .claim("iss", "https://issuer.example")
        .mint()
        .unwrap();
    let nobody = mint().claim("oid", "nobody").mint().unwrap();
    let early = mint().claim("nbf", 9_999_999_999_u64).mint().unwrap();
    let of_stock = tenant.access_token(&chain.stock.client_id).user(EMAIL);
    let of_stock = of_stock.mint().unwrap();
    let write = chain.stock_scope("stock.write");
    let missing = chain.stock_scope("stock.count");
    for (what, assertion, changes, status, error, number) in [
        ("no assertion", "", &[][..], 400, "invalid_request", 900144),
        (
            "no use",
            &assertion,
            &[("requested_token_use", "")],
            400,
            "invalid_request",
            900144,
        ),
        (
            "another use",
            &assertion,
            &[("requested_token_use", "x")],
            400,
            "invalid_request",
            9002313,
        ),
        (
            "no scope",
            &assertion,
            &[("scope", "")],
            400,
            "invalid_request",
            900144,
        ),
        (
            "no scope of an API",
            &assertion,
            &[("scope", "openid")],
            400,
            "invalid_scope",
            70011,
        ),
        (
            "a wrong secret",
            &assertion,
            &[("client_secret", "wrong")],
            401,
            "invalid_client",
            7000215,
        ),
        (
            "a client whom it is not for",
            &assertion,
            &[("client_id", shop), ("client_secret", shop_secret)],
            400,
            "invalid_grant",
            500131,
        ),
        (
            "for another API",
            &of_stock,
            &[],
            400,
            "invalid_grant",
            500131,
        ),
        ("forged", &forged, &[], 400, "invalid_grant", 50013),
        ("nonsense", "x", &[], 400, "invalid_grant", 50013),
        (
            "of another issuer",
            &elsewhere,
            &[],
            400,
            "invalid_grant",
            50013,
        ),
        ("of nobody", &nobody, &[], 400, "invalid_grant", 50013),
        ("too early", &early, &[], 400, "invalid_grant", 500133),
        (
            "an application's own",
            &of_app,
            &[],
            400,
            "invalid_grant",
            7000114,
        ),
        ("an ID token", &id_token, &[], 400, "invalid_grant", 500131),
        (
            "not consented to",
            &assertion,
            &[("scope", &write)],
            400,
            "invalid_grant",
            65001,
        ),
        (
            "a scope that is none",
            &assertion,
            &[("scope", &missing)],
            401,
            "invalid_client",
            650053,
        ),
    ] {
        let changes = [&[("scope", scope.as_str())], changes].concat();
        let answer = chain.ask(assertion, &changes).await;
        assert_eq!(answer.1["error_codes"], json!([number]), "{what}");
        check(&answer, status, error, number);
    }
    tenant.advance(Duration::from_secs(3600));
    let answer = chain.ask(&assertion, &[("scope", &scope)]).await;
    check(&answer, 400, "invalid_grant", 500133);
}

#[tokio::test]
async fn an_id_token_for_the_api_itself_is_no_assertion() {
    let chain = Chain::new().await;
    let tenant = &chain.orders.world.tenant;
    let id_token = tenant.access_token(&chain.middle.client_id).user(EMAIL);
    let id_token = id_token.without_claim("scp").claim("nonce", "n").mint();
    let scope = chain.stock_scope("stock.read");
    let answer = chain.ask(&id_token.unwrap(), &[("scope", &scope)]).await;
    check(&answer, 400, "invalid_grant", 7000114);
}

#[tokio::test]
async fn a_challenge_of_the_next_api_is_handed_back() {
    let chain = Chain::new().await;
    let tenant = &chain.orders.world.tenant;
    tenant.require_auth_context(&chain.stock.client_id, "stock.read", "c2");
    let scope = chain.stock_scope("stock.read");
    let assertion = chain.assertion().await;
    let answer = chain.ask(&assertion, &[("scope", &scope)]).await;
    check(&answer, 400, "interaction_required", 50076);
    assert!(answer.1["claims"].as_str().unwrap().contains("\"c2\""));

    // The user proved it where the caller signed in.
    let proven = tenant.access_token(&chain.middle.client_id).user(EMAIL);
    let proven = proven.auth_context("c2").mint().unwrap();
    let (status, tokens) = chain.ask(&proven, &[("scope", &scope)]).await;
    assert_eq!(status, 200, "{tokens}");
    let claims = chain.claims(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["acrs"], json!(["c2"]));
}

impl Chain {
    async fn new() -> Self {
        let orders = Orders::new().await;
        let stock = Application::web("Stock")
            .scope("stock.read")
            .scope("stock.write");
        let stock = orders.world.tenant.register(stock).unwrap();
        let middle = Application::web("Till")
            .scope("till.use")
            .delegated_permission(&stock.client_id, "stock.read");
        let middle = orders.world.tenant.register(middle).unwrap();
        Self {
            orders,
            stock,
            middle,
        }
    }

    fn stock_scope(&self, name: &str) -> String {
        format!("api://{}/{name}", self.stock.client_id)
    }

    /// An access token for the API in the middle.
    async fn assertion(&self) -> String {
        let tenant = &self.orders.world.tenant;
        let token = tenant.access_token(&self.middle.client_id).user(EMAIL);
        token.mint().unwrap()
    }

    async fn claims(&self, token: &str) -> Value {
        self.orders.world.claims(token).await
    }

    async fn ask(&self, assertion: &str, changes: &[(&str, &str)]) -> (StatusCode, Value) {
        let secret = self.middle.client_secret.as_deref().unwrap();
        let fixed = [
            ("grant_type", GRANT),
            ("client_id", self.middle.client_id.as_str()),
            ("client_secret", secret),
            ("assertion", assertion),
            ("requested_token_use", "on_behalf_of"),
            ("redirect_uri", ""),
            ("code_verifier", ""),
        ];
        let changes = [&fixed, changes].concat();
        self.orders.world.token(&changes, |request| request).await
    }
}
