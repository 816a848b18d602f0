//! `oidcc-client-test-plan`: its modules that are in no certification plan of a client
//! with a code flow.

use ciam_core::ResponseMode;
use ciam_tests::scripted::{Script, Signing};
use ciam_tests::{Framework, cases};
use serde_json::json;

use super::key_sets::sign_with;
use super::world::{CLIENT_SECRET, Scene};
use super::{Plan, Row, header, refused, set, signed_in, token};

cases! {
    at Misbehaving: each_module_of_the_comprehensive_plan_ends_as_it_must;
}

async fn each_module_of_the_comprehensive_plan_ends_as_it_must(on: Framework) {
    PLAN.run(on).await;
}

pub(super) const PLAN: Plan = Plan {
    mode: ResponseMode::Query,
    base: |_, _| {},
    rows: ROWS,
};

const ROWS: &[Row] = &[
    Row::login(
        "userinfo-bearer-header",
        "userinfo takes the token in the header only; every row checks that it is there",
        |_, _| {},
        signed_in(|said| said.userinfo["sub"] == "alice"),
    ),
    Row::login(
        "missing-aud",
        "no aud",
        |s, _| set(&mut s.claims, json!({"aud": null})),
        token("token.audience_missing"),
    ),
    Row::own(
        "invalid-sig-hs256",
        "only HS256 announced, a wrong bit: refused, as no algorithm of its list is ours",
        |s, _| {
            only(s, "HS256");
            s.signing = Some(Signing::Mac(CLIENT_SECRET.to_owned()));
            s.corrupt = true;
        },
        refused(502, "callback.algorithm", [1, 1, 0, 0]),
    ),
    Row::own(
        "invalid-sig-hs256",
        "the same with a good signature: shared secrets sign nothing",
        |s, _| {
            only(s, "HS256");
            s.signing = Some(Signing::Mac(CLIENT_SECRET.to_owned()));
        },
        refused(502, "callback.algorithm", [1, 1, 0, 0]),
    ),
    Row::login(
        "invalid-sig-hs256",
        "HS256 among others, a good signature: the same",
        |s, _| s.signing = Some(Signing::Mac(CLIENT_SECRET.to_owned())),
        header("token.alg_symmetric"),
    ),
    Row::own(
        "invalid-sig-es256",
        "only ES256 announced, a wrong bit: to go on is allowed, we refuse",
        |s, scene| {
            es256(s, scene);
            s.corrupt = true;
        },
        token("token.signature"),
    ),
    Row::own(
        "invalid-sig-es256",
        "control: the same with a good signature",
        es256,
        signed_in(|said| said.header["alg"] == "ES256"),
    ),
    Row::login(
        "aggregated-claims",
        "claims of others inside: not followed, and in nobody's way",
        |s, _| {
            let sources = json!({
                "_claim_names": {"credit": "bank"},
                "_claim_sources": {"bank": {"JWT": "e30.e30.e30"}},
            });
            set(&mut s.userinfo, sources);
        },
        signed_in(|said| said.userinfo["_claim_names"]["credit"] == "bank"),
    ),
];

fn es256(script: &mut Script, scene: &Scene) {
    only(script, "ES256");
    sign_with(script, scene, "ES256");
}

/// The only algorithm that is announced.
fn only(script: &mut Script, alg: &str) {
    let only = json!({"id_token_signing_alg_values_supported": [alg]});
    set(&mut script.metadata, only);
}
