//! A frame in headless Chromium, as it really treats what another site shows.

use ciam_tests::honest::{EMAIL, PASSWORD, Setup};
use ciam_tests::{Backend, Browser, Store, cases};

use super::super::sign_in::World;

cases! {
    at LocalTenant, because "a real browser needs real pages: those of the tenant":
        a_frame_of_the_providers_page_signs_out_in_chromium;
}

async fn a_frame_of_the_providers_page_signs_out_in_chromium(on: Backend) {
    let world = World::at(on, Setup::telling_of_sign_out, |config| {
        Store::Memory.of(config)
    });
    let (world, browser) = tokio::join!(world, Browser::start());
    let issuer = world.provider.issuer();
    browser.go(world.site.url("/account")).await;
    browser.arrive_at("http://127.0.0.1:").await;
    browser.fill("email", EMAIL).await;
    browser.fill("password", PASSWORD).await;
    browser.click_css("#submit").await;
    browser.arrive_at(&world.site.url("/account")).await;
    browser.go(world.site.url("/")).await;
    assert!(browser.text().await.starts_with(&issuer), "signed in");

    // At the provider alone: nobody asks this site but the frame, which is on another site.
    let end = issuer.replace("/v2.0", "/oauth2/v2.0/logout");
    assert_ne!(end, issuer);
    browser.go(end).await;
    browser.text_of("#signed-out").await;
    let frames = "return document.querySelectorAll('iframe.logout').length";
    assert_eq!(browser.run(frames).await, 1);
    browser.go(world.site.url("/")).await;
    assert_eq!(browser.text().await, "nobody");
    // It was shown: what refuses to be framed says so here.
    let provoked = [("/favicon.ico", 401)];
    browser.console_is_clean_but_for(&provoked).await;
}
