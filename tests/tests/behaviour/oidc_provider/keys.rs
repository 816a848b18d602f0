//! Algorithms other than RS256, expected and not.

use ciam_tests::{Framework, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::json;

cases! {
    at OidcProvider, because "the local tenant signs with RS256 only, as Entra does":
        a_client_registered_for_another_algorithm_is_told_which_setting_to_change,
        a_provider_without_rs256_needs_no_setting_for_what_it_names_first;
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
