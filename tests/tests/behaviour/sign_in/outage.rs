//! A provider that is not there yet, or no longer: the shop as a program.

use ciam_tests::honest::authority_on;
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, OidcShop, Port, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::Value;

use super::{LOGOUT, TRANSACTION, cookie_names, own_cookies};

cases! {
    at LocalTenant and OidcProvider:
        a_shop_starts_before_its_provider_and_needs_no_restart_when_it_comes,
        whoever_is_signed_in_stays_so_and_can_sign_out_while_the_provider_is_down;
}

const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

async fn a_shop_starts_before_its_provider_and_needs_no_restart_when_it_comes(on: Backend) {
    let port = Port::reserve();
    let (setup, provider) = ShopSetup::new(on.framework).known_to_honest();
    let mut shop = setup.at(&authority_on(on.provider, port.number())).await;

    let mut visitor = Visitor::new();
    let home = visitor.go(shop.url("/")).await;
    assert_eq!(
        home.status,
        StatusCode::OK,
        "the rest of the shop works: {home}"
    );
    let health = visitor.go(shop.url("/healthz")).await;
    assert_eq!(health.status, UNAVAILABLE, "{health}");
    let report: Value = health.json();
    assert_eq!(report["ready"], false);
    assert_eq!(report["metadata"]["last_error"], "transport.connect");
    let page = visitor.go(shop.route("login")).await;
    unavailable(&mut shop, &page, "transport.connect").await;
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0]);

    let provider = provider.port(port.number()).start(on.provider).await;
    let page = visitor.follow(&page, "Sign in again").await;
    let page = provider.sign_in(&mut visitor, page).await;
    assert_eq!(
        page.url.as_str(),
        shop.url("/"),
        "{page}\n{}",
        shop.app.log()
    );
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["name"],
        "Ada"
    );
    let health = visitor.go(shop.url("/healthz")).await;
    assert_eq!(health.status, StatusCode::OK, "{health}");
}

async fn whoever_is_signed_in_stays_so_and_can_sign_out_while_the_provider_is_down(on: Backend) {
    let (shop, provider) = ShopSetup::new(on.framework).with_honest(on.provider).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(shop.url("/account")).await;
    provider.sign_in(&mut visitor, page).await;
    provider.stop().await;
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["name"],
        "Ada"
    );
    let home = visitor.go(shop.url("/")).await;
    let mut leaving = visitor.clone().stopping_before("http://127.0.0.1:");
    leaving.submit(&home.form_to("/auth/logout")).await;
    assert_eq!(shop.me(&mut leaving).await, None, "signed out here");
    assert_eq!(own_cookies(&leaving), cookie_names(&leaving, LOGOUT));
}

async fn unavailable(shop: &mut OidcShop, page: &Page, code: &str) -> String {
    let retry_after = page
        .header("retry-after")
        .and_then(|value| value.parse::<u32>().ok());
    assert!(retry_after.is_some_and(|seconds| seconds > 0), "{page}");
    assert!(page.text().contains("not possible right now"), "{page}");
    shop.failure(page, UNAVAILABLE, code).await
}
