//! Out again: here, and at the provider.

use ciam_tests::visitor::{Page, query};
use ciam_tests::{Backend, StoreKind, Visitor, cases};
use http::{Method, StatusCode};

use super::{ID_TOKEN, LOGOUT, SESSION, World, button, cookie_names, own_cookies};

cases! {
    at LocalTenant and OidcProvider in every store:
        signing_out_ends_the_session_here_and_at_the_provider,
        a_script_of_the_application_can_sign_out,
        an_address_alone_signs_nobody_out,
        no_other_page_signs_anybody_out;
}

async fn signing_out_ends_the_session_here_and_at_the_provider(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    assert_eq!(cookie_names(&visitor, SESSION).len(), 1);
    // For signing out: beside the session, wherever that is.
    let beside = usize::from(on.store == StoreKind::Cookie);
    assert_eq!(cookie_names(&visitor, ID_TOKEN).len(), beside);

    let bye = world.sign_out(&mut visitor).await;
    assert!(is_signed_out(&bye, &world), "{bye}");
    assert_eq!(bye.status, StatusCode::OK, "{bye}");
    assert!(bye.text().contains("You are signed out"), "{bye}");
    let end = world.provider.end_session(&visitor);
    assert!(query(&end, "id_token_hint").is_some(), "whom: {end}");
    assert!(query(&end, "client_id").is_some(), "for whom: {end}");
    assert_eq!(own_cookies(&visitor), [""; 0]);
    assert_eq!(world.me(&mut visitor).await, None);
    assert_eq!(world.provider.requests().await.logout, 1);

    let page = visitor.go(world.site.url("/account")).await;
    assert!(world.provider.asks(&page), "its session is gone: {page}");
}

async fn a_script_of_the_application_can_sign_out(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    let home = visitor.go(world.site.url("/")).await;
    let answer = visitor.fetch(&home, Method::POST, "/auth/logout").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer}");
    assert_eq!(own_cookies(&visitor), cookie_names(&visitor, LOGOUT));
    let end = answer.location().expect("a redirect");
    let page = visitor.go_from(&home, end.as_str()).await;
    assert_eq!(world.provider.end_session(&visitor), end);
    let bye = world.provider.sign_out(&mut visitor, page).await;
    assert!(is_signed_out(&bye, &world), "{bye}");
    assert_eq!(own_cookies(&visitor), [""; 0]);
    assert_eq!(world.me(&mut visitor).await, None);
    assert_eq!(world.provider.requests().await.logout, 1);
}

/// With the state that the provider was given.
fn is_signed_out(page: &Page, world: &World) -> bool {
    let begins = format!("{}?state=", world.site.url("/auth/signed-out"));
    page.url.as_str().starts_with(&begins)
}

async fn an_address_alone_signs_nobody_out(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    let page = visitor.go(world.site.url("/auth/logout")).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{page}");
    assert_eq!(page.header("allow"), Some("POST"), "{page}");
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
    assert_eq!(world.provider.requests().await.logout, 0);
}

async fn no_other_page_signs_anybody_out(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    let logout = world.site.url("/auth/logout");
    for elsewhere in ["https://evil.example/", "http://localhost:1024/"] {
        let mut page = visitor.go(world.site.url("/")).await;
        page.url = elsewhere.parse().expect("an address");
        let page = visitor.submit(&button(&page, &logout)).await;
        assert_eq!(page.url.as_str(), logout, "{elsewhere}: {page}");
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{elsewhere}: {page}");
        assert!(page.text().contains("Code visit.cross_site"), "{page}");
        assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
    }
    assert_eq!(world.provider.requests().await.logout, 0);
}
