//! A provider that is slow.

use std::time::Duration;

use ciam_tests::visitor::Page;
use ciam_tests::{Framework, OidcShop, ShopSetup, Visitor, cases};
use http::StatusCode;
use serde_json::json;

use super::cookie_names;

cases! {
    at OidcProvider, because "it needs a provider that can be slowed down, one address at a time":
        a_slow_provider_costs_the_sign_ins_it_is_slow_in_and_no_other;
}

const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

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
