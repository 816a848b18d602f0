//! Every module of the suite for relying parties is a row, comes later, or is no
//! business of this library.

use std::collections::{BTreeMap, BTreeSet};

use ciam_tests::{Framework, cases};

use super::{basic, config, form_post, plain_oauth};

cases! {
    on Axum at Misbehaving, because "it compares lists":
        every_module_is_a_row_or_has_a_reason_why_not;
}

async fn every_module_is_a_row_or_has_a_reason_why_not(_: Framework) {
    let tables = [basic::ROWS, form_post::ROWS, plain_oauth::ROWS];
    let rows = tables
        .iter()
        .flat_map(|rows| rows.iter().map(|row| row.module));
    let rows = rows.chain(
        config::MODULES
            .iter()
            .chain(plain_oauth::ELSEWHERE)
            .copied(),
    );
    let rows: BTreeSet<_> = rows.collect();
    let mut why_not = BTreeMap::new();
    for (names, why) in LATER.iter().chain(OUT_OF_SCOPE) {
        for name in names.split_whitespace() {
            assert_eq!(why_not.insert(name, *why), None, "{name} is listed twice");
            assert!(!rows.contains(name), "{name} is a row by now");
        }
    }
    let all: BTreeSet<_> = MODULES
        .iter()
        .flat_map(|names| names.split_whitespace())
        .collect();
    for name in &all {
        assert!(
            rows.contains(name) || why_not.contains_key(name),
            "{name} is nowhere"
        );
    }
    for name in rows.iter().chain(why_not.keys()) {
        assert!(all.contains(name), "the suite has no module {name}");
    }
    for (names, why) in LATER {
        println!("later: {names}: {why}");
    }
    let count = |lists: &[(&str, &str)]| -> usize {
        lists
            .iter()
            .map(|(names, _)| names.split_whitespace().count())
            .sum()
    };
    let (later, out) = (count(LATER), count(OUT_OF_SCOPE));
    println!(
        "{} modules are rows, {later} come later, {out} are out of scope",
        rows.len()
    );
    assert_eq!(rows.len() + later + out, all.len());
}

/// All names, each once however many plans have it; the success case keeps its prefix.
const MODULES: &[&str] = &[
    "oidcc-client-test invalid-iss missing-sub missing-iat missing-aud invalid-aud
     kid-absent-single-jwks kid-absent-multiple-jwks idtoken-sig-rs256 idtoken-sig-none
     invalid-sig-rs256 invalid-sig-hs256 invalid-sig-es256 userinfo-invalid-sub nonce-invalid
     nonce-unless-code-flow scope-userinfo-claims client-secret-basic missing-chash
     invalid-chash missing-athash invalid-athash userinfo-bearer-header userinfo-bearer-body
     userinfo-signed form-post-error aggregated-claims distributed-claims
     mtls-endpoint-aliases discovery-openid-config discovery-jwks-uri-keys
     discovery-issuer-mismatch signing-key-rotation signing-key-rotation-just-before-signing
     discovery-webfinger-acct discovery-webfinger-url dynamic-registration
     request-uri-signed-rs256 request-uri-signed-none 3rd-party-init-login refresh-token
     refresh-token-invalid-issuer refresh-token-invalid-sub",
    "happy-path happy-path-no-dpop-nonce discovery-issuer-mismatch invalid-iss invalid-aud
     invalid-secondary-aud valid-aud-as-array invalid-null-alg invalid-alternate-alg
     invalid-expired-exp invalid-missing-exp invalid-missing-aud invalid-missing-iss
     invalid-nonce invalid-missing-nonce invalid-authorization-response-iss
     remove-authorization-response-iss ensure-authorization-response-with-invalid-state-fails
     ensure-authorization-response-with-invalid-missing-state-fails
     token-endpoint-response-without-expires_in token-type-case-insensitivity
     rs-dpop-auth-scheme-case-insensitivity invalid-openbanking-intent-id refresh-token-test
     ensure-jarm-without-iss ensure-jarm-invalid-iss ensure-jarm-invalid-aud
     ensure-jarm-without-exp ensure-jarm-expired-exp ensure-jarm-invalid-sig
     ensure-jarm-signature-is-not-none",
];

const LATER: &[(&str, &str)] = &[(
    "refresh-token refresh-token-invalid-issuer refresh-token-invalid-sub refresh-token-test",
    "refresh tokens are not kept yet",
)];

const OUT_OF_SCOPE: &[(&str, &str)] = &[
    (
        "nonce-unless-code-flow missing-chash invalid-chash missing-athash invalid-athash",
        "no implicit or hybrid flow",
    ),
    (
        "userinfo-bearer-body",
        "the header is chosen, and is what providers must take",
    ),
    (
        "userinfo-signed",
        "it is for clients registered dynamically",
    ),
    (
        "distributed-claims",
        "no address that a claim names is called",
    ),
    ("mtls-endpoint-aliases", "no client certificates"),
    (
        "discovery-webfinger-acct discovery-webfinger-url",
        "the provider is configured",
    ),
    (
        "dynamic-registration",
        "the client is registered by its operators",
    ),
    (
        "request-uri-signed-rs256 request-uri-signed-none",
        "no request objects",
    ),
    (
        "3rd-party-init-login",
        "no sign-in begins at a provider's wish",
    ),
    (
        "happy-path-no-dpop-nonce rs-dpop-auth-scheme-case-insensitivity",
        "no DPoP",
    ),
    ("invalid-openbanking-intent-id", "no open banking"),
    (
        "ensure-jarm-without-iss ensure-jarm-invalid-iss ensure-jarm-invalid-aud
         ensure-jarm-without-exp ensure-jarm-expired-exp ensure-jarm-invalid-sig
         ensure-jarm-signature-is-not-none",
        "no JARM",
    ),
];
