//! A customer ends sessions.

use ciam_tests::{Backend, cases};
use http::StatusCode;

use super::{World, ends, own_and_others};

cases! {
    at LocalTenant and OidcProvider:
        a_customer_ends_the_session_of_another_browser,
        a_customer_ends_all_sessions_but_this_one,
        whoever_ends_the_own_session_is_signed_out;
}

async fn a_customer_ends_the_session_of_another_browser(on: Backend) {
    let world = World::new(on).await;
    let mut here = world.signed_in("ada").await;
    let mut there = world.signed_in("ada").await;
    let page = world.list(&mut here).await;
    let (_, others) = own_and_others(&page);
    assert_eq!(others.len(), 1, "{page}");
    assert!(world.is_signed_in(&mut there).await);

    let page = here.submit(&others[0]).await;
    assert_eq!(page.url.path(), "/account/sessions", "{page}");
    assert_eq!(own_and_others(&page).1.len(), 0, "{page}");
    assert!(!page.text().contains("End all other sessions"), "{page}");
    // Its next request: opening the account would sign in again, as long as the provider
    // knows the browser.
    let next = there.go(world.shop.url("/")).await;
    assert!(next.text().contains("Create account"), "{next}");
    assert!(!world.is_signed_in(&mut there).await);
    assert!(world.is_signed_in(&mut here).await);
    // Pressed again on a page that was left open, it changes nothing.
    let page = here.submit(&others[0]).await;
    assert_eq!((page.status, ends(&page).len()), (StatusCode::OK, 1));
}

async fn a_customer_ends_all_sessions_but_this_one(on: Backend) {
    let world = World::new(on).await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        browsers.push(world.signed_in("ada").await);
    }
    let mut bob = world.signed_in("bob").await;
    let page = world.list(&mut browsers[1]).await;
    assert_eq!(ends(&page).len(), 3, "{page}");
    let form = page.form_to("/account/sessions/end-others");
    let page = browsers[1].submit(&form).await;
    assert_eq!(page.url.path(), "/account/sessions", "{page}");
    assert_eq!(ends(&page).len(), 1, "{page}");
    let mut known = Vec::new();
    for browser in &mut browsers {
        known.push(world.is_signed_in(browser).await);
    }
    assert_eq!(known, [false, true, false]);
    assert!(world.is_signed_in(&mut bob).await);
}

async fn whoever_ends_the_own_session_is_signed_out(on: Backend) {
    let world = World::new(on).await;
    let mut here = world.signed_in("ada").await;
    let mut there = world.signed_in("ada").await;
    let page = world.list(&mut here).await;
    let (own, _) = own_and_others(&page);
    assert!(here.cookie("ciam-session").is_some());
    let page = here.submit(&own).await;
    assert_eq!(page.url.path(), "/", "{page}");
    assert!(page.text().contains("Create account"), "{page}");
    assert!(here.cookie("ciam-session").is_none());
    assert!(world.is_signed_in(&mut there).await);
}
