//! Addresses of the shop other than the default ones: the shop as a program, for
//! the links of its pages.

use ciam_tests::honest::Honest;
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, Forwarded, OidcShop, ShopSetup, StrippingProxy, Visitor, cases};
use http::StatusCode;
use serde_json::Value;
use url::Position;
use url::Url;

use super::ID_TOKEN;

cases! {
    at LocalTenant and OidcProvider:
        the_routes_live_under_the_prefix_that_is_set,
        a_shop_under_a_path_comes_back_to_it_when_the_proxy_keeps_the_host,
        a_shop_under_a_path_comes_back_to_it_when_the_proxy_hides_the_host;
}

async fn the_routes_live_under_the_prefix_that_is_set(on: Backend) {
    let setup = ShopSetup::new(on.framework).set("CIAM_ROUTE_PREFIX", "/konto");
    let (shop, provider) = setup.with_honest(on.provider).await;
    assert_eq!(shop.route("callback"), shop.url("/konto/callback"));
    let mut visitor = Visitor::new();
    let account = sign_in(&shop, &provider, &mut visitor).await;
    assert_eq!(account.url.as_str(), shop.url("/account"), "{account}");
    let me = visitor.go(shop.url("/konto/me")).await;
    assert_eq!(me.json::<Value>()["name"], "Ada");
    let id_token = visitor.cookie(ID_TOKEN).expect("for signing out");
    assert_eq!(id_token.cookie.path(), Some("/konto"));
    for route in ["login", "me", "callback", "signed-out"] {
        let page = visitor.go(shop.url(&format!("/auth/{route}"))).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{page}");
    }
    let bye = sign_out(&shop, &provider, &mut visitor).await;
    assert_eq!(
        &bye.url[..Position::AfterPath],
        shop.url("/konto/signed-out"),
        "{bye}"
    );
    assert_eq!(shop.me(&mut visitor).await, None);
    // The links of the shop's own pages lead there too.
    let home = visitor.go(shop.url("/")).await;
    let page = visitor.follow(&home, "Sign in").await;
    assert!(provider.asks(&page), "{page}");
}

async fn a_shop_under_a_path_comes_back_to_it_when_the_proxy_keeps_the_host(on: Backend) {
    under_a_path(on, Forwarded::Public).await;
}

async fn a_shop_under_a_path_comes_back_to_it_when_the_proxy_hides_the_host(on: Backend) {
    under_a_path(on, Forwarded::Own).await;
}

async fn under_a_path(on: Backend, host: Forwarded) {
    let setup = ShopSetup::new(on.framework);
    let proxy = StrippingProxy::start(setup.port(), host).await;
    let setup = setup.reached_at(&proxy.base_url());
    let (shop, provider) = setup.with_honest(on.provider).await;
    assert!(shop.url("/account").ends_with("/shop/account"));
    let mut visitor = Visitor::new();
    let account = sign_in(&shop, &provider, &mut visitor).await;
    assert_eq!(
        account.url.as_str(),
        shop.url("/account"),
        "{account}\n{}",
        shop.app.log()
    );
    assert_eq!(account.status, StatusCode::OK);
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["name"],
        "Ada"
    );
    let id_token = visitor.cookie(ID_TOKEN).expect("for signing out");
    assert_eq!(id_token.cookie.path(), Some("/shop/auth"));

    // Every link of the shop's pages stays under the path.
    let home = visitor.go(shop.url("/")).await;
    let account = visitor.follow(&home, "Your account").await;
    assert_eq!(account.url.as_str(), shop.url("/account"));
    let home = visitor.follow(&account, "The Tea Shop").await;
    assert_eq!(home.url.as_str(), shop.url("/"));
    let bye = sign_out(&shop, &provider, &mut visitor).await;
    assert_eq!(
        &bye.url[..Position::AfterPath],
        shop.route("signed-out"),
        "{bye}"
    );
    assert_eq!(shop.me(&mut visitor).await, None);
    let home = visitor.follow(&bye, "Go to the front page").await;
    assert_eq!(home.url.as_str(), shop.url("/"));
    let page = visitor.follow(&home, "Sign in").await;
    assert!(provider.asks(&page), "{page}");

    // A query comes back too.
    let page = visitor.go(shop.url("/account?tab=orders&q=a%20b")).await;
    let page = provider.sign_in(&mut visitor, page).await;
    assert_eq!(
        page.url.as_str(),
        shop.url("/account?tab=orders&q=a%20b"),
        "{page}"
    );
}

async fn sign_in(shop: &OidcShop, provider: &Honest, visitor: &mut Visitor) -> Page {
    let page = visitor.go(shop.url("/account")).await;
    provider.sign_in(visitor, page).await
}

async fn sign_out(shop: &OidcShop, provider: &Honest, visitor: &mut Visitor) -> Page {
    let home = visitor.go(shop.url("/")).await;
    let logout = Url::parse(&shop.route("logout")).expect("an address");
    let page = visitor.submit(&home.form_to(logout.path())).await;
    provider.sign_out(visitor, page).await
}
