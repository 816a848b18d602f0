//! Refresh tokens, revocation, and logout tokens: what suites rely on.

use std::time::Duration;

use ciam_tests::Visitor;
use serde_json::{Value, json};

use super::{Setup, address, json_of, part};

#[tokio::test]
async fn refresh_tokens_rotate_always_and_used_twice_end_the_sign_in() {
    let mut setup = Setup::start(json!({})).await;
    let consent = [("prompt", "consent"), ("scope", "openid offline_access")];
    let first = tokens(&setup, &consent).await;
    let (status, second) = refresh(&setup, &first).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(part(&second, 1)["sub"], "alice");
    let (status, third) = refresh(&setup, &second).await;
    assert_eq!(status, 200, "{third}");
    for tokens in [&first, &third] {
        let (status, answer) = refresh(&setup, tokens).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    }
    assert_eq!(setup.provider.count("/token for refresh_token").await, 4);
}

#[tokio::test]
async fn refresh_tokens_need_consent_unless_told_otherwise() {
    let asked = [("scope", "openid offline_access")];
    let setup = Setup::start(json!({})).await;
    let without = tokens(&setup, &asked).await;
    assert_eq!(without.get("refresh_token"), None);

    let setup = Setup::start(json!({"offline": true})).await;
    let with = tokens(&setup, &asked).await;
    let (status, again) = refresh(&setup, &with).await;
    assert_eq!(status, 200, "{again}");
    assert!(again["refresh_token"].is_string());
}

#[tokio::test]
async fn lives_are_as_short_as_told() {
    let options = json!({
        "offline": true,
        "lifetimes": {"AccessToken": 7, "RefreshToken": 2},
    });
    let setup = Setup::start(options).await;
    let tokens = tokens(&setup, &[]).await;
    assert_eq!(tokens["expires_in"], 7);
    // A scope that was not granted is refused after the token, and does not use it.
    let mut refusals = Vec::new();
    let ended = async {
        while refusals.last() != Some(&json!("invalid_grant")) {
            let (status, answer) = refresh_with(&setup, &tokens, &[("scope", "phone")]).await;
            assert_eq!(status, 400, "{answer}");
            refusals.push(answer["error"].clone());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await;
    ended.expect("it expires");
    assert_eq!(refusals[0], "invalid_scope", "it was good at first");
}

#[tokio::test]
async fn a_revoked_refresh_token_is_worth_nothing() {
    let setup = Setup::start(json!({"offline": true})).await;
    let tokens = tokens(&setup, &[]).await;
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    let answer = setup.post("/token/revocation", &[("token", token)]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(refresh(&setup, &tokens).await.0, 400);
    let metadata = format!(
        "{}/.well-known/openid-configuration",
        setup.provider.issuer()
    );
    let metadata = json_of(setup.client.get(metadata).send().await).await;
    let endpoint = metadata["revocation_endpoint"].as_str().expect("announced");
    assert!(endpoint.ends_with("/token/revocation"), "{endpoint}");
}

#[tokio::test]
async fn what_an_account_has_can_be_ended() {
    let mut setup = Setup::start(json!({"offline": true})).await;
    let mut visitor = Visitor::new();
    setup.sign_in(&mut visitor, "alice", &[]).await;
    let code = setup.shop.last("/auth/callback").query("code");
    let tokens = setup.exchange(&code.expect("a code")).await;
    setup.provider.revoke("alice").await;
    assert_eq!(refresh(&setup, &tokens).await.0, 400);
    let page = visitor.go(setup.authorize(&[])).await;
    assert!(page.url.path().starts_with("/interaction/"), "{page}");
}

#[tokio::test]
async fn a_sign_out_sends_a_logout_token_to_loopback() {
    // The address is known before the provider is: the application's own.
    let shop = ciam_tests::Echo::start().await;
    let told = shop.url("127.0.0.1", "/auth/backchannel-logout");
    let setup = Setup::start(json!({
        "client": {
            "backchannel_logout_uri": told,
            "backchannel_logout_session_required": true,
        },
        "configuration": {
            "conformIdTokenClaims": false,
            "features": {"backchannelLogout": {"enabled": true}},
        },
    }))
    .await;
    let mut visitor = Visitor::new();
    setup.sign_in(&mut visitor, "alice", &[]).await;
    let code = setup.shop.last("/auth/callback").query("code");
    let tokens = setup.exchange(&code.expect("a code")).await;
    let claims = part(&tokens, 1);
    let end = address(
        &format!("{}/session/end", setup.provider.issuer()),
        &[("id_token_hint", tokens["id_token"].as_str().expect("text"))],
    );
    let page = visitor.go(end).await;
    let form = page.form_with("xsrf").press("Yes, sign me out");
    visitor.submit(&form).await;
    let received = shop.last("/auth/backchannel-logout");
    let token = received.field("logout_token").expect("a logout token");
    let token = json!({"id_token": token});
    assert_eq!(part(&token, 0)["typ"], "logout+jwt");
    let told = part(&token, 1);
    for claim in ["iss", "sub", "aud", "sid"] {
        assert!(claims[claim].is_string(), "{claim} in {claims}");
        assert_eq!(told[claim], claims[claim], "{claim}");
    }
    assert!(told["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
}

async fn tokens(setup: &Setup, more: &[(&str, &str)]) -> Value {
    setup.sign_in(&mut Visitor::new(), "alice", more).await;
    let code = setup.shop.last("/auth/callback").query("code");
    setup.exchange(&code.expect("a code")).await
}

async fn refresh(setup: &Setup, tokens: &Value) -> (u16, Value) {
    refresh_with(setup, tokens, &[]).await
}

async fn refresh_with(setup: &Setup, tokens: &Value, more: &[(&str, &str)]) -> (u16, Value) {
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let answer = setup.post("/token", &[&form, more].concat()).await;
    (answer.status().as_u16(), json_of(Ok(answer)).await)
}
