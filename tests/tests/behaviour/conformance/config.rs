//! `oidcc-client-config-certification-test-plan`: its 6 modules.

use ciam_core::ResponseMode;
use ciam_tests::scripted::Place;
use ciam_tests::{Framework, Visitor, cases};
use serde_json::json;

use super::{Expect, Row, World, basic, set};

cases! {
    at Misbehaving:
        discovery_openid_config_and_jwks_uri_keys_are_read_once_each,
        discovery_issuer_mismatch_ends_before_the_browser_leaves,
        idtoken_sig_none_is_refused,
        signing_key_rotation_costs_one_more_fetch,
        signing_key_rotation_just_before_signing_costs_one_more_fetch;
}

pub(super) const MODULES: &[&str] = &[
    "discovery-openid-config",
    "discovery-jwks-uri-keys",
    "discovery-issuer-mismatch",
    "idtoken-sig-none",
    "signing-key-rotation",
    "signing-key-rotation-just-before-signing",
];

const CORRECT: Row = Row {
    module: "oidcc-client-test",
    about: "all correct",
    change: |_| {},
    expect: Expect::SignedIn,
};

async fn discovery_openid_config_and_jwks_uri_keys_are_read_once_each(on: Framework) {
    let mut world = World::new(on, ResponseMode::Query).await;
    world.run(&CORRECT).await;
    let metadata = world.provider.asked(Place::Metadata);
    assert_eq!(metadata.len(), 1);
    assert_eq!(metadata[0].target, "/.well-known/openid-configuration");
    let keys = world.provider.asked(Place::Keys);
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].target, "/keys/qmvbtxkzrw", "as the metadata has it");
}

async fn discovery_issuer_mismatch_ends_before_the_browser_leaves(on: Framework) {
    let mut world = World::new(on, ResponseMode::Query).await;
    let row = Row {
        module: "discovery-issuer-mismatch",
        about: "the document names another issuer",
        change: |s| set(&mut s.metadata, json!({"issuer": "http://127.0.0.1:1/"})),
        expect: Expect::Refused(502, "metadata.issuer", 0, 0),
    };
    world.run(&row).await;
    assert_eq!(world.provider.asked(Place::Authorization).len(), 0);
}

async fn idtoken_sig_none_is_refused(on: Framework) {
    let mut world = World::new(on, ResponseMode::Query).await;
    let row = basic::ROWS
        .iter()
        .find(|row| row.module == "idtoken-sig-none");
    world.run(row.expect("a row of the basic plan")).await;
}

async fn signing_key_rotation_costs_one_more_fetch(on: Framework) {
    let mut world = World::new(on, ResponseMode::Query).await;
    for fetches in 1..=3 {
        // Each run has other keys.
        world.run(&CORRECT).await;
        assert_eq!(world.key_fetches(), fetches);
    }
}

async fn signing_key_rotation_just_before_signing_costs_one_more_fetch(on: Framework) {
    let mut world = World::new(on, ResponseMode::Query).await;
    world.run(&CORRECT).await;
    let callback = world.site.url("/auth/callback");
    world.visitor = Visitor::new().stopping_before(&callback);
    let login = world.site.url("/auth/login?return_to=%2Faccount");
    let stopped = world.visitor.go(login).await;
    let answer = stopped.location().expect("a redirect to the callback");
    assert!(answer.as_str().starts_with(&callback), "{answer}");
    // The keys are there, the code as well; now they are replaced, with no time passed.
    world.rotate();
    let before = world.counts();
    let page = world.visitor.go_from(&stopped, answer.as_str()).await;
    world.expect(&CORRECT, &page, before).await;
    assert_eq!(world.key_fetches(), 2);
}
