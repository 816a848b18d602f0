//! `fapi2-security-profile-final-client-test-plan`: its modules that concern a plain
//! OpenID client, where neither DPoP nor mTLS is in it. The provider announces the `iss`
//! of its authorization responses, and sends it.

use ciam_core::{ConfigBuilder, ResponseMode};
use ciam_tests::scripted::{Script, Signing};
use ciam_tests::{Framework, cases};
use serde_json::{Value, json};

use super::key_sets::sign_with;
use super::world::{Scene, World};
use super::{Plan, Row, answer, config, header, refused, set, signed_in, token};

cases! {
    at Misbehaving: each_module_that_concerns_a_plain_client_ends_as_it_must;
}

async fn each_module_that_concerns_a_plain_client_ends_as_it_must(on: Framework) {
    PLAN.run(on).await;
}

pub(super) const PLAN: Plan = Plan {
    mode: ResponseMode::Query,
    base: |s, scene| {
        let announced = json!({"authorization_response_iss_parameter_supported": true});
        set(&mut s.metadata, announced);
        s.response_iss = Some(scene.issuer.clone());
    },
    rows: ROWS,
};

const ROWS: &[Row] = &[
    Row::login(
        "happy-path",
        "all correct, with the issuer in the answer",
        |_, _| {},
        signed_in(|said| {
            let announced = &said.metadata["authorization_response_iss_parameter_supported"];
            *announced == true && said.answer.contains("&iss=http")
        }),
    ),
    config::ISSUER_MISMATCH,
    Row::login(
        "invalid-iss",
        "another issuer",
        |s, _| set(&mut s.claims, json!({"iss": "http://127.0.0.1:1/"})),
        token("token.issuer"),
    ),
    Row::login(
        "invalid-iss",
        "the issuer without its slash",
        |s, scene| {
            set(
                &mut s.claims,
                json!({"iss": scene.issuer.trim_end_matches('/')}),
            )
        },
        token("token.issuer"),
    ),
    Row::login(
        "invalid-aud",
        "another audience",
        |s, _| set(&mut s.claims, json!({"aud": "another"})),
        token("token.audience"),
    ),
    Row::login(
        "invalid-aud",
        "a list of another audience",
        |s, _| set(&mut s.claims, json!({"aud": ["another"]})),
        token("token.audience"),
    ),
    Row::login(
        "invalid-secondary-aud",
        "a second audience that nobody knows, no azp",
        |s, _| set(&mut s.claims, json!({"aud": ["shop", "another"]})),
        token("token.authorized_party"),
    ),
    Row::login(
        "invalid-secondary-aud",
        "the second is the authorized party",
        |s, _| {
            set(
                &mut s.claims,
                json!({"aud": ["shop", "another"], "azp": "another"}),
            )
        },
        token("token.authorized_party"),
    ),
    Row::login(
        "invalid-secondary-aud",
        "control: we are the authorized party",
        |s, _| {
            set(
                &mut s.claims,
                json!({"aud": ["shop", "another"], "azp": "shop"}),
            )
        },
        signed_in(|said| said.claims["aud"][1] == "another"),
    ),
    Row::login(
        "valid-aud-as-array",
        "aud is a list of one",
        |s, _| set(&mut s.claims, json!({"aud": ["shop"]})),
        signed_in(|said| said.claims["aud"] == json!(["shop"])),
    ),
    Row::case(
        "invalid-null-alg",
        "unsigned, however that is written; control: signed",
        |on, plan| Box::pin(null_alg(on, plan)),
    ),
    Row::case(
        "invalid-alternate-alg",
        "each algorithm where the client is registered for another; control: for this one",
        |on, plan| Box::pin(alternate_alg(on, plan)),
    ),
    Row::login(
        "invalid-expired-exp",
        "expired five minutes ago, and a second",
        |s, scene| set(&mut s.claims, json!({"exp": scene.now - 301})),
        token("token.expired"),
    ),
    Row::login(
        "invalid-expired-exp",
        "expired a minute ago: the tolerance is over",
        |s, scene| set(&mut s.claims, json!({"exp": scene.now - TOLERANCE})),
        token("token.expired"),
    ),
    Row::login(
        "invalid-expired-exp",
        "control: expired a second less than a minute ago",
        |s, scene| set(&mut s.claims, json!({"exp": scene.now - TOLERANCE + 1})),
        signed_in(|said| said.claims["exp"] == said.scene.now - TOLERANCE + 1),
    ),
    Row::login(
        "invalid-missing-exp",
        "no exp",
        |s, _| set(&mut s.claims, json!({"exp": null})),
        token("token.expiry_missing"),
    ),
    Row::login(
        "invalid-missing-aud",
        "no aud",
        |s, _| set(&mut s.claims, json!({"aud": null})),
        token("token.audience_missing"),
    ),
    Row::login(
        "invalid-missing-iss",
        "no iss",
        |s, _| set(&mut s.claims, json!({"iss": null})),
        token("token.issuer_missing"),
    ),
    Row::login(
        "invalid-nonce",
        "another nonce",
        |s, _| set(&mut s.claims, json!({"nonce": "another"})),
        token("token.nonce"),
    ),
    Row::login(
        "invalid-missing-nonce",
        "no nonce, where one was sent",
        |s, _| set(&mut s.claims, json!({"nonce": null})),
        token("token.nonce_missing"),
    ),
    Row::login(
        "invalid-authorization-response-iss",
        "the answer is of another issuer: no token call",
        |s, _| s.response_iss = Some("http://127.0.0.1:1/".to_owned()),
        answer(502, "callback.issuer"),
    ),
    Row::login(
        "invalid-authorization-response-iss",
        "the issuer and 1: no token call",
        |s, scene| s.response_iss = Some(format!("{}1", scene.issuer)),
        answer(502, "callback.issuer"),
    ),
    Row::login(
        "remove-authorization-response-iss",
        "announced, and left out: no token call",
        |s, _| s.response_iss = None,
        answer(502, "callback.issuer_missing"),
    ),
    Row::own(
        "remove-authorization-response-iss",
        "control: left out, where it is not announced",
        |s, _| {
            let announced = json!({"authorization_response_iss_parameter_supported": null});
            set(&mut s.metadata, announced);
            s.response_iss = None;
        },
        signed_in(|said| !said.answer.contains("iss=")),
    ),
    Row::login(
        "ensure-authorization-response-with-invalid-state-fails",
        "none that was ever made here",
        |s, _| s.state = Some(|_| Some("another".to_owned())),
        answer(400, "callback.state_missing"),
    ),
    Row::login(
        "ensure-authorization-response-with-invalid-state-fails",
        "the state and 1",
        |s, _| s.state = Some(|state| Some(format!("{state}1"))),
        answer(400, "callback.state"),
    ),
    Row::login(
        "ensure-authorization-response-with-invalid-state-fails",
        "as long as ours, and of no attempt",
        |s, _| s.state = Some(|state| Some("s".repeat(state.len()))),
        answer(400, "callback.transaction"),
    ),
    Row::login(
        "ensure-authorization-response-with-invalid-state-fails",
        "the last character is another",
        |s, _| {
            s.state = Some(|state| {
                let (rest, last) = state.split_at(state.len() - 1);
                let other = if last == "A" { "B" } else { "A" };
                Some(format!("{rest}{other}"))
            });
        },
        answer(400, "callback.state"),
    ),
    Row::login(
        "ensure-authorization-response-with-invalid-missing-state-fails",
        "no state",
        |s, _| s.state = Some(|_| None),
        answer(400, "callback.state_missing"),
    ),
    Row::login(
        "ensure-authorization-response-with-invalid-missing-state-fails",
        "an empty state",
        |s, _| s.state = Some(|_| Some(String::new())),
        answer(400, "callback.state_missing"),
    ),
    Row::login(
        "token-endpoint-response-without-expires_in",
        "no expires_in",
        |s, _| set(&mut s.token, json!({"expires_in": null})),
        signed_in(|said| said.token["expires_in"].is_null()),
    ),
    Row::login(
        "token-type-case-insensitivity",
        "bEARER",
        |s, _| set(&mut s.token, json!({"token_type": "bEARER"})),
        signed_in(|said| said.token["token_type"] == "bEARER"),
    ),
    Row::login(
        "token-type-case-insensitivity",
        "control: another type",
        |s, _| set(&mut s.token, json!({"token_type": "bEARE"})),
        refused(502, "token_endpoint.token_type", [1, 1, 0, 0]),
    ),
];

async fn null_alg(on: Framework, plan: Plan) {
    let mut world = World::new(on, plan).await;
    let signed = signed_in(|said| said.header["alg"] == "RS256");
    world.login("control", |_, _| {}, signed).await;
    for (alg, code) in [
        (json!("none"), "token.alg_none"),
        (json!("None"), "token.alg_none"),
        (json!("NONE"), "token.alg_none"),
        (json!("nOnE"), "token.alg_none"),
        (json!("none "), "token.alg_none"),
        (json!(""), "token.alg_unknown"),
        (json!(["none"]), "token.header_malformed"),
        (Value::Null, "token.alg_missing"),
    ] {
        let context = format!("invalid-null-alg ({alg})");
        let unsigned = |s: &mut Script, _: &Scene| {
            s.signing = Some(Signing::Unsigned);
            set(&mut s.header, json!({"alg": alg}));
        };
        world.login(&context, unsigned, header(code)).await;
    }
}

/// What we are registered for signs; every other algorithm does not, although its key is
/// published and the signature is good.
async fn alternate_alg(on: Framework, plan: Plan) {
    for ours in ALGORITHMS {
        let ours_is_configured = |config: ConfigBuilder| config.with_id_token_algorithm(ours);
        let mut world = World::with(on, plan, ours_is_configured).await;
        let context = format!("invalid-alternate-alg, control ({ours})");
        let sign = |s: &mut Script, scene: &Scene| sign_with(s, scene, ours);
        world.login(&context, sign, signed_in(|_| true)).await;
        assert_eq!(world.said().header["alg"], ours, "{context}");
        for theirs in ALGORITHMS.into_iter().filter(|alg| *alg != ours) {
            let context = format!("invalid-alternate-alg ({theirs}, where we have {ours})");
            let sign = |s: &mut Script, scene: &Scene| sign_with(s, scene, theirs);
            let expect = header("token.alg_mismatch");
            world.login(&context, sign, expect).await;
        }
    }
}

const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// How far clocks may differ if no setting says otherwise: a minute.
const TOLERANCE: u64 = 60;
