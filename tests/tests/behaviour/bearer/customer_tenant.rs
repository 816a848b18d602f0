//! What only a customer tenant does: claims challenges, and tokens of version 1.0.

use ciam_core::Config;
use ciam_tenant::{AccessTokenVersion, Application, Tenant};
use ciam_tests::honest::{Api, Client};
use ciam_tests::{Backend, Framework, Logs, Site, cases};
use serde_json::{Value, json};

use super::{ORDERS, World, get};

cases! {
    at LocalTenant, because "claims challenges and versions of tokens are Entra's own":
        a_client_acts_on_a_claims_challenge_and_gets_in,
        a_client_that_says_nothing_of_challenges_gets_none,
        a_token_of_version_1_is_refused_and_the_log_says_what_to_set;
}

async fn a_client_acts_on_a_claims_challenge_and_gets_in(on: Backend) {
    let world = World::new(on).await;
    let client = async |claims: &Value| {
        let provider = &world.provider;
        let tokens = provider.user_tokens_with(Client::TILL, "ada", ORDERS_READ, Some(claims));
        tokens.await.access
    };
    let able = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}});
    let token = client(&able).await;
    world.get("/api/read", &token).await.expect_ok("passed");
    let answer = world.get("/api/proven", &token).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(answer.body, r#"{"error":"insufficient_claims"}"#);
    // Another token of the same kind is challenged again.
    let answer = world.get("/api/proven", &client(&able).await).await;
    assert_eq!(answer.status, 401, "{answer:?}");

    // As MSAL does it: what the challenge says, and what the client can.
    let challenge = answer.header("www-authenticate").expect("a challenge");
    let mut claims = asked_for(challenge);
    assert_eq!(
        claims,
        json!({"access_token": {"acrs": {"essential": true, "value": "c1"}}})
    );
    claims["access_token"]["xms_cc"] = able["access_token"]["xms_cc"].clone();
    let proven = client(&claims).await;
    world.get("/api/proven", &proven).await.expect_ok("passed");
    world.get("/api/read", &proven).await.expect_ok("passed");
    // What one token proves is no other one's.
    assert_eq!(world.get("/api/proven", &token).await.status, 401);
}

async fn a_client_that_says_nothing_of_challenges_gets_none(on: Backend) {
    let world = World::new(on).await;
    let provider = &world.provider;
    let tokens = provider.user_tokens(Client::TILL, "ada", Api::Orders, "orders.read");
    let token = tokens.await.access;
    let answer = world.get("/api/proven", &token).await;
    let challenge = "Bearer error=\"insufficient_scope\"";
    answer.expect_challenge(403, challenge, "insufficient_scope");
    // It may ask for the context unasked, and get in.
    let context = json!({"access_token": {"acrs": {"value": "c1"}}});
    let tokens = provider.user_tokens_with(Client::TILL, "ada", ORDERS_READ, Some(&context));
    let token = tokens.await.access;
    world.get("/api/proven", &token).await.expect_ok("passed");
}

async fn a_token_of_version_1_is_refused_and_the_log_says_what_to_set(on: Framework) {
    Logs::capture();
    let tenant = Tenant::start().await.expect("loopback has a free port");
    let api = |version| {
        let api = Application::web("Till")
            .scope("orders.read")
            .app_role("Admin");
        tenant.register(api.access_token_version(version))
    };
    let first = api(AccessTokenVersion::V1).expect("a good application");
    let second = api(AccessTokenVersion::V2).expect("a good application");
    let site = Site::serve(on, ORDERS, async |_| {
        Config::api(tenant.authority(), &first.client_id)
            .with_audience(format!("api://{}", first.client_id))
            .with_audience(&second.client_id)
    })
    .await;
    let mint = |client_id: &str| {
        let token = tenant.access_token(client_id).role("Admin");
        token.mint().expect("a token")
    };
    let answer = get(&site, "/admin", &mint(&first.client_id)).await;
    answer.expect_refused(401, "invalid_token", "token.version");
    let line = answer.expect_logged("token.version");
    assert!(line.text.contains("requestedAccessTokenVersion"), "{line}");
    let answer = get(&site, "/admin", &mint(&second.client_id)).await;
    answer.expect_ok("an admin");
}

/// The `claims` of a challenge.
fn asked_for(challenge: &str) -> Value {
    let claims = challenge.split("claims=\"").nth(1);
    let claims = claims.and_then(|claims| claims.split('"').next());
    let claims = base64_simd::STANDARD.decode_to_vec(claims.expect("claims"));
    serde_json::from_slice(&claims.expect("base64")).expect("JSON")
}

/// An API, and scopes of it.
const ORDERS_READ: (Api, &str) = (Api::Orders, "orders.read");
