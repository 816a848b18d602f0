//! Keys that change, and how often a provider is asked for them.

use ciam_tests::honest::{Api, OldKey};
use ciam_tests::scripted::{Place, Scripted};
use ciam_tests::{Backend, Framework, cases};
use serde_json::json;

use super::{Scene, World};

cases! {
    at LocalTenant and OidcProvider:
        tokens_of_new_keys_are_accepted_and_those_of_old_ones_no_longer,
        known_callers_are_served_when_the_provider_is_gone;
    at Misbehaving:
        a_flood_of_unknown_keys_costs_the_provider_a_handful_of_requests,
        a_flood_of_anything_else_costs_it_nothing;
}

async fn tokens_of_new_keys_are_accepted_and_those_of_old_ones_no_longer(on: Backend) {
    let mut world = World::new(on).await;
    let first = world.provider.application_token(Api::Orders).await;
    for _ in 0..3 {
        world.get("/api/all", &first).await.expect_ok("passed");
    }
    assert_eq!(world.provider.requests().await.keys, 1);
    world.provider.rotate_keys(OldKey::Kept).await;
    let second = world.provider.application_token(Api::Orders).await;
    for token in [&second, &first, &second] {
        world.get("/api/all", token).await.expect_ok("passed");
    }
    assert_eq!(world.provider.requests().await.keys, 2, "once more");
    world.provider.rotate_keys(OldKey::Gone).await;
    let third = world.provider.application_token(Api::Orders).await;
    world.get("/api/all", &third).await.expect_ok("passed");
    assert_eq!(world.provider.requests().await.keys, 3);
    for token in [&first, &second] {
        let answer = world.get("/api/all", token).await;
        answer.expect_refused(401, "invalid_token", "key.unknown_kid");
    }
    world.get("/api/all", &third).await.expect_ok("passed");
    assert_eq!(world.provider.requests().await.discovery, 1);
}

async fn known_callers_are_served_when_the_provider_is_gone(on: Backend) {
    let world = World::new(on).await;
    let known = world.provider.application_token(Api::Orders).await;
    let unseen = world.provider.application_token(Api::Orders).await;
    world.get("/api/all", &known).await.expect_ok("passed");
    let World { provider, site } = world;
    provider.stop().await;
    for token in [&known, &unseen] {
        super::get(&site, "/api/all", token)
            .await
            .expect_ok("passed");
    }
}

async fn a_flood_of_unknown_keys_costs_the_provider_a_handful_of_requests(on: Framework) {
    let scene = Scene::new(on).await;
    let known = scene.provider.access_token(&json!({}), &json!({}));
    assert_eq!(scene.get(&known).await.status, 200);
    for number in 0..200 {
        let kid = json!({"kid": format!("k{number}")});
        let token = scene.provider.access_token(&kid, &json!({}));
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", "key.unknown_kid");
    }
    let asked = key_requests(&scene.provider);
    assert!((2..=6).contains(&asked), "five at once: {asked}");
    assert_eq!(scene.provider.asked(Place::Metadata).len(), 1);
    assert_eq!(
        scene.get(&known).await.status,
        200,
        "is served all the same"
    );
}

async fn a_flood_of_anything_else_costs_it_nothing(on: Framework) {
    let scene = Scene::new(on).await;
    let known = scene.provider.access_token(&json!({}), &json!({}));
    assert_eq!(scene.get(&known).await.status, 200);
    for number in 0..50 {
        let kid = json!({"kid": format!("k{number}")});
        let issuer = json!({"iss": format!("https://{number}.example")});
        let of_another = scene.provider.access_token(&kid, &issuer);
        let answer = scene.get(&of_another).await;
        answer.expect_refused(401, "invalid_token", "key.unknown_kid");
        let issued = scene.provider.access_token(&json!({}), &issuer);
        let answer = scene.get(&issued).await;
        answer.expect_refused(401, "invalid_token", "token.issuer");
        let forged = format!("{}{}", &known[..known.len() - 86], "A".repeat(86));
        let answer = scene.get(&forged).await;
        answer.expect_refused(401, "invalid_token", "token.signature");
        let answer = scene.get(&format!("a.{number}.c")).await;
        answer.expect_refused(401, "invalid_token", "token.header_malformed");
    }
    assert_eq!(key_requests(&scene.provider), 1);
}

fn key_requests(provider: &Scripted) -> usize {
    provider.asked(Place::Keys).len()
}
