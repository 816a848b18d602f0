//! Addresses other than the default ones: the shop's and the provider's.

use ciam_tests::visitor::query;
use ciam_tests::{Forwarded, Framework, OidcProvider, ShopSetup, StrippingProxy, Visitor, cases};
use http::StatusCode;
use serde_json::{Value, json};

use super::{ID_TOKEN, asks_who};

cases! {
    at OidcProvider, because "the program as its operators set it up, at a provider it has never seen":
        the_scopes_that_are_set_are_asked_for_and_no_others,
        the_routes_live_under_the_prefix_that_is_set,
        a_shop_under_a_path_comes_back_to_it_when_the_proxy_keeps_the_host,
        a_shop_under_a_path_comes_back_to_it_when_the_proxy_hides_the_host,
        an_issuer_may_have_a_path,
        an_issuer_may_have_a_path_and_end_with_a_slash,
        an_issuer_may_end_with_a_slash;
}

const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;

async fn the_scopes_that_are_set_are_asked_for_and_no_others(on: Framework) {
    let setup = ShopSetup::new(on).set("CIAM_SCOPES", "openid  email");
    let options = json!({"configuration": {"conformIdTokenClaims": false}});
    let (shop, _provider) = setup.with_provider(options).await;
    let mut visitor = Visitor::new();
    shop.sign_in(&mut visitor, "alice").await;
    let me = shop.me(&mut visitor).await.expect("signed in");
    assert_eq!(me["email"], "alice@example.com");
    assert_eq!(
        me["name"],
        Value::Null,
        "that would be of the scope profile"
    );
    let mut asked = visitor
        .history()
        .iter()
        .filter_map(|e| query(&e.url, "scope"));
    assert_eq!(asked.next().as_deref(), Some("openid email"));
}

async fn the_routes_live_under_the_prefix_that_is_set(on: Framework) {
    let setup = ShopSetup::new(on).set("CIAM_ROUTE_PREFIX", "/konto");
    let (shop, _provider) = setup.with_provider(json!({})).await;
    assert_eq!(shop.route("callback"), shop.url("/konto/callback"));
    let mut visitor = Visitor::new();
    let account = shop.sign_in(&mut visitor, "alice").await;
    assert_eq!(account.url.as_str(), shop.url("/account"), "{account}");
    let me = visitor.go(shop.url("/konto/me")).await;
    assert_eq!(me.json::<Value>()["sub"], "alice");
    let id_token = visitor.cookie(ID_TOKEN).expect("for signing out");
    assert_eq!(id_token.cookie.path(), Some("/konto"));
    for route in ["login", "me", "callback", "signed-out"] {
        let page = visitor.go(shop.url(&format!("/auth/{route}"))).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{page}");
    }
    let bye = shop.sign_out(&mut visitor).await;
    assert_eq!(bye.url.as_str(), shop.url("/konto/signed-out"), "{bye}");
    assert_eq!(shop.me(&mut visitor).await, None);
    // The links of the shop's own pages lead there too.
    let home = visitor.go(shop.url("/")).await;
    let page = visitor.follow(&home, "Sign in").await;
    assert!(asks_who(&page), "{page}");
}

async fn a_shop_under_a_path_comes_back_to_it_when_the_proxy_keeps_the_host(on: Framework) {
    under_a_path(on, Forwarded::Public).await;
}

async fn a_shop_under_a_path_comes_back_to_it_when_the_proxy_hides_the_host(on: Framework) {
    under_a_path(on, Forwarded::Own).await;
}

async fn under_a_path(on: Framework, host: Forwarded) {
    let setup = ShopSetup::new(on);
    let proxy = StrippingProxy::start(setup.port(), host).await;
    let setup = setup.reached_at(&proxy.base_url());
    let (shop, _provider) = setup.with_provider(json!({})).await;
    assert!(shop.url("/account").ends_with("/shop/account"));
    let mut visitor = Visitor::new();
    let account = shop.sign_in(&mut visitor, "alice").await;
    assert_eq!(
        account.url.as_str(),
        shop.url("/account"),
        "{account}\n{}",
        shop.app.log()
    );
    assert_eq!(account.status, StatusCode::OK);
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
    let id_token = visitor.cookie(ID_TOKEN).expect("for signing out");
    assert_eq!(id_token.cookie.path(), Some("/shop/auth"));

    // Every link of the shop's pages stays under the path.
    let home = visitor.go(shop.url("/")).await;
    let account = visitor.follow(&home, "Your account").await;
    assert_eq!(account.url.as_str(), shop.url("/account"));
    let home = visitor.follow(&account, "The Tea Shop").await;
    assert_eq!(home.url.as_str(), shop.url("/"));
    let bye = shop.sign_out(&mut visitor).await;
    assert_eq!(bye.url.as_str(), shop.route("signed-out"), "{bye}");
    assert_eq!(shop.me(&mut visitor).await, None);
    let home = visitor.follow(&bye, "Go to the front page").await;
    assert_eq!(home.url.as_str(), shop.url("/"));
    let page = visitor.follow(&home, "Sign in").await;
    assert!(asks_who(&page), "{page}");

    // A query comes back too.
    let page = visitor.go(shop.url("/account?tab=orders&q=a%20b")).await;
    let page = ciam_tests::finish_sign_in(&mut visitor, page, "alice").await;
    assert_eq!(
        page.url.as_str(),
        shop.url("/account?tab=orders&q=a%20b"),
        "{page}"
    );
}

async fn an_issuer_may_have_a_path(on: Framework) {
    issuer_with(on, "/realms/tea", |issuer| format!("{issuer}/")).await;
}

async fn an_issuer_may_have_a_path_and_end_with_a_slash(on: Framework) {
    issuer_with(on, "/realms/tea/", without_slash).await;
}

async fn an_issuer_may_end_with_a_slash(on: Framework) {
    issuer_with(on, "/", without_slash).await;
}

fn without_slash(issuer: &str) -> String {
    issuer.trim_end_matches('/').to_owned()
}

/// Written as it is, it signs in. Written with a slash more or less, it is refused,
/// and the log says what to set; then `CIAM_ISSUER` is the other way out.
async fn issuer_with(on: Framework, path: &str, misspelt: fn(&str) -> String) {
    let setups = [ShopSetup::new(on), ShopSetup::new(on), ShopSetup::new(on)];
    let clients: Value = setups.iter().map(ShopSetup::registration).collect();
    let options = json!({"path": path, "clients": clients});
    let mut provider = OidcProvider::start(options).await;
    let issuer = provider.issuer().to_owned();
    assert!(issuer.ends_with(path), "{issuer}");
    let [exact, refused, pinned] = setups;

    let mut refused = refused.at(&misspelt(&issuer)).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(refused.url("/account")).await;
    let line = refused.failure(&page, BAD_GATEWAY, "metadata.issuer").await;
    let remedy = format!("set CIAM_AUTHORITY (or CIAM_ISSUER) to exactly {issuer}:");
    assert!(line.contains(&remedy), "{remedy} in {line}");
    assert!(
        !page.body.contains(&issuer),
        "nothing for the visitor: {page}"
    );
    assert_eq!(provider.count("/auth").await, 0);

    let exact = exact.at(&issuer).await;
    let pinned = pinned
        .set("CIAM_ISSUER", &issuer)
        .at(&misspelt(&issuer))
        .await;
    for shop in [exact, pinned] {
        let mut visitor = Visitor::new();
        let account = shop.sign_in(&mut visitor, "alice").await;
        assert_eq!(
            account.url.as_str(),
            shop.url("/account"),
            "{account}\n{}",
            shop.app.log()
        );
        let me = shop.me(&mut visitor).await.expect("signed in");
        assert_eq!(me["claims"]["iss"], issuer);
        let bye = shop.sign_out(&mut visitor).await;
        assert_eq!(bye.url.as_str(), shop.route("signed-out"), "{bye}");
    }
}
