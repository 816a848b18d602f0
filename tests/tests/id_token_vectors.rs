//! Every file in `vectors/id_token` is one ID token and what becomes of it.

use std::time::Duration;

use ciam_core::token::{
    Algorithm, ExpectedIdToken, ExpectedNonce, KeyIssuer, parse_algorithm, verify_id_token,
};
use ciam_tests::vectors::{Kind, Vector};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    issuer: Option<String>,
    tenant_id: Option<String>,
    key_issuer: Option<String>,
    client_id: Option<String>,
    algorithm: Option<String>,
    nonce: Option<String>,
    nonce_is: Option<String>,
    max_age: Option<u64>,
    clock_tolerance: Option<u64>,
    access_token: Option<String>,
    code: Option<String>,
    without: Vec<String>,
}

#[test]
fn every_vector_meets_its_fate() {
    Kind::IdToken.check(200, fate);
}

#[test]
fn every_code_has_a_vector() {
    let missing = Kind::IdToken.codes_without_a_vector::<Expected>();
    assert!(missing.is_empty(), "no vector expects {missing:?}");
}

/// Signs the vector's token and verifies it: `valid` or the code of the refusal.
fn fate(vector: &Vector<Expected>, base: &Vector<Expected>) -> String {
    let token = vector.token(base);
    let now = vector.now(base);
    match verify_id_token(&token, &vector.key_set(), &expected(vector, base), now) {
        Ok(verified) => {
            assert_eq!(verified.raw().expose(), token);
            assert!(verified.claims().contains("sub", verified.subject()));
            "valid".into()
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            for segment in token.split('.').filter(|segment| segment.len() > 40) {
                assert!(
                    !shown.contains(segment),
                    "the error shows the token: {shown}"
                );
            }
            error.code().into()
        }
    }
}

fn expected<'a>(vector: &'a Vector<Expected>, base: &'a Vector<Expected>) -> ExpectedIdToken<'a> {
    let (ours, usual) = (&vector.expected, &base.expected);
    let named = |name: &str| {
        vector
            .expected
            .without
            .iter()
            .any(|without| without == name)
    };
    let text = |name: &str, ours: &'a Option<String>, usual: &'a Option<String>| {
        let value = ours.as_deref().or(usual.as_deref());
        value.filter(|_| !named(name))
    };
    let nonce = text("nonce", &ours.nonce, &usual.nonce);
    let nonce = match (ours.nonce_is.as_deref().unwrap_or("sent"), nonce) {
        (_, None) => ExpectedNonce::Absent,
        ("original", Some(nonce)) => ExpectedNonce::Original(nonce),
        ("sent", Some(nonce)) => ExpectedNonce::Sent(nonce),
        (word, _) => panic!("{word} is no way to expect a nonce"),
    };
    let algorithm = ours.algorithm.as_deref().or(vector.alg.as_deref());
    let algorithm = parse_algorithm(algorithm.unwrap_or("RS256"));
    let tolerance = ours.clock_tolerance.or(usual.clock_tolerance);
    ExpectedIdToken {
        issuer: text("issuer", &ours.issuer, &usual.issuer).expect("an issuer"),
        tenant_id: text("tenant_id", &ours.tenant_id, &usual.tenant_id),
        key_issuer: match ours.key_issuer.as_deref() {
            None => KeyIssuer::Ignored,
            Some("honoured") => KeyIssuer::Honoured,
            Some(word) => panic!("{word} is no way to treat a key's issuer"),
        },
        client_id: text("client_id", &ours.client_id, &usual.client_id).expect("a client id"),
        algorithm: algorithm.unwrap_or(Algorithm::RS256),
        nonce,
        max_age: ours.max_age.map(Duration::from_secs),
        clock_tolerance: Duration::from_secs(tolerance.expect("a tolerance")),
        access_token: text("access_token", &ours.access_token, &usual.access_token),
        code: text("code", &ours.code, &usual.code),
    }
}
