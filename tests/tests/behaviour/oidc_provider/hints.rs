//! What the visitor wants of the provider, and a provider that says no.

use ciam_tests::visitor::{Page, query};
use ciam_tests::{Framework, OidcProvider, OidcShop, ShopSetup, Visitor, cases, finish_sign_in};
use http::{Method, StatusCode};
use serde_json::json;

use super::{TRANSACTION, asks_who, cookie_names};

cases! {
    at OidcProvider, because "the program as its operators set it up, at a provider it has never seen":
        whoever_cancels_at_the_provider_reads_so_and_can_sign_in_again,
        hints_reach_the_provider_and_nothing_else_does,
        prompt_login_asks_again_who_it_is,
        prompt_none_without_a_session_is_answered_with_a_page,
        signing_up_asks_for_the_page_that_creates_an_account,
        a_hint_that_is_not_passed_on_is_refused_here;
}

const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;

async fn whoever_cancels_at_the_provider_reads_so_and_can_sign_in_again(on: Framework) {
    let form_post = ShopSetup::new(on).set("CIAM_RESPONSE_MODE", "form_post");
    let setups = [ShopSetup::new(on), form_post];
    let (shops, _provider) = ShopSetup::all_with_provider(setups, json!({})).await;
    for (mut shop, method) in shops.into_iter().zip([Method::GET, Method::POST]) {
        let mut visitor = Visitor::new();
        let page = visitor.go(shop.url("/account")).await;
        assert_eq!(cookie_names(&visitor, TRANSACTION).len(), 1);
        let page = visitor.follow(&page, "[ Cancel ]").await;
        let line = shop.failure(&page, BAD_REQUEST, "callback.provider").await;
        assert!(line.contains("access_denied"), "{line}");
        assert!(page.text().contains("Sign-in was cancelled"), "{page}");
        assert!(
            !page.body.contains("aborted"),
            "not the provider's words: {page}"
        );
        let last = visitor.history().last().expect("the callback");
        assert_eq!(last.method, method);
        assert_eq!(
            cookie_names(&visitor, "ciam-"),
            [""; 0],
            "the attempt is over"
        );

        let home = visitor.follow(&page, "Go to the front page").await;
        assert_eq!(home.url.as_str(), shop.url("/"));
        let page = visitor.follow(&page, "Sign in again").await;
        let page = finish_sign_in(&mut visitor, page, "alice").await;
        assert_eq!(page.url.as_str(), shop.url("/account"), "{page}");
        assert_eq!(
            shop.me(&mut visitor).await.expect("signed in")["sub"],
            "alice"
        );
    }
}

async fn hints_reach_the_provider_and_nothing_else_does(on: Framework) {
    let (shop, provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    let hints = "login_hint=ada%2Bshop%40example.com&ui_locales=nb%20de&domain_hint=example.com";
    let others = "scope=admin&redirect_uri=https%3A%2F%2Fevil.example&max_age=1&claims=%7B%7D";
    let page = visitor
        .go(format!("{}?{hints}&{others}", shop.route("login")))
        .await;
    assert!(asks_who(&page), "{page}");
    let form = page.form_with("login");
    assert_eq!(
        form.value("login"),
        Some("ada+shop@example.com"),
        "the provider read it"
    );
    let asked = authorization(&visitor, &provider);
    let value = |name: &str| query(&asked, name);
    assert_eq!(value("login_hint").as_deref(), Some("ada+shop@example.com"));
    assert_eq!(value("ui_locales").as_deref(), Some("nb de"));
    assert_eq!(value("domain_hint").as_deref(), Some("example.com"));
    assert_eq!(value("scope").as_deref(), Some("openid profile email"));
    assert_eq!(value("redirect_uri"), Some(shop.route("callback")));
    assert_eq!(value("code_challenge_method").as_deref(), Some("S256"));
    for absent in ["max_age", "claims", "prompt", "response_mode"] {
        assert_eq!(value(absent), None, "{absent}");
    }
}

async fn prompt_login_asks_again_who_it_is(on: Framework) {
    let (shop, _provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    shop.sign_in(&mut visitor, "alice").await;
    let page = visitor.go(shop.route("login")).await;
    assert_eq!(
        page.url.as_str(),
        shop.url("/"),
        "the provider knows who it is: {page}"
    );
    let page = visitor
        .go(format!("{}?prompt=login", shop.route("login")))
        .await;
    assert!(asks_who(&page), "{page}");
    finish_sign_in(&mut visitor, page, "bob").await;
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["sub"],
        "bob"
    );
}

async fn prompt_none_without_a_session_is_answered_with_a_page(on: Framework) {
    let (mut shop, _provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    let page = visitor
        .go(format!("{}?prompt=none", shop.route("login")))
        .await;
    let line = refused(&mut shop, &page).await;
    assert!(line.contains("login_required"), "{line}");
    assert_eq!(shop.me(&mut visitor).await, None);
    assert_eq!(cookie_names(&visitor, "ciam-"), [""; 0]);

    let page = visitor.follow(&page, "Sign in again").await;
    finish_sign_in(&mut visitor, page, "alice").await;
    // With a session there is nothing to ask.
    let page = visitor
        .go(format!("{}?prompt=none", shop.route("login")))
        .await;
    assert_eq!(page.url.as_str(), shop.url("/"), "{page}");
}

async fn signing_up_asks_for_the_page_that_creates_an_account(on: Framework) {
    let (mut shop, provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    let home = visitor.go(shop.url("/")).await;
    let page = visitor.follow(&home, "Create account").await;
    let asked = authorization(&visitor, &provider);
    assert_eq!(query(&asked, "prompt").as_deref(), Some("create"));
    // oidc-provider knows no such prompt, and says so to the callback.
    let line = refused(&mut shop, &page).await;
    assert!(line.contains("invalid_request"), "{line}");
    assert!(
        line.contains("unsupported prompt value requested"),
        "{line}"
    );
    assert_eq!(cookie_names(&visitor, "ciam-"), [""; 0]);
}

async fn a_hint_that_is_not_passed_on_is_refused_here(on: Framework) {
    let (mut shop, mut provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    for hint in [
        "prompt=create",
        "prompt=login%20none",
        "prompt=LOGIN",
        "login_hint=a%0D%0Ab",
    ] {
        let page = visitor.go(format!("{}?{hint}", shop.route("login"))).await;
        shop.failure(&page, BAD_REQUEST, "login.hint").await;
    }
    assert_eq!(provider.count("/auth").await, 0);
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0]);
}

async fn refused(shop: &mut OidcShop, page: &Page) -> String {
    assert!(page.text().contains("Sign-in did not succeed"), "{page}");
    shop.failure(page, BAD_REQUEST, "callback.provider").await
}

/// The last authorization request that the visitor carried to the provider.
fn authorization(visitor: &Visitor, provider: &OidcProvider) -> url::Url {
    let endpoint = format!("{}/auth?", provider.issuer());
    let mut asked = visitor.history().iter().rev().map(|exchange| &exchange.url);
    let asked = asked.find(|url| url.as_str().starts_with(&endpoint));
    asked.expect("the provider was asked").clone()
}
