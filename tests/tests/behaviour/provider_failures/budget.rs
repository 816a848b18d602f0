//! What a failing provider is asked, however many come to sign in.

use std::time::Duration;

use ciam_tests::scripted::{Fault, Place, Script};
use ciam_tests::{Framework, Visitor, cases, clock, told};
use serde_json::Value;

use super::World;

cases! {
    at Misbehaving:
        a_hundred_sign_ins_cost_a_provider_that_is_down_five_requests,
        a_hundred_sign_ins_at_once_wait_for_one_answer,
        a_hundred_callbacks_without_keys_cost_five_requests,
        a_hundred_tokens_of_unknown_keys_cost_five_requests,
        a_hundred_bad_tokens_without_a_kid_cost_five_requests,
        a_bad_signature_under_a_known_key_asks_for_no_keys;
}

async fn a_hundred_sign_ins_cost_a_provider_that_is_down_five_requests(on: Framework) {
    let clock = clock();
    let mut world = World::with(on, |config| config.with_clock(clock.clone())).await;
    let broken = Fault::Answers(500, "text/plain", String::new());
    world.provider.fail(Place::Metadata, broken);
    for n in 0..100 {
        let page = world.sign_in().await;
        let context = format!("sign-in {n}");
        world
            .expect_refused(&context, &page, 503, "metadata.status")
            .await;
    }
    assert_eq!(world.provider.asked(Place::Metadata).len(), 5);

    // Well again, it is asked with the next request the budget has.
    world.provider.recover().await;
    let page = world.sign_in().await;
    world
        .expect_refused("too early", &page, 503, "metadata.status")
        .await;
    clock.advance(Duration::from_secs(5));
    world.expect_signed_in("five seconds later").await;
    assert_eq!(world.provider.asked(Place::Metadata).len(), 6);
}

async fn a_hundred_sign_ins_at_once_wait_for_one_answer(on: Framework) {
    let world = World::new(on).await;
    world.provider.fail(Place::Metadata, Fault::Silent);
    let login = world.site.url("/auth/login");
    let visits: Vec<_> = (0..100)
        .map(|_| {
            let login = login.clone();
            tokio::spawn(async move { Visitor::new().go(login).await })
        })
        .collect();
    for visit in visits {
        let page = visit.await.expect("no panic");
        assert_eq!(told(&page).0, "transport.timeout", "{page}");
    }
    // Whoever came after the first answer shares the next one.
    let asked = world.provider.asked(Place::Metadata).len();
    assert!((1..=5).contains(&asked), "{asked} requests");
}

async fn a_hundred_callbacks_without_keys_cost_five_requests(on: Framework) {
    let clock = clock();
    let mut world = World::with(on, |config| config.with_clock(clock.clone())).await;
    world.provider.fail(Place::Keys, Fault::json("{}"));
    for n in 0..100 {
        let page = world.sign_in().await;
        let context = format!("sign-in {n}");
        world
            .expect_refused(&context, &page, 502, "key_set.malformed")
            .await;
    }
    assert_eq!(world.provider.asked(Place::Keys).len(), 5);
    assert_eq!(world.provider.asked(Place::Token).len(), 100);
    assert_eq!(world.provider.asked(Place::Metadata).len(), 1);

    world.provider.recover().await;
    clock.advance(Duration::from_secs(30));
    world.expect_signed_in("thirty seconds later").await;
    assert_eq!(world.provider.asked(Place::Keys).len(), 6);
}

async fn a_hundred_tokens_of_unknown_keys_cost_five_requests(on: Framework) {
    let mut world = World::with(on, |config| config.with_clock(clock())).await;
    world.expect_signed_in("first").await;
    let logout = world.site.url("/auth/logout");
    let home = world.visitor.go(world.site.url("/")).await;
    world
        .visitor
        .fetch(&home, http::Method::POST, &logout)
        .await;
    world.provider.script(|script| {
        script.header.insert("kid".to_owned(), "unknown".into());
    });
    for n in 0..100 {
        let page = world.sign_in().await;
        let context = format!("sign-in {n}");
        world
            .expect_refused(&context, &page, 502, "key.unknown_kid")
            .await;
    }
    assert_eq!(world.provider.asked(Place::Keys).len(), 5);
}

async fn a_hundred_bad_tokens_without_a_kid_cost_five_requests(on: Framework) {
    let clock = clock();
    let mut world = World::with(on, |config| config.with_clock(clock.clone())).await;
    let without_kid = |script: &mut Script, corrupt| {
        script.header.insert("kid".to_owned(), Value::Null);
        script.corrupt = corrupt;
    };
    for (sign_ins, asked) in [(100, 5), (10, 7), (10, 9)] {
        world.provider.script(|script| without_kid(script, true));
        for n in 0..sign_ins {
            let page = world.sign_in().await;
            let context = format!("sign-in {n} of {sign_ins}");
            world
                .expect_refused(&context, &page, 502, "token.signature")
                .await;
        }
        assert_eq!(world.provider.asked(Place::Keys).len(), asked);
        // Who is honest needs no keys again, and is signed in meanwhile.
        world.provider.script(|script| without_kid(script, false));
        world.expect_signed_in("an honest one").await;
        assert_eq!(world.provider.asked(Place::Keys).len(), asked);
        world.visitor = Visitor::new();
        clock.advance(Duration::from_secs(60));
    }
}

async fn a_bad_signature_under_a_known_key_asks_for_no_keys(on: Framework) {
    let mut world = World::new(on).await;
    world.provider.script(|script| {
        // Not the signature's: the claims are signed, and then others are sent.
        script.token.insert("id_token".to_owned(), FORGED.into());
    });
    for n in 0..3 {
        let page = world.sign_in().await;
        let context = format!("sign-in {n}");
        world
            .expect_refused(&context, &page, 502, "token.signature")
            .await;
    }
    assert_eq!(world.provider.asked(Place::Keys).len(), 1);
}

/// `{"alg":"ES256","kid":"one"}`, `{"iss":"x"}` and 64 zero bytes.
const FORGED: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJ4In0.\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
