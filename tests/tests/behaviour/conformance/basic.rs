//! `oidcc-client-basic-certification-test-plan`: its 14 modules.

use ciam_core::ResponseMode;
use ciam_tests::scripted::{Place, Signing};
use ciam_tests::{Framework, cases};
use serde_json::json;

use super::key_sets::{nameless, nameless_among};
use super::world::World;
use super::{Plan, Row, header, refused, set, signed_in, token};

cases! {
    at Misbehaving: each_module_of_the_basic_plan_ends_as_it_must;
}

async fn each_module_of_the_basic_plan_ends_as_it_must(on: Framework) {
    PLAN.run(on).await;
}

pub(super) const PLAN: Plan = Plan {
    mode: ResponseMode::Query,
    base: |_, _| {},
    rows: ROWS,
};

pub(super) const ROWS: &[Row] = &[
    Row::login(
        "oidcc-client-test",
        "all correct",
        |_, _| {},
        signed_in(|said| said.claims["iss"] == said.scene.issuer.as_str()),
    ),
    Row::login(
        "invalid-iss",
        "iss is the issuer and 1",
        |s, _| s.append.push("iss"),
        token("token.issuer"),
    ),
    Row::login(
        "missing-sub",
        "no sub",
        |s, _| set(&mut s.claims, json!({"sub": null})),
        token("token.subject_missing"),
    ),
    Row::login(
        "invalid-aud",
        "aud is the client id and 1",
        |s, _| s.append.push("aud"),
        token("token.audience"),
    ),
    Row::login(
        "missing-iat",
        "no iat",
        |s, _| set(&mut s.claims, json!({"iat": null})),
        token("token.issued_at_missing"),
    ),
    Row::login(
        "kid-absent-single-jwks",
        "one key, no kid in the key set or the header",
        nameless,
        signed_in(|said| {
            let keys = said.keys["keys"].as_array();
            let kid = [&said.header["kid"], &said.keys["keys"][0]["kid"]];
            keys.is_some_and(|keys| keys.len() == 1) && kid.iter().all(|kid| kid.is_null())
        }),
    ),
    Row::login(
        "kid-absent-single-jwks",
        "another key in its place: the keys are asked for again",
        nameless,
        signed_in(|said| said.header["kid"].is_null()),
    ),
    Row::login(
        "kid-absent-single-jwks",
        "a wrong bit: refused, after the keys were asked for again",
        |s, scene| {
            nameless(s, scene);
            s.corrupt = true;
        },
        token("token.signature"),
    ),
    Row::login(
        "kid-absent-multiple-jwks",
        "several keys without kid: to try them all is allowed, we refuse",
        |s, scene| nameless_among(s, &[scene.other_rsa, scene.rsa]),
        token("key.ambiguous"),
    ),
    Row::own(
        "idtoken-sig-rs256",
        "only RS256 is announced",
        |s, _| {
            let only = json!({"id_token_signing_alg_values_supported": ["RS256"]});
            set(&mut s.metadata, only);
        },
        signed_in(|said| {
            let listed = said.lists("id_token_signing_alg_values_supported");
            listed == Some(&vec![json!("RS256")]) && said.header["alg"] == "RS256"
        }),
    ),
    Row::login(
        "idtoken-sig-none",
        "unsigned, from the token endpoint: allowed, we refuse",
        |s, _| s.signing = Some(Signing::Unsigned),
        header("token.alg_none"),
    ),
    Row::own(
        "invalid-sig-rs256",
        "a wrong bit in the signature, only RS256 announced: to go on is allowed, we refuse",
        |s, _| {
            let only = json!({"id_token_signing_alg_values_supported": ["RS256"]});
            set(&mut s.metadata, only);
            s.corrupt = true;
        },
        token("token.signature"),
    ),
    Row::login(
        "userinfo-invalid-sub",
        "userinfo is somebody else's",
        |s, _| set(&mut s.userinfo, json!({"sub": "alice1"})),
        refused(502, "userinfo.subject", [1, 1, 1, 1]),
    ),
    Row::login(
        "nonce-invalid",
        "nonce is the nonce and 1",
        |s, _| s.append.push("nonce"),
        token("token.nonce"),
    ),
    Row::case(
        "scope-userinfo-claims",
        "userinfo has what the scopes ask for",
        |on, plan| Box::pin(scope_userinfo_claims(on, plan)),
    ),
    Row::login(
        "client-secret-basic",
        "only client_secret_basic is announced; every row checks the header",
        |_, _| {},
        signed_in(|said| {
            let listed = said.lists("token_endpoint_auth_methods_supported");
            listed == Some(&vec![json!("client_secret_basic")])
        }),
    ),
];

async fn scope_userinfo_claims(on: Framework, plan: Plan) {
    for (scopes, has_email) in [("openid email", true), ("openid", false)] {
        let mut world = World::with(on, plan, |config| config.with_scopes(scopes)).await;
        let expect = if has_email {
            signed_in(|said| said.userinfo["email"] == "alice@example.com")
        } else {
            signed_in(|said| said.userinfo["email"].is_null())
        };
        let context = format!("scope-userinfo-claims ({scopes})");
        world.login(&context, |_, _| {}, expect).await;
        let asked = world.asked(Place::Authorization).query("scope");
        assert_eq!(asked.as_deref(), Some(scopes), "{context}");
        let account = world.visitor.go(world.site.url("/account")).await;
        let found = account.body.contains("alice@example.com");
        assert_eq!(found, has_email, "{context}: {account}");
    }
}
