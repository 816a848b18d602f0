//! Users about whom the provider has much to say at its userinfo endpoint.

use ciam_tests::visitor::Page;
use ciam_tests::{Framework, OidcProvider, OidcShop, ShopSetup, Visitor, cases, finish_sign_in};
use http::StatusCode;
use serde_json::{Value, json};
use url::Position;

use super::{ID_TOKEN, SESSION, TRANSACTION, cookie_names};

cases! {
    at OidcProvider, because "the userinfo of the local tenant has a few fixed members, as Microsoft Graph's has":
        many_claims_of_userinfo_are_spread_over_several_cookies,
        claims_of_userinfo_that_do_not_fit_fail_the_sign_in_and_the_log_names_the_largest;
}

const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;
const INTERNAL: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

/// Object ids, as Entra has them: 39 bytes each in JSON.
fn groups(bytes: usize) -> Vec<String> {
    (0..bytes / 39)
        .map(|n| format!("aaaabbbb-0000-cccc-1111-{n:012}"))
        .collect()
}

/// Accounts named after the size of their groups, which are in userinfo only.
async fn start(on: Framework) -> (OidcShop, OidcProvider) {
    let setup = ShopSetup::new(on).set("CIAM_USERINFO", "true");
    let account = |bytes: usize| json!({"groups": groups(bytes), "bio": "b".repeat(bytes / 20)});
    let options = json!({
        "accounts": {"small": account(0), "9k": account(9_000), "20k": account(20_000),
            "200k": account(200_000)},
        "configuration": {
            "conformIdTokenClaims": true,
            "claims": {"openid": ["sub"], "email": ["email"], "profile": ["name", "groups", "bio"]},
        },
    });
    setup.with_provider(options).await
}

async fn sign_in_as(shop: &OidcShop, visitor: &mut Visitor, name: &str) -> Page {
    let page = visitor
        .go(format!("{}?prompt=login", shop.route("login")))
        .await;
    finish_sign_in(visitor, page, name).await
}

fn group_count(me: &Option<Value>) -> Option<usize> {
    me.as_ref()?["claims"]["groups"].as_array().map(Vec::len)
}

async fn many_claims_of_userinfo_are_spread_over_several_cookies(on: Framework) {
    let (shop, _provider) = start(on).await;
    let mut visitor = Visitor::new();
    let page = sign_in_as(&shop, &mut visitor, "9k").await;
    assert_eq!(
        page.url.as_str(),
        shop.url("/"),
        "{page}\n{}",
        shop.app.log()
    );
    let chunks = cookie_names(&visitor, SESSION);
    assert!((2..=4).contains(&chunks.len()), "{chunks:?}");
    let refused = visitor
        .history()
        .iter()
        .map(|exchange| exchange.refused_cookies.len());
    assert_eq!(refused.sum::<usize>(), 0, "a browser keeps them all");
    let all = groups(9_000).len();
    assert_eq!(group_count(&shop.me(&mut visitor).await), Some(all));
    assert_eq!(
        group_count(&shop.me(&mut visitor).await),
        Some(all),
        "and the next time"
    );

    // Somebody about whom there is less to say leaves no chunk of the other behind.
    let mut switching = visitor.clone();
    sign_in_as(&shop, &mut switching, "small").await;
    assert_eq!(cookie_names(&switching, SESSION).len(), 1);
    assert_eq!(cookie_names(&switching, ID_TOKEN).len(), 1);
    let me = shop.me(&mut switching).await;
    assert_eq!(me.as_ref().expect("signed in")["sub"], "small");
    assert_eq!(group_count(&me), Some(0));
    // And back again.
    sign_in_as(&shop, &mut switching, "9k").await;
    assert_eq!(cookie_names(&switching, SESSION), chunks);
    assert_eq!(group_count(&shop.me(&mut switching).await), Some(all));

    let bye = shop.sign_out(&mut switching).await;
    assert_eq!(
        &bye.url[..Position::AfterPath],
        shop.route("signed-out"),
        "{bye}"
    );
    assert_eq!(
        cookie_names(&switching, "ciam-"),
        [""; 0],
        "every chunk is gone"
    );
    assert_eq!(shop.me(&mut switching).await, None);
}

async fn claims_of_userinfo_that_do_not_fit_fail_the_sign_in_and_the_log_names_the_largest(
    on: Framework,
) {
    let (mut shop, _provider) = start(on).await;
    for (name, status, code) in [
        ("20k", INTERNAL, "session.too_large"),
        // More than is read of any claims.
        ("200k", BAD_GATEWAY, "claims.too_large"),
    ] {
        let mut visitor = Visitor::new();
        let page = sign_in_as(&shop, &mut visitor, name).await;
        let line = shop.failure(&page, status, code).await;
        assert!(line.contains("bytes"), "{line}");
        largest_are_named(&mut shop, code).await;
        nobody_is_signed_in(&shop, &mut visitor, &page).await;
    }

    // Whoever was signed in before stays so.
    let mut visitor = Visitor::new();
    sign_in_as(&shop, &mut visitor, "small").await;
    let page = sign_in_as(&shop, &mut visitor, "20k").await;
    shop.failure(&page, INTERNAL, "session.too_large").await;
    assert_eq!(shop.me(&mut visitor).await.expect("still")["sub"], "small");
}

/// Names and sizes, and nothing of what is in them.
async fn largest_are_named(shop: &mut OidcShop, code: &str) {
    let line = shop.app.logged(&[code, "largest"]).await;
    let (groups, bio) = (line.find("groups"), line.find("bio"));
    assert!(
        groups.is_some() && groups < bio,
        "the largest first: {line}"
    );
    let log = shop.app.log();
    assert!(
        !log.contains("aaaabbbb-0000-cccc") && !log.contains("bbbbbbbb"),
        "{log}"
    );
}

async fn nobody_is_signed_in(shop: &OidcShop, visitor: &mut Visitor, page: &Page) {
    assert!(
        !page.body.contains("groups"),
        "nothing for the visitor: {page}"
    );
    assert_eq!(cookie_names(visitor, "ciam-"), [""; 0]);
    assert_eq!(cookie_names(visitor, TRANSACTION), [""; 0]);
    assert_eq!(shop.me(visitor).await, None);
}
