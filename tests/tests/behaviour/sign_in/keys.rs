//! A secret that does not fit, and keys that change.

use ciam_tests::honest::OldKey;
use ciam_tests::{Backend, ProviderKind, Visitor, cases};

use super::{BAD_GATEWAY, World};

cases! {
    at LocalTenant and OidcProvider:
        a_wrong_secret_is_told_which_settings_to_check,
        keys_rotated_between_two_sign_ins_are_fetched_once_more,
        keys_rotated_between_their_fetch_and_the_token_are_fetched_again_at_once;
}

async fn a_wrong_secret_is_told_which_settings_to_check(on: Backend) {
    let world = World::with(on, |config| config.with_client_secret("another-secret")).await;
    let mut visitor = Visitor::new();
    let page = world.sign_in_as("ada", &mut visitor).await;
    let line = world.refused(&page, BAD_GATEWAY, "token_endpoint.refused");
    // Where the provider says more than the standard's code, the advice does too.
    let told: &[&str] = match on.provider {
        ProviderKind::LocalTenant => &["AADSTS7000215", "CIAM_CLIENT_SECRET"],
        _ => &["CIAM_CLIENT_SECRET", "CIAM_CLIENT_AUTH"],
    };
    for text in ["401", "invalid_client"].iter().chain(told) {
        assert!(line.contains(text), "{text} in {line}");
    }
    assert!(!line.contains("another-secret"), "{line}");
    assert!(!page.body.contains("invalid_client"), "{page}");
    assert!(!page.body.contains("AADSTS"), "{page}");
    assert_eq!(world.me(&mut visitor).await, None);
}

async fn keys_rotated_between_two_sign_ins_are_fetched_once_more(on: Backend) {
    let mut world = World::new(on).await;
    let mut before = Visitor::new();
    for fetches in 1..=3 {
        for (login, name) in [("ada", "Ada"), ("bob", "Bob")] {
            let mut somebody = Visitor::new();
            let page = world.sign_in_as(login, &mut somebody).await;
            assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
            assert_eq!(world.name(&mut somebody).await.as_deref(), Some(name));
            let requests = world.provider.requests().await;
            assert_eq!(requests.keys, fetches, "both with one fetch");
        }
        if fetches == 1 {
            world.sign_in_as("ada", &mut before).await;
            world.provider.rotate_keys(OldKey::Gone).await;
        } else {
            world.provider.rotate_keys(OldKey::Kept).await;
        }
    }
    let name = world.name(&mut before).await;
    assert_eq!(name.as_deref(), Some("Ada"), "a session outlives the key");
    assert_eq!(world.provider.requests().await.discovery, 1);
}

async fn keys_rotated_between_their_fetch_and_the_token_are_fetched_again_at_once(on: Backend) {
    let mut world = World::new(on).await;
    world.site.ciam.ready().await.expect("an honest provider");
    assert_eq!(world.provider.requests().await.keys, 1);
    world.provider.rotate_keys(OldKey::Gone).await;
    let mut visitor = Visitor::new();
    world.sign_in_as("ada", &mut visitor).await;
    assert_eq!(world.name(&mut visitor).await.as_deref(), Some("Ada"));
    let requests = world.provider.requests().await;
    assert_eq!(requests.keys, 2);
    assert_eq!(requests.token, 1, "the code is exchanged once");
}
