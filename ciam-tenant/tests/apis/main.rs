//! Access tokens for the applications' own APIs.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod applications;
mod challenges;
mod faults;
mod minted;
mod on_behalf_of;
mod refresh;
mod refusals;
mod users;

use ciam_tenant::{Application, Registration, Tenant};
use common::{CALLBACK, World};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A shop that may read the orders of an API, and may do nothing else there.
struct Orders {
    world: World,
    api: Registration,
}

impl Orders {
    async fn new() -> Self {
        Self::with(|orders| orders).await
    }

    async fn with(finish: impl FnOnce(Application) -> Application) -> Self {
        let tenant = Tenant::start().await.expect("it starts");
        let orders = Application::web("Orders")
            .scope("orders.read")
            .scope("orders.write")
            .app_role("Orders.Read.All")
            .app_role("Auditor");
        let api = tenant.register(finish(orders)).expect("it registers");
        let shop = Application::web("Shop")
            .redirect_uri(CALLBACK)
            .delegated_permission(&api.client_id, "orders.read")
            .application_permission(&api.client_id, "Orders.Read.All");
        let world = World::in_tenant(tenant, shop).await;
        Self { world, api }
    }

    /// A scope of the API: `read` stands for `api://…/orders.read`.
    fn scope(&self, name: &str) -> String {
        format!("api://{}/{name}", self.api.client_id)
    }

    /// Signs the user in and gives the token answer.
    async fn tokens(&self, changes: &[(&str, &str)]) -> Value {
        let code = self.world.code(changes).await;
        let (status, tokens) = self.world.redeem(&code, &[]).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// The claims of an access token for the API.
    async fn claims(&self, tokens: &Value) -> Value {
        let token = tokens["access_token"].as_str().expect("a token");
        self.world.claims(token).await
    }

    async fn refresh(&self, tokens: &Value, changes: &[(&str, &str)]) -> (StatusCode, Value) {
        let token = tokens["refresh_token"].as_str().expect("a refresh token");
        let fixed = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("redirect_uri", ""),
            ("code_verifier", ""),
        ];
        let changes = [&fixed, changes].concat();
        self.world.token(&changes, |request| request).await
    }
}

fn check(answer: &(StatusCode, Value), status: u16, error: &str, number: u64) {
    let (found, document) = answer;
    assert_eq!(document["error"], error, "{document}");
    assert_eq!(document["error_codes"], json!([number]), "{document}");
    assert_eq!(*found, status, "{document}");
}
