//! How a token is renewed, and when its session ends.

use std::time::Duration;

use ciam_tests::honest::{Honest, Lifetimes};
use ciam_tests::{Backend, ProviderKind, StoreKind, cases, told_to_script};
use futures_util::future::join_all;

use super::{DUE, LIFE, SECOND, World, claims};

cases! {
    at LocalTenant and OidcProvider in every store:
        a_token_is_given_until_shortly_before_its_end_and_then_a_newer_one,
        all_who_want_a_token_at_once_cost_one_request,
        whose_refresh_token_was_revoked_signs_in_once_more,
        who_signed_out_has_left_no_tokens_behind;
    at LocalTenant in every store, because "oidc-provider has the clock of the machine":
        whose_refresh_token_has_expired_signs_in_once_more,
        people_who_are_renewed_at_once_get_tokens_of_their_own;
}

async fn a_token_is_given_until_shortly_before_its_end_and_then_a_newer_one(on: Backend) {
    let mut world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let mut seen = vec![world.token(&mut ada, "/token").await];
    for refreshes in 0..4 {
        world.advance(DUE - SECOND);
        let same = world.token(&mut ada, "/token").await;
        assert_eq!(Some(&same), seen.last(), "it is good for longer");
        assert_eq!(world.signing.provider.refreshes().await, refreshes);
        // Each refresh token is good once: the newest one was kept.
        world.advance(SECOND);
        let newer = world.token(&mut ada, "/token").await;
        assert!(!seen.contains(&newer), "it is another one");
        assert_eq!(world.token(&mut ada, "/token").await, newer);
        assert_eq!(world.signing.provider.refreshes().await, refreshes + 1);
        seen.push(newer);
    }
    assert_eq!(
        world.signing.name(&mut ada).await.as_deref(),
        Some("Ada"),
        "and is still who they were"
    );
}

async fn all_who_want_a_token_at_once_cost_one_request(on: Backend) {
    let mut world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let first = world.token(&mut ada, "/token").await;
    // Nobody has a valid one meanwhile: all have to wait.
    world.advance(LIFE);
    let browsers = vec![ada.clone(); 20];
    let world_ref = &world;
    let tokens = browsers
        .into_iter()
        .map(|mut browser| async move { world_ref.token(&mut browser, "/token").await });
    let mut tokens = join_all(tokens).await;
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all got the same");
    assert_ne!(tokens[0], first);
    assert_eq!(world.signing.provider.refreshes().await, 1);
    assert_eq!(world.token(&mut ada, "/token").await, tokens[0]);
}

async fn whose_refresh_token_was_revoked_signs_in_once_more(on: Backend) {
    let mut world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let mut bob = world.signed_in("bob").await;
    let first = world.token(&mut ada, "/token").await;
    world.signing.provider.revoke("ada").await;
    assert_eq!(world.token(&mut ada, "/token").await, first, "it is valid");
    world.advance(DUE);
    let answer = world.asked(&mut ada, "/token").await;
    assert_eq!(
        told_to_script(&answer),
        (401, "visit.not_signed_in".to_owned())
    );
    assert_eq!(world.who(&mut ada).await, "nobody");
    assert_ne!(world.who(&mut bob).await, "nobody");
    world.token(&mut bob, "/token").await;

    let page = ada.go(world.signing.site.url("/token")).await;
    assert!(world.signing.provider.asks(&page), "{page}");
    let page = world.signing.provider.sign_in(&mut ada, page).await;
    assert_eq!(page.url.path(), "/token", "{page}");
    assert_eq!(page.status, 200, "{page}");
    assert_ne!(page.body, first);
}

async fn who_signed_out_has_left_no_tokens_behind(on: Backend) {
    let mut world = World::new(on).await;
    let mut ada = world.signed_in("ada").await;
    let mut copied = ada.clone();
    world.token(&mut copied, "/token").await;
    world.signing.sign_out(&mut ada).await;
    // The tenant, as Entra, has no such endpoint.
    if let Honest::OidcProvider(provider) = &mut world.signing.provider {
        assert_eq!(provider.count("/token/revocation").await, 1);
    }
    world.advance(DUE);
    let answer = world.asked(&mut copied, "/token").await;
    // Without a store a copied cookie lives on, with what the provider did not revoke.
    let lives_on = on.store == StoreKind::Cookie && on.provider == ProviderKind::LocalTenant;
    if lives_on {
        assert_eq!(answer.status, 200, "{answer}");
        return;
    }
    assert_eq!(
        told_to_script(&answer),
        (401, "visit.not_signed_in".to_owned())
    );
    assert_eq!(world.who(&mut copied).await, "nobody");
}

async fn whose_refresh_token_has_expired_signs_in_once_more(on: Backend) {
    let lifetimes = Lifetimes {
        access: LIFE,
        refresh: Duration::from_secs(1200),
    };
    let mut world = World::with(on, lifetimes).await;
    let mut ada = world.signed_in("ada").await;
    world.advance(Duration::from_secs(1201));
    let answer = world.asked(&mut ada, "/token").await;
    assert_eq!(
        told_to_script(&answer),
        (401, "visit.not_signed_in".to_owned())
    );
    assert_eq!(world.signing.provider.refreshes().await, 1);
    assert_eq!(world.who(&mut ada).await, "nobody");
}

async fn people_who_are_renewed_at_once_get_tokens_of_their_own(on: Backend) {
    let mut world = World::new(on).await;
    let mut people = Vec::new();
    for login in ["ada", "bob"] {
        let mut visitor = world.signed_in(login).await;
        let first = claims(&world.token(&mut visitor, "/token").await);
        people.push((visitor, first["oid"].clone()));
    }
    assert_ne!(people[0].1, people[1].1);
    world.advance(LIFE);
    let asked = (0..20).map(|n| {
        let (mut visitor, own) = people[n % 2].clone();
        let world = &world;
        async move {
            let token = claims(&world.token(&mut visitor, "/token").await);
            assert_eq!(token["oid"], own, "{n}");
        }
    });
    join_all(asked).await;
    assert_eq!(world.signing.provider.refreshes().await, 2);
}
