//! In an application's own name: client credentials.

use ciam_tenant::{AccessTokenVersion, Application};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Orders, check};
use crate::common::{Browser, CALLBACK};

async fn request(orders: &Orders, changes: &[(&str, &str)]) -> (StatusCode, Value) {
    let scope = orders.scope(".default");
    let fixed = [
        ("grant_type", "client_credentials"),
        ("scope", scope.as_str()),
        ("redirect_uri", ""),
        ("code_verifier", ""),
    ];
    let changes = [&fixed, changes].concat();
    orders.world.token(&changes, |request| request).await
}

#[tokio::test]
async fn an_application_gets_a_token_of_its_own() {
    let orders = Orders::new().await;
    let (status, tokens) = request(&orders, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    let members: Vec<_> = tokens.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["access_token", "expires_in", "ext_expires_in", "token_type"]
    );
    let claims = orders.claims(&tokens).await;
    let names: Vec<_> = claims.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "aio", "aud", "azp", "azpacr", "exp", "iat", "iss", "nbf", "oid", "rh", "roles", "sub",
            "tid", "uti", "ver"
        ]
    );
    for (name, expected) in [
        ("aud", json!(orders.api.client_id)),
        ("azp", json!(orders.world.app.client_id)),
        ("azpacr", json!("1")),
        ("iss", json!(orders.world.tenant.issuer())),
        ("oid", json!(orders.world.app.object_id)),
        ("sub", json!(orders.world.app.object_id)),
        ("roles", json!(["Orders.Read.All"])),
        ("ver", json!("2.0")),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    let bare = format!("{}/.default", orders.api.client_id);
    let (_, tokens) = request(&orders, &[("scope", &bare)]).await;
    assert_eq!(orders.claims(&tokens).await["aud"], orders.api.client_id);
}

#[tokio::test]
async fn the_secret_may_be_in_the_header() {
    let orders = Orders::new().await;
    let id = orders.world.app.client_id.clone();
    let secret = orders.world.app.client_secret.clone().unwrap();
    let encoded = crate::common::encode(&[("", &secret)]);
    let scope = orders.scope(".default");
    let changes = [
        ("grant_type", "client_credentials"),
        ("scope", scope.as_str()),
        ("client_id", ""),
        ("client_secret", ""),
    ];
    let (status, tokens) = orders
        .world
        .token(&changes, |request| {
            request.basic_auth(&id, Some(encoded.trim_start_matches('=')))
        })
        .await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(orders.claims(&tokens).await["azp"], id);
}

#[tokio::test]
async fn its_type_is_told_when_the_api_asks() {
    let orders = Orders::with(|orders| orders.access_token_claim("idtyp")).await;
    let (_, tokens) = request(&orders, &[]).await;
    assert_eq!(orders.claims(&tokens).await["idtyp"], "app");
}

#[tokio::test]
async fn without_a_role_there_is_a_token_that_says_nothing() {
    let orders = Orders::new().await;
    let other = Application::web("Other").redirect_uri(CALLBACK);
    let other = orders.world.tenant.register(other).unwrap();
    let changes = [
        ("client_id", other.client_id.as_str()),
        ("client_secret", other.client_secret.as_deref().unwrap()),
    ];
    let (status, tokens) = request(&orders, &changes).await;
    assert_eq!(status, 200, "{tokens}");
    let claims = orders.claims(&tokens).await;
    assert_eq!(claims["azp"], other.client_id);
    for name in ["roles", "scp"] {
        assert_eq!(claims.get(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_scope_of_the_same_name_is_no_role() {
    let orders = Orders::new().await;
    let tenant = &orders.world.tenant;
    let api = Application::web("Twice").scope("Read").app_role("Read");
    let api = tenant.register(api).unwrap();
    let scoped = Application::web("Scoped").delegated_permission(&api.client_id, "Read");
    let scoped = tenant.register(scoped).unwrap();
    let default = format!("api://{}/.default", api.client_id);
    let changes = [
        ("scope", default.as_str()),
        ("client_id", scoped.client_id.as_str()),
        ("client_secret", scoped.client_secret.as_deref().unwrap()),
    ];
    let (_, tokens) = request(&orders, &changes).await;
    assert_eq!(orders.claims(&tokens).await.get("roles"), None);

    // Nor is a role of the same name a scope.
    let in_role = Application::web("In role")
        .redirect_uri(CALLBACK)
        .application_permission(&api.client_id, "Read");
    let in_role = tenant.register(in_role).unwrap();
    let scope = format!("openid api://{}/Read", api.client_id);
    let changes = [("client_id", in_role.client_id.as_str()), ("scope", &scope)];
    let answer = Browser::default()
        .get(&orders.world.request(&changes))
        .await;
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("consent_required")
    );
}

#[tokio::test]
async fn an_application_satisfies_no_authentication_context() {
    let orders = Orders::new().await;
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let (status, tokens) = request(&orders, &[("claims", claims)]).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(orders.claims(&tokens).await.get("acrs"), None);
}

#[tokio::test]
async fn version_1_has_its_own_names() {
    let orders = Orders::with(|orders| orders.access_token_version(AccessTokenVersion::V1)).await;
    let (_, tokens) = request(&orders, &[]).await;
    let claims = orders.claims(&tokens).await;
    assert_eq!(claims["aud"], format!("api://{}", orders.api.client_id));
    assert_eq!(claims["appid"], orders.world.app.client_id);
    assert_eq!(claims["ver"], "1.0");
    for name in ["acr", "amr", "azp", "scp", "unique_name"] {
        assert_eq!(claims.get(name), None, "{name}");
    }
}

#[tokio::test]
async fn refusals() {
    let orders = Orders::new().await;
    let own = format!("api://{}/.default", orders.world.app.client_id);
    let user_scope = orders.scope("orders.read");
    let default = orders.scope(".default");
    let with_openid = format!("openid {default}");
    let both = format!("{default} {user_scope}");
    let two = format!("{default} {own}");
    for (changes, status, error, number) in [
        (&[("scope", "")][..], 400, "invalid_request", 900144),
        (
            &[("scope", user_scope.as_str())],
            400,
            "invalid_scope",
            1002012,
        ),
        (&[("scope", "openid")], 400, "invalid_scope", 1002012),
        (
            &[("scope", "https://graph.microsoft.com/.default")],
            400,
            "invalid_scope",
            1002012,
        ),
        (&[("scope", &with_openid)], 400, "invalid_scope", 1002012),
        (&[("scope", &both)], 400, "invalid_scope", 1002012),
        (&[("scope", &two)], 400, "invalid_request", 700022),
        // The shop exposes nothing.
        (&[("scope", &own)], 400, "invalid_resource", 500011),
        (
            &[("scope", "00000000-0000-4000-8000-000000000000/.default")],
            400,
            "invalid_resource",
            500011,
        ),
        (
            &[("client_secret", "wrong")],
            401,
            "invalid_client",
            7000215,
        ),
        (&[("client_secret", "")], 401, "invalid_client", 7000218),
        (&[("claims", "c1")], 400, "invalid_request", 9002313),
    ] {
        check(&request(&orders, changes).await, status, error, number);
    }
    let mobile = Application::public("Mobile").redirect_uri(CALLBACK);
    let mobile = orders.world.tenant.register(mobile).unwrap();
    let public = [
        ("client_id", mobile.client_id.as_str()),
        ("client_secret", ""),
    ];
    let answer = request(&orders, &public).await;
    check(&answer, 401, "invalid_client", 7000218);
}
