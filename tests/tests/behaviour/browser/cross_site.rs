//! Other host names, other origins, other sites.

use ciam_tests::shop::ADMIN;
use ciam_tests::{Echo, Framework, cases};
use url::form_urlencoded;

use super::{ADA, assert_signed_in, begin};

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        a_shop_opened_by_its_number_signs_in_under_its_name,
        pages_elsewhere_cannot_sign_a_customer_out;
}

async fn a_shop_opened_by_its_number_signs_in_under_its_name(on: Framework) {
    let (shop, browser) = begin(on).await;
    browser.go(shop.url_by_number("/")).await;
    browser.click("Sign in").await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/")).await;
    assert_eq!(browser.url().await.as_str(), shop.url("/"));
    assert_eq!(browser.text_of("#name").await, ADA);
    let mut hosts: Vec<_> = browser.cookies().await;
    hosts.retain(|cookie| cookie.domain == "127.0.0.1" && !cookie.name.contains("tenant"));
    assert_eq!(hosts.len(), 0, "{hosts:?}");
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;

    // The same from a page that needs a sign-in, and to create an account.
    browser.go(shop.url_by_number("/account?from=number")).await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/account")).await;
    assert_eq!(
        browser.url().await.as_str(),
        shop.url("/account?from=number")
    );
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;
    browser.go(shop.url_by_number("/")).await;
    browser.click("Create account").await;
    browser.arrive_at(&shop.tenant_url("/")).await;
    assert_eq!(browser.text_of("h1").await, "Create account");
    browser.console_is_clean_but_for(&[]).await;
}

async fn pages_elsewhere_cannot_sign_a_customer_out(on: Framework) {
    let (shop, browser) = begin(on).await;
    let elsewhere = Echo::start().await;
    browser.go(shop.url("/account")).await;
    shop.sign_in(&browser, ADMIN.0, ADMIN.1).await;
    browser.arrive_at(&shop.url("/account")).await;

    let logout = shop.url("/auth/logout");
    // A form, a picture, and a script that asks as soon as it may.
    let html = format!(
        "<form method=post action='{logout}'><button>Win a prize</button></form>\
         <img src='{logout}' alt='' onerror=\"this.outerHTML = '<p id=no-picture>None</p>'\">\
         <p id=asked hidden>Asked</p><script>\
         fetch('{logout}', {{method: 'POST', mode: 'no-cors', credentials: 'include'}})\
         .then(() => {{ asked.hidden = false; asked.id = 'answered'; }})</script>"
    );
    let page: String = form_urlencoded::Serializer::new(String::from("/?"))
        .append_pair("html", &html)
        .finish();
    // Another site, and another origin of the same site, whose requests bring
    // the session cookie along.
    for host in ["127.0.0.1", "localhost"] {
        browser.go(elsewhere.url(host, &page)).await;
        browser.text_of("#no-picture").await;
        browser.text_of("#answered").await;
        browser.click("Win a prize").await;
        browser.arrive_at(&logout).await;
        browser.arrive_under(REFUSED).await;
        assert_eq!(browser.status().await, 403, "{host}");
        assert!(browser.text().await.contains("visit.cross_site"), "{host}");
        browser.click("Go to the front page").await;
        browser.arrive_under(GREETING).await;
        assert_signed_in(&shop, &browser, ADA).await;
    }
    let log = shop.log();
    assert_eq!(log.matches("visit.cross_site").count(), 4, "{log}");

    // The tenant's own page is elsewhere, too.
    browser.go(shop.tenant_url("/")).await;
    let script = format!(
        "const form = document.createElement('form');
         form.method = 'post'; form.action = '{logout}';
         document.body.append(form); form.submit();"
    );
    browser.run(&script).await;
    browser.arrive_at(&logout).await;
    browser.arrive_under(REFUSED).await;
    assert_eq!(browser.status().await, 403);
    browser.click("Go to the front page").await;
    browser.arrive_under(GREETING).await;
    assert_signed_in(&shop, &browser, ADA).await;
    let session = format!("ciam-tenant-session-{}", shop.tenant_port());
    assert!(
        browser.cookie(&session).await.is_some(),
        "signed in there still"
    );

    // It was not the form: the shop's own works.
    browser.click("Sign out").await;
    browser.arrive_at(&shop.url("/auth/signed-out")).await;
    browser
        .console_is_clean_but_for(&[("/auth/logout", 403)])
        .await;
}

/// The headline of the front page, for the account that is there from the start.
const GREETING: &str = "Good to see you, Ada Lovelace";

/// The headline of the answer to a request from elsewhere.
const REFUSED: &str = "This request came from another site";
