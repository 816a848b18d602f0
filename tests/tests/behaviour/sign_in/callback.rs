//! Answers of the provider that somebody else got, or that came before.

use ciam_tests::{Backend, Visitor, cases};
use http::StatusCode;

use super::changed::{value, with};
use super::{BAD_GATEWAY, BAD_REQUEST, SESSION, TRANSACTION, World, cookie_names, own_cookies};

cases! {
    at LocalTenant and OidcProvider in every store:
        a_code_that_is_made_up_or_of_another_browser_is_refused_by_the_provider,
        a_callback_address_of_another_browser_signs_nobody_in,
        the_same_callback_address_again_leads_home_or_explains,
        two_tabs_can_sign_in_at_once;
}

async fn a_code_that_is_made_up_or_of_another_browser_is_refused_by_the_provider(on: Backend) {
    let mut world = World::new(on).await;
    let (mut ada, mut mallory) = (world.stopping(), world.stopping());
    let own = world.callback_url("ada", &mut ada).await;
    let page = ada.go(with(&own, "code", "made-up")).await;
    let line = world.refused(&page, BAD_GATEWAY, "token_endpoint.refused");
    assert!(
        line.contains("invalid_grant") && !line.contains("made-up"),
        "{line}"
    );
    assert_eq!(world.me(&mut ada).await, None);

    // Under the victim's own state: PKCE binds the code to the other attempt.
    let own = world.callback_url("ada", &mut ada).await;
    let stolen = value(&world.callback_url("bob", &mut mallory).await, "code");
    let page = ada.go(with(&own, "code", &stolen)).await;
    let line = world.refused(&page, BAD_GATEWAY, "token_endpoint.refused");
    assert!(
        line.contains("invalid_grant") && !line.contains(&stolen),
        "{line}"
    );
    assert_eq!(world.me(&mut ada).await, None);
    assert_eq!(world.provider.token_requests().await, 2);
}

async fn a_callback_address_of_another_browser_signs_nobody_in(on: Backend) {
    let mut world = World::new(on).await;
    let mut mallory = world.stopping();
    let url = world.callback_url("bob", &mut mallory).await;

    let mut victim = Visitor::new();
    let page = victim.go(&url).await;
    world.refused(&page, BAD_REQUEST, "callback.transaction");
    assert_eq!(world.me(&mut victim).await, None);
    assert_eq!(own_cookies(&victim), [""; 0]);

    // With an attempt of their own under way, which the other one does not disturb.
    let mut victim = world.stopping();
    let own = world.callback_url("ada", &mut victim).await;
    let page = victim.go(&url).await;
    world.refused(&page, BAD_REQUEST, "callback.transaction");
    assert_eq!(world.me(&mut victim).await, None);
    assert_eq!(world.provider.token_requests().await, 0);
    victim.go(&own).await;
    assert_eq!(world.name(&mut victim).await.as_deref(), Some("Ada"));

    // Signed in already: they stay who they are.
    let page = victim.go(&url).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
    assert_eq!(world.name(&mut victim).await.as_deref(), Some("Ada"));
    assert_eq!(world.provider.token_requests().await, 1);
}

async fn the_same_callback_address_again_leads_home_or_explains(on: Backend) {
    let mut world = World::new(on).await;
    let mut visitor = world.stopping();
    let url = world.callback_url("ada", &mut visitor).await;
    let page = visitor.go(&url).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    let session = visitor.cookie(SESSION).expect("signed in").cookie.clone();

    let page = visitor.go(&url).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
    let again = visitor
        .history()
        .iter()
        .rfind(|exchange| exchange.url == url);
    let again = again.expect("the callback was asked for");
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(again.received["location"], "/");
    assert_eq!(
        visitor.cookie(SESSION).expect("the same one").cookie,
        session
    );

    // After signing out there is nothing to go home to.
    world.sign_out(&mut visitor).await;
    let page = visitor.go(&url).await;
    world.refused(&page, BAD_REQUEST, "callback.transaction");
    assert_eq!(world.me(&mut visitor).await, None);
    assert_eq!(world.provider.token_requests().await, 1);
}

async fn two_tabs_can_sign_in_at_once(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = world.stopping();
    let first = world.callback_url("ada", &mut visitor).await;
    let second = world.callback_url("ada", &mut visitor).await;
    assert_eq!(cookie_names(&visitor, TRANSACTION).len(), 2);
    for url in [second, first] {
        let page = visitor.go(&url).await;
        assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    }
    assert_eq!(cookie_names(&visitor, TRANSACTION), [""; 0]);
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
}
