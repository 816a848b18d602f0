//! `oidcc-client-config-certification-test-plan`: its 6 modules.

use ciam_core::ResponseMode;
use ciam_tests::scripted::{Place, Signing};
use ciam_tests::{Framework, cases};
use serde_json::json;

use super::key_sets::{nameless, nameless_in_tokens};
use super::world::World;
use super::{Change, Expect, Plan, Row, Sign, refused, set, signed_in};

cases! {
    at Misbehaving: each_module_of_the_config_plan_ends_as_it_must;
}

async fn each_module_of_the_config_plan_ends_as_it_must(on: Framework) {
    PLAN.run(on).await;
}

pub(super) const PLAN: Plan = Plan {
    mode: ResponseMode::Query,
    base: |_, _| {},
    rows: &[
        Row::case(
            "discovery-openid-config",
            "the metadata is where discovery has it, and read once",
            |on, plan| Box::pin(openid_config(on, plan)),
        ),
        Row::case(
            "discovery-jwks-uri-keys",
            "the keys are where the metadata has them, and read once",
            |on, plan| Box::pin(jwks_uri_keys(on, plan)),
        ),
        ISSUER_MISMATCH,
        Row::own(
            "discovery-issuer-mismatch",
            "the document's issuer has no slash at its end",
            |s, scene| {
                set(
                    &mut s.metadata,
                    json!({"issuer": scene.issuer.trim_end_matches('/')}),
                )
            },
            MISMATCH,
        ),
        Row::own(
            "idtoken-sig-none",
            "unsigned, from the token endpoint: allowed, we refuse",
            |s, _| s.signing = Some(Signing::Unsigned),
            refused(502, "token.alg_none", [1, 1, 0, 1]),
        ),
        Row::case(
            "signing-key-rotation",
            "other keys at the second login and the third: fetched once more each time",
            |on, plan| Box::pin(rotation(on, plan)),
        ),
        Row::case(
            "signing-key-rotation-just-before-signing",
            "other keys after the first were fetched: fetched once more in the same login",
            |on, plan| Box::pin(rotation_just_before_signing(on, plan)),
        ),
    ],
};

/// In the plan of FAPI 2.0 too.
pub(super) const ISSUER_MISMATCH: Row = Row::own(
    "discovery-issuer-mismatch",
    "the document's issuer is the issuer and 1",
    |s, scene| {
        set(
            &mut s.metadata,
            json!({"issuer": format!("{}1", scene.issuer)}),
        )
    },
    MISMATCH,
);

/// Before the browser leaves.
const MISMATCH: Expect = refused(502, "metadata.issuer", [0, 0, 0, 0]);

async fn openid_config(on: Framework, plan: Plan) {
    let mut world = World::new(on, plan).await;
    for context in ["first", "second"] {
        world.login(context, |_, _| {}, signed_in(|_| true)).await;
        let asked = world.provider.asked(Place::Metadata);
        assert_eq!(asked.len(), 1, "{context}");
        assert_eq!(asked[0].target, "/.well-known/openid-configuration");
    }
}

async fn jwks_uri_keys(on: Framework, plan: Plan) {
    let mut world = World::new(on, plan).await;
    world.login("keys", |_, _| {}, signed_in(|_| true)).await;
    let keys = world.provider.asked(Place::Keys);
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].target, "/keys/qmvbtxkzrw", "as the metadata has it");
}

async fn rotation(on: Framework, plan: Plan) {
    for (about, keys, sign) in KEYS {
        let mut world = World::new(on, plan).await;
        for fetches in 1..=3 {
            // Each login has other keys.
            let context = format!("{about}, login {fetches}");
            world.login(&context, keys, signed_in(sign)).await;
            assert_eq!(world.key_fetches(), fetches, "{context}");
        }
    }
}

async fn rotation_just_before_signing(on: Framework, plan: Plan) {
    for (about, keys, sign) in KEYS {
        // The first rotation comes right after the first fetch.
        let mut world = World::new(on, plan).await;
        for fetches in 2..=4 {
            let context = format!("{about}, fetch {fetches}");
            let expect = signed_in(sign);
            world.login_across_a_rotation(&context, keys, expect).await;
            assert_eq!(world.key_fetches(), fetches, "{context}");
        }
    }
}

/// With names, as the suite has it, and without: then nothing but a signature that does
/// not fit tells of the rotation.
const KEYS: [(&str, Change, Sign); 3] = [
    (
        "keys and tokens have a kid",
        |_, _| {},
        |said| said.header["kid"] == said.scene.kid("rsa"),
    ),
    ("only keys have a kid", nameless_in_tokens, |said| {
        let published = &said.keys["keys"][0]["kid"];
        said.header["kid"].is_null() && *published == said.scene.kid("rsa")
    }),
    ("no kid anywhere", nameless, |said| {
        said.header["kid"].is_null() && said.keys["keys"][0]["kid"].is_null()
    }),
];
