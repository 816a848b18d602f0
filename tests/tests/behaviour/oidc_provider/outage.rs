//! A provider that is down or slow.

use std::time::Duration;

use ciam_tests::visitor::Page;
use ciam_tests::{Framework, OidcProvider, OidcShop, Port, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::{Value, json};

use super::{TRANSACTION, cookie_names};

cases! {
    at OidcProvider, because "the program as its operators set it up, at a provider it has never seen":
        a_shop_starts_before_its_provider_and_needs_no_restart_when_it_comes,
        whoever_is_signed_in_stays_so_and_can_sign_out_while_the_provider_is_down,
        a_slow_provider_costs_the_sign_ins_it_is_slow_in_and_no_other;
}

const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

async fn a_shop_starts_before_its_provider_and_needs_no_restart_when_it_comes(on: Framework) {
    let port = Port::reserve();
    let setup = ShopSetup::new(on);
    let clients = json!([setup.registration()]);
    let mut shop = setup
        .at(&format!("http://127.0.0.1:{}", port.number()))
        .await;

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

    let options = json!({"port": port.number(), "clients": clients});
    let _provider = OidcProvider::start(options).await;
    let page = visitor.follow(&page, "Sign in again").await;
    let page = ciam_tests::finish_sign_in(&mut visitor, page, "alice").await;
    assert_eq!(
        page.url.as_str(),
        shop.url("/"),
        "{page}\n{}",
        shop.app.log()
    );
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
    let health = visitor.go(shop.url("/healthz")).await;
    assert_eq!(health.status, StatusCode::OK, "{health}");
}

async fn whoever_is_signed_in_stays_so_and_can_sign_out_while_the_provider_is_down(on: Framework) {
    let (shop, provider) = ShopSetup::new(on).with_provider(json!({})).await;
    let mut visitor = Visitor::new();
    shop.sign_in(&mut visitor, "alice").await;
    drop(provider);
    assert_eq!(
        shop.me(&mut visitor).await.expect("signed in")["sub"],
        "alice"
    );
    let home = visitor.go(shop.url("/")).await;
    let mut leaving = visitor.clone().stopping_before("http://127.0.0.1:");
    leaving.submit(&home.form_to("/auth/logout")).await;
    assert_eq!(shop.me(&mut leaving).await, None, "signed out here");
    assert_eq!(cookie_names(&leaving, "ciam-"), [""; 0]);
}

async fn a_slow_provider_costs_the_sign_ins_it_is_slow_in_and_no_other(on: Framework) {
    let setup = ShopSetup::new(on)
        .set("CIAM_HTTP_TIMEOUT", "2s")
        .set("CIAM_USERINFO", "true");
    let (mut shop, mut provider) = setup.with_provider(json!({})).await;
    // Keys first: they are not asked for again once they are there.
    for path in [
        "/.well-known/openid-configuration",
        "/jwks",
        "/token",
        "/me",
    ] {
        provider.delay(path, Duration::from_secs(3)).await;
        let before = provider.count(path).await;
        let mut visitor = Visitor::new();
        let page = shop.sign_in(&mut visitor, "alice").await;
        assert_eq!(provider.count(path).await, before + 1, "{path}");
        let line = unavailable(&mut shop, &page, "transport.timeout").await;
        assert!(line.contains("2000 ms"), "{line}");
        assert_eq!(shop.me(&mut visitor).await, None, "{path}");
        assert_eq!(
            cookie_names(&visitor, "ciam-"),
            [""; 0],
            "{path}: the attempt is over"
        );

        provider.delay(path, Duration::ZERO).await;
        if path == "/token" || path == "/me" {
            let page = visitor.follow(&page, "Sign in again").await;
            assert_eq!(
                page.url.as_str(),
                shop.url("/account"),
                "{path}: {page}\n{}",
                shop.app.log()
            );
            assert_eq!(
                shop.me(&mut visitor).await.expect("signed in")["sub"],
                "alice"
            );
        }
    }
}

async fn unavailable(shop: &mut OidcShop, page: &Page, code: &str) -> String {
    let retry_after = page
        .header("retry-after")
        .and_then(|value| value.parse::<u32>().ok());
    assert!(retry_after.is_some_and(|seconds| seconds > 0), "{page}");
    assert!(page.text().contains("not possible right now"), "{page}");
    shop.failure(page, UNAVAILABLE, code).await
}
