//! An algorithm or a secret that does not fit, and keys that change.

use ciam_tests::{Framework, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::json;

cases! {
    at OidcProvider, because "the program as its operators set it up, at a provider it has never seen":
        a_client_registered_for_another_algorithm_is_told_which_setting_to_change,
        a_provider_without_rs256_needs_no_setting_for_what_it_names_first,
        a_wrong_secret_is_told_which_settings_to_check,
        keys_rotated_between_two_sign_ins_are_fetched_once_more,
        keys_rotated_between_their_fetch_and_the_token_are_fetched_again_at_once;
}

const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;

async fn a_client_registered_for_another_algorithm_is_told_which_setting_to_change(on: Framework) {
    let client = json!({"id_token_signed_response_alg": "ES256"});
    let setup = ShopSetup::new(on).client(client);
    let options = json!({"algorithms": ["RS256", "ES256"]});
    let (mut shop, mut provider) = setup.with_provider(options).await;
    let mut visitor = Visitor::new();
    let page = shop.sign_in(&mut visitor, "alice").await;
    let line = shop.failure(&page, BAD_GATEWAY, "token.alg_mismatch").await;
    for text in ["ES256", "RS256", "CIAM_ID_TOKEN_ALG"] {
        assert!(line.contains(text), "{text} in {line}");
    }
    assert_eq!(shop.me(&mut visitor).await, None);
    // Nothing of it is for the visitor, and other keys would not help.
    assert!(!page.body.contains("ES256"), "{page}");
    assert_eq!(provider.count("/jwks").await, 1);
}

async fn a_provider_without_rs256_needs_no_setting_for_what_it_names_first(on: Framework) {
    let registered_for = |algorithm: &str| {
        ShopSetup::new(on).client(json!({"id_token_signed_response_alg": algorithm}))
    };
    let setups = [registered_for("ES256"), registered_for("EdDSA")];
    let options = json!({"algorithms": ["ES256", "EdDSA"]});
    let ([first, mut second], _provider) = ShopSetup::all_with_provider(setups, options).await;
    let mut visitor = Visitor::new();
    first.sign_in(&mut visitor, "alice").await;
    assert_eq!(
        first.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
    let mut visitor = Visitor::new();
    let page = second.sign_in(&mut visitor, "alice").await;
    second
        .failure(&page, BAD_GATEWAY, "token.alg_mismatch")
        .await;
}

async fn a_wrong_secret_is_told_which_settings_to_check(on: Framework) {
    let setup = ShopSetup::new(on).set("CIAM_CLIENT_SECRET", "another-secret");
    let (mut shop, _provider) = setup.with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    let page = shop.sign_in(&mut visitor, "alice").await;
    let line = shop
        .failure(&page, BAD_GATEWAY, "token_endpoint.refused")
        .await;
    for text in [
        "401",
        "invalid_client",
        "CIAM_CLIENT_SECRET",
        "CIAM_CLIENT_AUTH",
    ] {
        assert!(line.contains(text), "{text} in {line}");
    }
    assert!(!line.contains("another-secret"), "{line}");
    assert!(!page.body.contains("invalid_client"), "{page}");
    assert_eq!(shop.me(&mut visitor).await, None);
}

async fn keys_rotated_between_two_sign_ins_are_fetched_once_more(on: Framework) {
    let (shop, mut provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    for fetches in 1..=3 {
        for login in ["alice", "bob"] {
            let mut somebody = Visitor::new();
            shop.sign_in(&mut somebody, login).await;
            let me = shop.me(&mut somebody).await;
            assert_eq!(
                me.unwrap_or_else(|| panic!("{}", shop.app.log()))["sub"],
                login
            );
        }
        assert_eq!(
            provider.count("/jwks").await,
            fetches,
            "both with one fetch"
        );
        if fetches == 1 {
            shop.sign_in(&mut visitor, "carol").await;
            provider.rotate_keys().await;
        } else {
            provider.rotate_and_keep_keys().await;
        }
    }
    let me = shop
        .me(&mut visitor)
        .await
        .expect("a session outlives the key");
    assert_eq!(me["sub"], "carol");
    assert_eq!(provider.count("/.well-known/openid-configuration").await, 1);
}

async fn keys_rotated_between_their_fetch_and_the_token_are_fetched_again_at_once(on: Framework) {
    let (shop, mut provider) = ShopSetup::new(on).with_provider(json!({})).await;
    provider.rotate_after_key_fetch().await;
    let mut visitor = Visitor::new();
    // The health probe fetches keys, and what signs the ID token comes after them.
    let health = visitor.go(shop.url("/healthz")).await;
    assert_eq!(health.status, StatusCode::OK, "{health}");
    assert_eq!(provider.count("/jwks").await, 1);
    shop.sign_in(&mut visitor, "alice").await;
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
    assert_eq!(provider.count("/jwks").await, 2);
    assert_eq!(
        provider.count("/token").await,
        1,
        "the code is exchanged once"
    );
}
