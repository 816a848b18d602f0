//! The shops with nothing changed but settings.

use std::time::{Duration, Instant};

use ciam_tests::{Framework, OidcShop, Redis, ShopSetup, Visitor};
use http::StatusCode;

#[tokio::test]
async fn the_axum_shop_keeps_sessions_in_redis_by_settings_alone() {
    settings_alone(Framework::Axum).await;
}

#[tokio::test]
async fn the_actix_shop_keeps_sessions_in_redis_by_settings_alone() {
    settings_alone(Framework::Actix).await;
}

async fn settings_alone(framework: Framework) {
    let mut redis = Redis::start_with_tls().await;
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, redis.ca_pem()).expect("a file");
    let setup = ShopSetup::new(framework)
        .set("CIAM_SESSION_STORE", &redis.address())
        .set("CIAM_CA_FILE", ca_file.to_str().expect("UTF-8"));
    let (mut shop, _provider) = setup.with_provider(serde_json::json!({})).await;
    let mut visitor = Visitor::new();
    let page = shop.sign_in(&mut visitor, "ada").await;
    assert_eq!(page.status, StatusCode::OK, "{page}");
    let count = "return #redis.call('KEYS', 'ciam:s:*')";
    assert_eq!(redis.cli(&["EVAL", count, "0"]), "1");

    // Ten requests with a session read it ten times, and ask nothing else.
    let before = redis.calls();
    for _ in 0..10 {
        let page = visitor.go(shop.url("/account")).await;
        assert_eq!(page.status, StatusCode::OK, "{page}");
    }
    let calls = redis.calls().into_iter().filter_map(|(name, count)| {
        let count = count - before.get(&name).copied().unwrap_or(0);
        (count > 0 && name != "info").then_some((name, count))
    });
    assert_eq!(calls.collect::<Vec<_>>(), [("hmget".to_owned(), 10)]);

    redis.kill();
    let page = visitor.go(shop.url("/account")).await;
    let line = shop
        .app
        .logged(&["session.store", "cannot be reached"])
        .await;
    assert!(!line.contains("ciam:s:"), "{line}");
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
    // Whoever has no session is served.
    let page = Visitor::new().go(shop.url("/")).await;
    assert_eq!(page.status, StatusCode::OK, "{page}");

    redis.restart().await;
    comes_back(&mut shop, &mut visitor).await;
}

/// The sessions are forgotten, and somebody signs in anew.
async fn comes_back(shop: &mut OidcShop, visitor: &mut Visitor) {
    let start = Instant::now();
    loop {
        let page = shop.sign_in(visitor, "ada").await;
        if page.status == StatusCode::OK && shop.me(visitor).await.is_some() {
            return;
        }
        assert!(start.elapsed() < LIMIT, "{page}\n{}", shop.app.log());
        tokio::time::sleep(crate::POLL).await;
    }
}

const LIMIT: Duration = Duration::from_secs(20);
