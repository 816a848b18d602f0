//! `oidcc-client-basic-certification-test-plan`: its 14 modules.

use ciam_core::ResponseMode;
use ciam_tests::scripted::{Script, Signing, public_jwk};
use ciam_tests::{Framework, cases};
use serde_json::json;

use super::{Expect, Row, set, table, token};

cases! {
    at Misbehaving: each_module_of_the_basic_plan_ends_as_it_must;
}

async fn each_module_of_the_basic_plan_ends_as_it_must(on: Framework) {
    table(on, ResponseMode::Query, ROWS, ALONE).await;
}

/// Those whose keys have no `kid`, and the one that changes the metadata: what was
/// fetched before is used for as long as it is fresh.
pub(super) const ALONE: &[&str] = &[
    "kid-absent-single-jwks",
    "kid-absent-multiple-jwks",
    "idtoken-sig-rs256",
];

pub(super) const ROWS: &[Row] = &[
    Row {
        module: "oidcc-client-test",
        about: "all correct",
        change: |_| {},
        expect: Expect::SignedIn,
    },
    Row {
        module: "invalid-iss",
        about: "iss is the issuer and 1",
        change: |s| append(s, "iss"),
        expect: token("token.issuer"),
    },
    Row {
        module: "missing-sub",
        about: "no sub",
        change: |s| set(&mut s.claims, json!({"sub": null})),
        expect: token("token.subject_missing"),
    },
    Row {
        module: "invalid-aud",
        about: "aud is the client id and 1",
        change: |s| set(&mut s.claims, json!({"aud": "shop1"})),
        expect: token("token.audience"),
    },
    Row {
        module: "missing-iat",
        about: "no iat",
        change: |s| set(&mut s.claims, json!({"iat": null})),
        expect: token("token.issued_at_missing"),
    },
    Row {
        module: "kid-absent-single-jwks",
        about: "one key, no kid in the key set or the header",
        change: |s| without_kid(s, &["rsa"]),
        expect: Expect::SignedIn,
    },
    Row {
        module: "kid-absent-multiple-jwks",
        about: "several keys without kid: to try them all is allowed, we refuse",
        change: |s| without_kid(s, &["rsa-other", "rsa"]),
        expect: token("key.ambiguous"),
    },
    Row {
        module: "idtoken-sig-rs256",
        about: "only RS256 is announced",
        change: |s| {
            let only = json!({"id_token_signing_alg_values_supported": ["RS256"]});
            set(&mut s.metadata, only);
        },
        expect: Expect::SignedIn,
    },
    Row {
        module: "idtoken-sig-none",
        about: "unsigned, from the token endpoint: allowed, we refuse",
        change: |s| s.signing = Some(Signing::Unsigned),
        expect: token("token.alg_none"),
    },
    Row {
        module: "invalid-sig-rs256",
        about: "a wrong bit in the signature: to go on is allowed, we refuse",
        change: |s| s.corrupt = true,
        expect: token("token.signature"),
    },
    Row {
        module: "userinfo-invalid-sub",
        about: "userinfo is somebody else's",
        change: |s| set(&mut s.userinfo, json!({"sub": "alice1"})),
        expect: Expect::Refused(502, "userinfo.subject", 1, 1),
    },
    Row {
        module: "nonce-invalid",
        about: "another nonce",
        change: |s| set(&mut s.claims, json!({"nonce": "another1"})),
        expect: token("token.nonce"),
    },
    Row {
        module: "scope-userinfo-claims",
        about: "the e-mail address is only in userinfo, for the scope email",
        change: |s| set(&mut s.claims, json!({"email": null})),
        expect: Expect::SignedIn,
    },
    Row {
        module: "client-secret-basic",
        about: "the secret in the header, which every row checks",
        change: |_| {},
        expect: Expect::SignedIn,
    },
];

fn append(script: &mut Script, claim: &str) {
    let honest = script.claims[claim].as_str().expect("a text").to_owned();
    script
        .claims
        .insert(claim.to_owned(), format!("{honest}1").into());
}

fn without_kid(script: &mut Script, keys: &[&str]) {
    let keys = keys.iter().map(|name| public_jwk(name)).collect();
    script.key_set = Some(keys);
    script.signing = Some(Signing::Key("rsa", "RS256"));
    set(&mut script.header, json!({"kid": null}));
}
