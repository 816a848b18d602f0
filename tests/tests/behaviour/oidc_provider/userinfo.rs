//! Claims that the provider gives out at its userinfo endpoint only.

use ciam_tests::{Framework, ShopSetup, Visitor, cases};
use serde_json::{Value, json};

cases! {
    at OidcProvider, because "the local tenant has in its ID tokens whatever it has in userinfo, but a picture":
        an_address_that_is_in_userinfo_only_is_known_with_ciam_userinfo;
}

async fn an_address_that_is_in_userinfo_only_is_known_with_ciam_userinfo(on: Framework) {
    let options = json!({
        "configuration": {"conformIdTokenClaims": true},
        "accounts": {"bob": {"email": "bob@shop.example", "name": "Bob"}},
    });
    let setups = [
        ShopSetup::new(on).set("CIAM_USERINFO", "true"),
        ShopSetup::new(on),
    ];
    let ([asking, content], mut provider) = ShopSetup::all_with_provider(setups, options).await;

    let mut visitor = Visitor::new();
    content.sign_in(&mut visitor, "bob").await;
    let me = content.me(&mut visitor).await.expect("signed in");
    assert_eq!(me["sub"], "bob");
    assert_eq!(me["email"], Value::Null);
    assert_eq!(me["name"], Value::Null);
    let home = visitor.go(content.url("/")).await;
    assert!(home.text().contains("Good to see you, customer"), "{home}");
    assert_eq!(provider.count("/me").await, 0);

    let mut visitor = Visitor::new();
    asking.sign_in(&mut visitor, "bob").await;
    let me = asking.me(&mut visitor).await.expect("signed in");
    assert_eq!(me["sub"], "bob");
    assert_eq!(me["email"], "bob@shop.example");
    assert_eq!(me["name"], "Bob");
    assert_eq!(me["claims"]["email_verified"], true);
    assert_eq!(me["claims"]["iss"], provider.issuer());
    assert_eq!(provider.count("/me").await, 1);
    assert_eq!(provider.count("/me with Bearer").await, 1);
}
