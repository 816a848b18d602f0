//! A customer's own sessions in a real browser, and the page while their store is away.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ciam_tests::honest::{EMAIL, PASSWORD};
use ciam_tests::{Backend, Browser, Redis, ShopSetup, Visitor, cases};

use super::looks::look_at;

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        a_customer_sees_ends_and_misses_sessions;
}

async fn a_customer_sees_ends_and_misses_sessions(on: Backend) {
    let mut redis = Redis::start().await;
    let setup = ShopSetup::new(on.framework).set("CIAM_SESSION_STORE", &redis.address());
    let (shop, provider) = setup.with_honest(on.provider).await;
    for user_agent in [FIREFOX, SAFARI, "a program of the customer's own"] {
        let mut elsewhere = named(user_agent);
        let page = elsewhere.go(shop.url("/account")).await;
        let page = provider.sign_in(&mut elsewhere, page).await;
        assert_eq!(page.url.path(), "/account", "{page}");
    }
    let browser = Browser::start().await;
    browser.go(shop.url("/account")).await;
    browser.fill("email", EMAIL).await;
    browser.fill("password", PASSWORD).await;
    browser.click_css("#submit").await;
    browser.arrive_at(&shop.url("/account")).await;
    browser.click("Where you are signed in").await;
    look_at(&browser, "sessions", "Where you are signed in").await;
    for name in [
        "Firefox on Windows",
        "Safari on iPhone",
        "Unknown browser",
        "Chrome on Linux This one",
    ] {
        let text = browser.text().await;
        assert!(text.contains(name), "{name}: {text}");
    }

    browser.click_css("button[aria-label*='Firefox']").await;
    until_listed(&browser, 3).await;
    browser.click("End all other sessions").await;
    until_listed(&browser, 1).await;

    redis.kill();
    browser.go(shop.url("/account/sessions")).await;
    look_at(&browser, "store-fails", "Please try again in a moment").await;
    assert!(browser.text().await.contains("session.store"));
    // The session is forgotten; the provider knows the customer.
    redis.restart().await;
    browser.click("Try again").await;
    browser.arrive_at(&shop.url("/account/sessions")).await;
    browser.arrive_under("Where you are signed in").await;
    browser.click("End").await;
    browser.arrive_at(&shop.url("/")).await;
    assert_eq!(browser.text_of("#sign-in").await, "Sign in");
    assert_eq!(browser.cookie("ciam-session").await.map(|c| c.name), None);
    browser
        .console_is_clean_but_for(&[("/account/sessions", 503)])
        .await;
}

/// Waits until the page that was left is gone, and so many sessions are listed.
async fn until_listed(browser: &Browser, count: u64) {
    let script = "return document.querySelectorAll('.sessions li').length";
    let listed = async {
        while browser.run(script).await.as_u64() != Some(count) {
            tokio::time::sleep(POLL).await;
        }
    };
    if tokio::time::timeout(LIMIT, listed).await.is_err() {
        panic!("not {count} sessions but:\n{}", browser.text().await);
    }
}

/// Somebody at a browser of this name.
fn named(user_agent: &str) -> Visitor {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .no_proxy()
        .tls_certs_only([])
        .user_agent(user_agent);
    Visitor::with_client(client.build().expect("a client"))
}

const POLL: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(30);

const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) \
    AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
