//! Tabs, the back button, reloading, and sign-ins that nobody finishes.

use ciam_tests::shop::{ADMIN, Shop};
use ciam_tests::{Browser, Framework, cases};
use url::{Url, form_urlencoded};

use super::{ADA, assert_signed_in, assert_signed_out, begin};

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        two_tabs_sign_in_and_each_ends_where_it_began,
        a_second_tab_signed_in_as_somebody_else_takes_over,
        going_back_after_a_sign_in_stays_in_the_shop,
        a_callback_loaded_again_ends_in_the_shop_and_signs_nobody_in_twice,
        a_callback_of_another_browser_signs_nobody_in,
        abandoned_sign_ins_do_not_pile_up;
}

async fn two_tabs_sign_in_and_each_ends_where_it_began(on: Framework) {
    for [first, second] in [[0, 1], [1, 0]] {
        let (shop, browser) = begin(on).await;
        let places = [shop.url("/account?tab=one"), shop.url("/admin?tab=two")];
        browser.go(&places[0]).await;
        browser.arrive_at(&shop.tenant_url("/")).await;
        assert_eq!(browser.new_tab().await, 1);
        browser.go(&places[1]).await;
        browser.arrive_at(&shop.tenant_url("/")).await;
        assert_eq!(browser.count_cookies("ciam-transaction-").await, 2);

        for tab in [first, second] {
            browser.switch_to_tab(tab).await;
            shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
            browser.arrive_at(&places[tab]).await;
            assert_eq!(browser.url().await.as_str(), places[tab]);
            assert_signed_in(&shop, &browser, ADA).await;
        }
        for tab in [first, second] {
            browser.switch_to_tab(tab).await;
            browser.reload().await;
            assert_eq!(browser.url().await.as_str(), places[tab]);
            assert_eq!(browser.status().await, 200);
        }
        assert_eq!(browser.count_cookies("ciam-transaction-").await, 0);
        browser.console_is_clean_but_for(&[]).await;
    }
}

async fn a_second_tab_signed_in_as_somebody_else_takes_over(on: Framework) {
    let (shop, browser) = begin(on).await;
    browser.go(shop.url("/")).await;
    browser.click("Sign in").await;
    browser.arrive_at(&shop.tenant_url("/")).await;
    browser.new_tab().await;
    shop.create_account(&browser, "second@example.com", "Second Tab")
        .await;

    browser.switch_to_tab(0).await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/")).await;
    assert_eq!(browser.text_of("#name").await, ADA);
    browser.switch_to_tab(1).await;
    browser.reload().await;
    assert_eq!(
        browser.text_of("#name").await,
        ADA,
        "one session per browser"
    );
    browser.console_is_clean_but_for(&[]).await;
}

async fn going_back_after_a_sign_in_stays_in_the_shop(on: Framework) {
    let (shop, browser) = begin(on).await;
    browser.go(shop.url("/")).await;
    browser.click("Sign in").await;
    shop.sign_in(&browser, ADMIN.0, "not it").await;
    browser.text_of("#error").await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/")).await;
    browser.click("Your account").await;
    browser.arrive_at(&shop.url("/account")).await;

    // Back over the pages of the sign-in, to the page before it. Of the form that
    // was refused there is nothing to see; all others lead into the shop.
    let refused = shop.tenant_url("/");
    for expected in [shop.url("/"), refused, shop.url("/"), shop.url("/")] {
        browser.back().await;
        let url = browser.url().await;
        if expected == shop.url("/") {
            assert_eq!(url.as_str(), expected);
            assert_eq!(browser.status().await, 200);
            assert_eq!(browser.text_of("#name").await, ADA);
        } else {
            assert!(url.as_str().starts_with(&expected), "{url}");
        }
    }
    let log = shop.log();
    assert_eq!(log.matches("sign_in.completed").count(), 1, "{log}");
    assert!(!log.contains("sign-in failed"), "{log}");
    assert_signed_in(&shop, &browser, ADA).await;
    browser.console_is_clean_but_for(&[("/login", 400)]).await;
}

async fn a_callback_loaded_again_ends_in_the_shop_and_signs_nobody_in_twice(on: Framework) {
    let (shop, browser) = begin(on).await;
    let callback = caught_callback(&shop, &browser).await;

    // The first time it signs in, and every other time it does no harm.
    browser.go(&callback).await;
    assert_eq!(browser.url().await.as_str(), shop.url("/account"));
    for _ in 0..2 {
        browser.go(&callback).await;
        assert_eq!(browser.url().await.as_str(), shop.url("/"));
        assert_eq!(browser.status().await, 200);
        assert_signed_in(&shop, &browser, ADA).await;
    }
    let log = shop.log();
    assert_eq!(log.matches("sign_in.completed").count(), 1, "{log}");
    assert!(!log.contains("sign-in failed"), "{log}");

    // Signed out, it is an address that leads nowhere, and says how to go on.
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;
    browser.go(&callback).await;
    assert_eq!(browser.status().await, 400);
    let text = browser.text().await;
    assert!(text.contains("callback.transaction"), "{text}");
    assert_eq!(shop.log().matches("sign_in.completed").count(), 1);

    // A reload of the error is the same error; the way out works.
    browser.reload().await;
    assert_eq!(browser.status().await, 400);
    assert_signed_out(&shop, &browser).await;
    browser.back().await;
    browser.click("Sign in again").await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/")).await;
    assert_signed_in(&shop, &browser, ADA).await;

    let code = query(&callback, "code");
    let state = query(&callback, "state");
    let log = shop.log();
    assert!(!log.contains(&code) && !log.contains(&state), "{log}");
    let refused = [("/auth/callback", 400), ("/api/me", 401)];
    browser.console_is_clean_but_for(&refused).await;
}

async fn a_callback_of_another_browser_signs_nobody_in(on: Framework) {
    let (shop, browser) = begin(on).await;
    let callback = caught_callback(&shop, &browser).await;
    let other = Browser::start().await;
    other.go(&callback).await;
    assert_eq!(other.status().await, 400);
    let text = other.text().await;
    assert!(text.contains("callback.transaction"), "{text}");
    assert_signed_out(&shop, &other).await;

    // The browser it belongs to still can.
    browser.go(&callback).await;
    assert_eq!(browser.url().await.as_str(), shop.url("/account"));
    assert_signed_in(&shop, &browser, ADA).await;
    browser.console_is_clean_but_for(&[]).await;
    let refused = [("/auth/callback", 400), ("/api/me", 401)];
    other.console_is_clean_but_for(&refused).await;
}

async fn abandoned_sign_ins_do_not_pile_up(on: Framework) {
    let (shop, browser) = begin(on).await;
    for attempt in 1..=10 {
        browser
            .go(shop.url(&format!("/account?attempt={attempt}")))
            .await;
        browser.arrive_at(&shop.tenant_url("/")).await;
        let kept = browser.count_cookies("ciam-transaction-").await;
        assert_eq!(kept, attempt.min(MOST_ATTEMPTS), "after attempt {attempt}");
    }
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/account")).await;
    assert_eq!(
        browser.url().await.as_str(),
        shop.url("/account?attempt=10")
    );
    assert_signed_in(&shop, &browser, ADA).await;
    assert_eq!(
        browser.count_cookies("ciam-transaction-").await,
        MOST_ATTEMPTS - 1
    );
    browser.console_is_clean_but_for(&[]).await;
}

/// Signs in but for the last step: the address of a callback, not yet used.
///
/// The form of the sign-in page is sent by hand, as this browser would.
async fn caught_callback(shop: &Shop, browser: &Browser) -> String {
    browser.go(shop.url("/account")).await;
    browser.arrive_at(&shop.tenant_url("/")).await;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("flow", &browser.value_of("[name=flow]").await)
        .append_pair("email", ADMIN.0)
        .append_pair("password", ADMIN.1)
        .finish();
    let action = browser.run("return document.forms[0].action").await;
    let cookie = browser
        .cookie("ciam-tenant-browser-")
        .await
        .expect("a browser it knows");
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client");
    let answer = client
        .post(action.as_str().expect("an address"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", format!("{}={}", cookie.name, cookie.value))
        .body(form)
        .send()
        .await
        .expect("an answer");
    let callback = answer.headers()["location"].to_str().expect("an address");
    assert!(
        callback.starts_with(&shop.url("/auth/callback?")),
        "{callback}"
    );
    callback.to_owned()
}

fn query(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("an address");
    let mut pairs = url.query_pairs();
    let value = pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned());
    value.unwrap_or_else(|| panic!("no {name} in the callback"))
}

/// Six cookies of sign-in attempts fit into the headers that servers accept.
const MOST_ATTEMPTS: usize = 6;
