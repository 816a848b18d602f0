//! In the name of a user: the authorization code flow, and refresh tokens.

use ciam_tenant::{AccessTokenVersion, Application, NewUser};
use serde_json::{Value, json};

use super::Orders;
use crate::common::{self, Browser, CALLBACK, EMAIL, PASSWORD, World, part};

#[tokio::test]
async fn a_scope_of_an_api_gives_a_token_for_it() {
    let orders = Orders::new().await;
    let tenant = &orders.world.tenant;
    let scope = format!("openid profile {}", orders.scope("orders.read"));
    let tokens = orders.tokens(&[("scope", &scope)]).await;
    assert_eq!(tokens["scope"], scope);
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["token_type"], "Bearer");

    let token = tokens["access_token"].as_str().unwrap();
    let header = part(token, 0);
    let members: Vec<_> = header.as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "kid", "typ"]);
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("JWT"))
    );

    let claims = orders.claims(&tokens).await;
    let names: Vec<_> = claims.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "aio", "aud", "azp", "azpacr", "exp", "iat", "iss", "nbf", "oid", "rh", "scp", "sid",
            "sub", "tid", "uti", "ver"
        ]
    );
    let oid = tenant.object_id(EMAIL).unwrap();
    for (name, expected) in [
        ("aud", json!(orders.api.client_id)),
        ("iss", json!(tenant.issuer())),
        ("tid", json!(tenant.tenant_id())),
        ("oid", json!(oid)),
        ("azp", json!(orders.world.app.client_id)),
        ("azpacr", json!("1")),
        ("scp", json!("orders.read")),
        ("ver", json!("2.0")),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    let number = |name: &str| claims[name].as_u64().unwrap();
    let now = tenant.now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(number("exp").abs_diff(now.as_secs() + 3600) < 10);
    assert_eq!(number("exp") - number("iat"), 3900);
    assert_eq!(number("nbf"), number("iat"));

    // Pairwise: the ID token is for the shop, and names the user otherwise.
    let id_token = part(tokens["id_token"].as_str().unwrap(), 1);
    assert_eq!(id_token["oid"], claims["oid"]);
    assert_eq!(id_token["sid"], claims["sid"]);
    assert_ne!(id_token["sub"], claims["sub"]);
    let again = orders.tokens(&[("scope", &scope)]).await;
    assert_eq!(orders.claims(&again).await["sub"], claims["sub"]);

    // It is no token for userinfo.
    let response = common::client()
        .get(orders.world.at("/oidc/userinfo"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn without_a_scope_of_an_api_the_token_is_opaque() {
    let orders = Orders::new().await;
    let tokens = orders.tokens(&[]).await;
    assert!(!tokens["access_token"].as_str().unwrap().contains('.'));
    // Also where the token request leaves the scope of the API out.
    let scope = format!("openid {}", orders.scope("orders.read"));
    let code = orders.world.code(&[("scope", &scope)]).await;
    let (_, tokens) = orders.world.redeem(&code, &[("scope", "openid")]).await;
    assert!(!tokens["access_token"].as_str().unwrap().contains('.'));
}

#[tokio::test]
async fn openid_is_not_needed_for_an_api() {
    let orders = Orders::new().await;
    let scope = format!("{}/orders.read", orders.api.client_id);
    let tokens = orders.tokens(&[("scope", &scope)]).await;
    assert_eq!(tokens["scope"], scope);
    assert_eq!(tokens.get("id_token"), None);
    assert_eq!(tokens.get("refresh_token"), None);
    let claims = orders.claims(&tokens).await;
    assert_eq!(claims["aud"], orders.api.client_id);
    assert_eq!(claims["scp"], "orders.read");
}

#[tokio::test]
async fn roles_are_those_of_the_user_that_are_roles_of_the_api() {
    let orders = Orders::new().await;
    let tenant = &orders.world.tenant;
    for role in ["Auditor", "Admin"] {
        tenant.add_role(EMAIL, role).unwrap();
    }
    let scope = format!("openid {}", orders.scope(".default"));
    let tokens = orders.tokens(&[("scope", &scope)]).await;
    let claims = orders.claims(&tokens).await;
    assert_eq!(claims["roles"], json!(["Auditor"]));
    assert_eq!(claims["scp"], "orders.read", "what was consented to");
}

#[tokio::test]
async fn optional_claims_are_there_when_the_api_asks() {
    let orders = Orders::with(|orders| {
        [
            "auth_time",
            "email",
            "family_name",
            "given_name",
            "idtyp",
            "login_hint",
            "xms_cc",
        ]
        .into_iter()
        .fold(orders, Application::access_token_claim)
    })
    .await;
    let user = NewUser::new("a@b.test", PASSWORD).given_name("Alan");
    orders.world.tenant.add_user(user).await.unwrap();
    let scope = orders.scope("orders.read");
    let browser = Browser::default();
    let page = browser
        .get(&orders.world.request(&[("scope", &scope)]))
        .await;
    let answer = browser
        .sign_in(&orders.world, &page, "a@b.test", PASSWORD)
        .await;
    let code = answer.parameter("code").unwrap();
    let (_, tokens) = orders.world.redeem(&code, &[]).await;
    let claims = orders.claims(&tokens).await;
    assert!(claims["auth_time"].is_u64());
    assert_eq!(claims["email"], "a@b.test");
    assert_eq!(claims["given_name"], "Alan");
    assert!(claims["login_hint"].is_string());
    // No family name, an application's type only, and no capability was declared.
    for name in ["family_name", "idtyp", "xms_cc"] {
        assert_eq!(claims.get(name), None, "{name}");
    }
}

#[tokio::test]
async fn an_api_of_version_1_gets_tokens_of_version_1() {
    let orders = Orders::with(|orders| orders.access_token_version(AccessTokenVersion::V1)).await;
    let tenant = &orders.world.tenant;
    let id = &orders.api.client_id;
    for audience in [format!("api://{id}"), id.clone()] {
        let scope = format!("openid {audience}/orders.read");
        let tokens = orders.tokens(&[("scope", &scope)]).await;
        let header = part(tokens["access_token"].as_str().unwrap(), 0);
        assert_eq!(header["x5t"], header["kid"]);
        let claims = orders.claims(&tokens).await;
        for (name, expected) in [
            ("aud", json!(audience)),
            (
                "iss",
                json!(format!("https://sts.windows.net/{}/", tenant.tenant_id())),
            ),
            ("appid", json!(orders.world.app.client_id)),
            ("appidacr", json!("1")),
            ("scp", json!("orders.read")),
            ("unique_name", json!(EMAIL)),
            ("ver", json!("1.0")),
        ] {
            assert_eq!(claims[name], expected, "{name}");
        }
        for name in ["azp", "azpacr", "preferred_username"] {
            assert_eq!(claims.get(name), None, "{name}");
        }
        // The ID token is the shop's, and stays as it is.
        assert_eq!(part(tokens["id_token"].as_str().unwrap(), 1)["ver"], "2.0");
    }
}

#[tokio::test]
async fn a_public_client_says_so() {
    let orders = Orders::new().await;
    let mobile = Application::public("Mobile")
        .redirect_uri(CALLBACK)
        .delegated_permission(orders.api.client_id.to_uppercase(), "orders.read");
    let mobile = orders.world.tenant.register(mobile).unwrap();
    let id = ("client_id", mobile.client_id.as_str());
    let scope = orders.scope("orders.read");
    let code = orders.world.code(&[id, ("scope", &scope)]).await;
    let (_, tokens) = orders
        .world
        .redeem(&code, &[id, ("client_secret", "")])
        .await;
    let claims = orders.claims(&tokens).await;
    assert_eq!(claims["azp"], mobile.client_id);
    assert_eq!(claims["azpacr"], "0");
}

#[tokio::test]
async fn an_application_may_be_its_own_api() {
    let shop = Application::web("Shop")
        .redirect_uri(CALLBACK)
        .scope("orders.read");
    let world = World::with(shop).await;
    let scope = format!("openid profile api://{}/orders.read", world.app.client_id);
    let code = world.code(&[("scope", &scope)]).await;
    let (_, tokens) = world.redeem(&code, &[]).await;
    let claims = world.claims(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["aud"], claims["azp"]);
    assert_eq!(claims["scp"], "orders.read");
    let id_token = part(tokens["id_token"].as_str().unwrap(), 1);
    assert_eq!(claims["sub"], id_token["sub"]);
}

#[tokio::test]
async fn refresh_tokens_are_for_every_api_the_application_may_call() {
    let orders = Orders::new().await;
    let world = &orders.world;
    let scope = format!("openid offline_access {}", orders.scope("orders.read"));
    let tokens = orders.tokens(&[("scope", &scope)]).await;
    let first = orders.claims(&tokens).await;
    let (status, refreshed) = orders.refresh(&tokens, &[]).await;
    assert_eq!(status, 200, "{refreshed}");
    assert_eq!(refreshed["scope"], scope);
    assert!(refreshed["refresh_token"].is_string());
    let second = orders.claims(&refreshed).await;
    assert_eq!(comparable(&second), comparable(&first));
    assert_ne!(second["uti"], first["uti"]);

    let opaque = [("scope", "openid offline_access")];
    let (_, graph) = orders.refresh(&tokens, &opaque).await;
    assert!(!graph["access_token"].as_str().unwrap().contains('.'));
    let (_, again) = orders.refresh(&graph, &[("scope", &scope)]).await;
    assert_eq!(comparable(&orders.claims(&again).await), comparable(&first));

    world.tenant.rotate_keys();
    let (_, rotated) = orders.refresh(&tokens, &[]).await;
    let kid = |tokens: &Value| part(tokens["access_token"].as_str().unwrap(), 0)["kid"].clone();
    assert_ne!(kid(&rotated), kid(&tokens));
    assert_eq!(
        comparable(&orders.claims(&rotated).await),
        comparable(&first)
    );
}

/// What is the same in two tokens of one grant.
fn comparable(claims: &Value) -> Value {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().unwrap();
    for name in ["aio", "exp", "iat", "nbf", "rh", "uti"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    claims
}
