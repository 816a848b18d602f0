//! Every file in `vectors/logout_token` is one logout token and what becomes of it.

use std::time::Duration;

use ciam_core::token::{
    Algorithm, ExpectedLogoutToken, Whose, parse_algorithm, verify_logout_token,
};
use ciam_tests::vectors::{Kind, Vector};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    issuer: Option<String>,
    tenant_id: Option<String>,
    client_id: Option<String>,
    algorithm: Option<String>,
    clock_tolerance: Option<u64>,
    /// Whose sessions end then.
    sid: Option<String>,
    sub: Option<String>,
    /// In seconds since 1970.
    acceptable_until: Option<u64>,
}

#[test]
fn every_vector_meets_its_fate() {
    Kind::LogoutToken.check(100, fate);
}

#[test]
fn every_code_has_a_vector() {
    let missing = Kind::LogoutToken.codes_without_a_vector::<Expected>();
    assert!(missing.is_empty(), "no vector expects {missing:?}");
}

/// Signs the vector's token and verifies it: `valid` or the code of the refusal.
fn fate(vector: &Vector<Expected>, base: &Vector<Expected>) -> String {
    let token = vector.token(base);
    let now = vector.now(base);
    let verification = verify_logout_token(&token, &vector.key_set(), &expected(vector, base), now);
    let verified = match verification {
        Ok(verified) => verified,
        Err(error) => {
            let shown = format!("{error} {error:?}");
            for segment in token.split('.').filter(|segment| segment.len() > 40) {
                assert!(!shown.contains(segment), "the token is shown: {shown}");
            }
            return error.code().into();
        }
    };
    assert!(
        verified.acceptable_until() > now,
        "it would be accepted again"
    );
    let expected = &vector.expected;
    if let Some(until) = expected.acceptable_until {
        assert_eq!(verified.acceptable_until().unix(), until);
    }
    let whose = match (&expected.sid, &expected.sub) {
        (None, None) => &base.expected.sid,
        (sid, _) => sid,
    };
    match (verified.whose(), whose, &expected.sub) {
        (Whose::Session(found), Some(sid), None) => assert_eq!(found, sid),
        (Whose::User(found), None, Some(sub)) => assert_eq!(found, sub),
        (found, sid, sub) => panic!("{found:?} ends, not that of {sid:?} and {sub:?}"),
    }
    "valid".into()
}

fn expected<'a>(
    vector: &'a Vector<Expected>,
    base: &'a Vector<Expected>,
) -> ExpectedLogoutToken<'a> {
    let (ours, usual) = (&vector.expected, &base.expected);
    let text =
        |ours: &'a Option<String>, usual: &'a Option<String>| ours.as_deref().or(usual.as_deref());
    let algorithm = ours.algorithm.as_deref().or(vector.alg.as_deref());
    let algorithm = parse_algorithm(algorithm.unwrap_or("RS256"));
    let tolerance = ours.clock_tolerance.or(usual.clock_tolerance);
    ExpectedLogoutToken {
        issuer: text(&ours.issuer, &usual.issuer).expect("an issuer"),
        tenant_id: ours.tenant_id.as_deref(),
        client_id: text(&ours.client_id, &usual.client_id).expect("a client id"),
        algorithm: algorithm.unwrap_or(Algorithm::RS256),
        clock_tolerance: Duration::from_secs(tolerance.expect("a tolerance")),
    }
}
