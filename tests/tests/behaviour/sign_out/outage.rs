//! What is not known to be over is not said to be.

use ciam_tests::scripted::Place;
use ciam_tests::{Framework, Redis, Store, Visitor, cases};
use serde_json::json;

use super::{assert_done, frame, honest, signed_in, tell, who, world};

cases! {
    at Misbehaving:
        a_store_that_is_down_is_no_sign_out,
        a_provider_without_keys_signs_nobody_out;
}

async fn a_store_that_is_down_is_no_sign_out(on: Framework) {
    let mut redis = Redis::start().await;
    let mut world = world(on, Store::Redis(&redis)).await;
    let one = json!({"sid": "one"}).as_object().cloned().expect("members");
    world.provider.script(|script| script.claims = one);
    signed_in(&mut world, "somebody").await;
    let token = honest(&world, json!({}));
    redis.kill();
    let answer = tell(&world, &token).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("session.store"), "{answer:?}");
    assert_eq!(answer.headers["retry-after"], "10");
    let page = frame(&mut Visitor::new(), &world, "?sid=one").await;
    assert_eq!(page.status, 503, "{page}");
    assert!(page.body.contains("session.store"), "{page}");
    // The provider may send the same again.
    redis.restart().await;
    let mut visitor = signed_in(&mut world, "again").await;
    assert_done(&tell(&world, &token).await);
    assert_eq!(who(&world, &mut visitor).await, "nobody");
}

async fn a_provider_without_keys_signs_nobody_out(on: Framework) {
    let world = world(on, Store::Memory).await;
    world.provider.close(Place::Keys).await;
    let mut visitor = Visitor::new();
    let login = world.site.url("/auth/login?return_to=%2Faccount");
    let page = visitor.go(login).await;
    assert_eq!(page.status, 503, "{page}");
    // The code was redeemed: the provider knows a session that never began here.
    let token = honest(&world, json!({}));
    let answer = tell(&world, &token).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("transport.connect"), "{answer:?}");
    world.provider.close(Place::Metadata).await;
    let page = frame(&mut Visitor::new(), &world, "?sid=one").await;
    assert_eq!(page.status, 200, "the metadata is known: {page}");
}
