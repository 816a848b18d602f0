//! One check per claim, each on its own; who calls them decides which are required.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Algorithm, TokenError};
use crate::clock::Timestamp;
use crate::keys::PreparedKey;
use crate::secret::constant_time_eq;
use crate::text::shortened;

/// The time used for every check of one token, and how far two clocks may differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    pub(super) tolerance: Duration,
}

impl Moment {
    /// [RFC 7519, section 4.1.4](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4):
    /// the time must be before `exp`.
    pub(super) fn check_expiry(self, expired_at: Timestamp) -> Result<(), TokenError> {
        if self.now < expired_at.after(self.tolerance) {
            return Ok(());
        }
        Err(TokenError::Expired {
            expired_at,
            now: self.now,
            tolerance: self.tolerance,
        })
    }

    /// [RFC 7519, section 4.1.5](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5):
    /// the time must be at or after `nbf`.
    pub(super) fn check_not_before(self, not_before: Timestamp) -> Result<(), TokenError> {
        if self.now.after(self.tolerance) >= not_before {
            return Ok(());
        }
        Err(TokenError::NotYetValid {
            not_before,
            now: self.now,
            tolerance: self.tolerance,
        })
    }

    /// A token from the future: no standard asks for it, but a clock that wrong
    /// makes every other time of the token meaningless.
    pub(super) fn check_issued_at(self, issued_at: Timestamp) -> Result<(), TokenError> {
        if self.now.after(self.tolerance) >= issued_at {
            return Ok(());
        }
        Err(TokenError::IssuedAt {
            issued_at,
            now: self.now,
            tolerance: self.tolerance,
        })
    }

    /// A token that is acted on once is not stored for later.
    pub(super) fn check_age(
        self,
        issued_at: Timestamp,
        max_age: Duration,
    ) -> Result<(), TokenError> {
        if self.now < issued_at.after(max_age).after(self.tolerance) {
            return Ok(());
        }
        Err(TokenError::TooOld {
            issued_at,
            max_age,
            now: self.now,
        })
    }

    /// [OpenID Connect Core, section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest),
    /// `max_age`. A sign-in in the future would satisfy any `max_age` for ever.
    pub(super) fn check_auth_time(
        self,
        auth_time: Timestamp,
        max_age: Duration,
    ) -> Result<(), TokenError> {
        let recent = auth_time.after(max_age).after(self.tolerance) >= self.now;
        let past = self.now.after(self.tolerance) >= auth_time;
        if recent && past {
            return Ok(());
        }
        Err(TokenError::AuthTime {
            auth_time,
            max_age,
            now: self.now,
        })
    }
}

/// Exactly, byte for byte: no normalization, no case folding, no trailing slash.
pub(super) fn check_issuer(found: &str, expected: &str) -> Result<(), TokenError> {
    if found == expected {
        return Ok(());
    }
    Err(TokenError::Issuer {
        expected: shortened(expected),
        found: shortened(found),
    })
}

/// [OpenID Connect Core, section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken):
/// at most 255 ASCII characters. It is a key in the application's database, so
/// it is not empty and cannot break a line.
pub(super) fn check_subject(subject: &str) -> Result<(), TokenError> {
    let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let fits = !subject.is_empty() && subject.len() <= MAX_SUBJECT_BYTES;
    if fits && subject.bytes().all(printable) {
        return Ok(());
    }
    Err(TokenError::Subject)
}

/// The tenant is a GUID: the same in either case.
pub(super) fn check_tenant(found: Option<&str>, expected: &str) -> Result<(), TokenError> {
    let found = found.ok_or(TokenError::TenantMissing)?;
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(TokenError::Tenant {
        expected: shortened(expected),
        found: shortened(found),
    })
}

/// A key of a set shared by many tenants says whose tokens it may sign
/// ([Microsoft's signing key issuer validation]).
///
/// [Microsoft's signing key issuer validation]: https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signing-key-issuer
pub(super) fn check_key_issuer(
    key: &PreparedKey,
    issuer: &str,
    tenant: Option<&str>,
) -> Result<(), TokenError> {
    let Some(key_issuer) = key.issuer() else {
        return Ok(());
    };
    let tenant = tenant.ok_or(TokenError::TenantMissing)?;
    let key_issuer = key_issuer.replace("{tenantid}", tenant);
    if key_issuer == issuer {
        return Ok(());
    }
    Err(TokenError::KeyIssuer {
        expected: shortened(issuer),
        found: shortened(&key_issuer),
    })
}

/// [OpenID Connect Core, section 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken):
/// the left half of a token's or code's hash, by the hash of the signature's algorithm.
///
/// EdDSA with an Ed25519 key hashes with SHA-512. An algorithm without an answer
/// here matches nothing.
pub(super) fn half_hash_matches(algorithm: Algorithm, text: &str, claim: &str) -> bool {
    let hash = match algorithm {
        Algorithm::ES256 | Algorithm::PS256 | Algorithm::RS256 => &SHA256,
        Algorithm::ES384 | Algorithm::PS384 | Algorithm::RS384 => &SHA384,
        Algorithm::EdDSA | Algorithm::PS512 | Algorithm::RS512 => &SHA512,
        _ => return false,
    };
    let hash = digest(hash, text.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    let expected = URL_SAFE_NO_PAD.encode_to_string(left);
    constant_time_eq(expected.as_bytes(), claim.as_bytes())
}

/// A claim that is a string wherever it is there.
pub(super) fn text(
    claim: &'static str,
    value: Option<Value>,
) -> Result<Option<String>, TokenError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::ClaimType { claim }),
    }
}

/// A claim that is a string or an array of strings.
pub(super) fn texts(
    claim: &'static str,
    value: Option<Value>,
) -> Result<Option<Vec<String>>, TokenError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(vec![text])),
        Some(Value::Array(values)) => values
            .into_iter()
            .map(|value| match value {
                Value::String(text) => Ok(text),
                _ => Err(TokenError::ClaimType { claim }),
            })
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(TokenError::ClaimType { claim }),
    }
}

/// A claim that is a number of seconds since 1970, whole or not
/// ([RFC 7519, section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
///
/// A string is refused, however numeric it looks: what is not read as a number
/// would not be checked.
pub(super) fn numeric_date(
    claim: &'static str,
    value: Option<Value>,
) -> Result<Option<Timestamp>, TokenError> {
    value.map(|value| date(claim, &value)).transpose()
}

/// The same for a value that is there.
pub(super) fn date(claim: &'static str, value: &Value) -> Result<Timestamp, TokenError> {
    // A fraction is cut off. Negative, infinite and overlong numbers have no
    // duration.
    let fraction = |number: f64| Duration::try_from_secs_f64(number).ok();
    let seconds = value.as_u64().or_else(|| {
        value
            .as_f64()
            .and_then(fraction)
            .map(|since| since.as_secs())
    });
    match seconds {
        Some(seconds) if seconds <= LATEST_DATE => Ok(Timestamp::from_unix(seconds)),
        _ => Err(TokenError::ClaimType { claim }),
    }
}

/// [OpenID Connect Core, section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken).
const MAX_SUBJECT_BYTES: usize = 255;

/// 9999-12-31T23:59:59Z. A later date is a mistake: milliseconds for seconds.
const LATEST_DATE: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn date(value: Value) -> Result<Option<u64>, &'static str> {
        numeric_date("exp", Some(value))
            .map(|date| date.map(Timestamp::unix))
            .map_err(|error| error.code())
    }

    #[test]
    fn a_date_is_a_number_in_range() {
        assert_eq!(numeric_date("exp", None), Ok(None));
        assert_eq!(date(json!(0)), Ok(Some(0)));
        assert_eq!(date(json!(-0.0)), Ok(Some(0)));
        assert_eq!(date(json!(1_767_225_600)), Ok(Some(1_767_225_600)));
        assert_eq!(date(json!(1_767_225_600.75)), Ok(Some(1_767_225_600)));
        assert_eq!(date(json!(1.767_225_6e9)), Ok(Some(1_767_225_600)));
        assert_eq!(date(json!(LATEST_DATE)), Ok(Some(LATEST_DATE)));
        for value in [
            json!(null),
            json!("1767225600"),
            json!([1_767_225_600]),
            json!({}),
            json!(true),
            json!(-1),
            json!(-0.5),
            json!(1e300),
            json!(u64::MAX),
            json!(LATEST_DATE + 1),
            json!(1_767_225_600_000_u64),
        ] {
            assert_eq!(date(value.clone()), Err("token.claim_type"), "{value}");
        }
    }

    #[test]
    fn the_ends_of_time_are_exact() {
        let moment = |now| Moment {
            now: Timestamp::from_unix(now),
            tolerance: Duration::from_secs(60),
        };
        let at = Timestamp::from_unix(1000);
        assert!(moment(1059).check_expiry(at).is_ok());
        assert!(moment(1060).check_expiry(at).is_err());
        assert!(moment(939).check_not_before(at).is_err());
        assert!(moment(940).check_not_before(at).is_ok());
        assert!(moment(939).check_issued_at(at).is_err());
        assert!(moment(940).check_issued_at(at).is_ok());
        let max_age = Duration::from_secs(300);
        assert!(moment(1360).check_auth_time(at, max_age).is_ok());
        assert!(moment(1361).check_auth_time(at, max_age).is_err());
        assert!(moment(939).check_auth_time(at, max_age).is_err());
    }

    #[test]
    fn the_hash_follows_the_algorithm() {
        // OpenID Connect Core, appendix A.3 (RS256) and A.4 (its code).
        let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let at_hash = "77QmUPtjPfzWtF2AnpK9RQ";
        assert!(half_hash_matches(Algorithm::RS256, access_token, at_hash));
        assert!(half_hash_matches(Algorithm::ES256, access_token, at_hash));
        for algorithm in [
            Algorithm::RS384,
            Algorithm::PS512,
            Algorithm::EdDSA,
            Algorithm::HS256,
        ] {
            assert!(!half_hash_matches(algorithm, access_token, at_hash));
        }
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert!(half_hash_matches(
            Algorithm::RS256,
            code,
            "LDktKdoQak3Pk0cnXxCltA"
        ));
        assert!(!half_hash_matches(Algorithm::RS256, code, ""));
    }

    #[test]
    fn a_subject_is_short_printable_ascii() {
        assert!(check_subject("AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ").is_ok());
        assert!(check_subject("auth0|6488 x").is_ok());
        assert!(check_subject(&"x".repeat(255)).is_ok());
        for subject in ["", "é", "a\nb", "a\0", &"x".repeat(256)] {
            assert!(check_subject(subject).is_err(), "{subject:?}");
        }
    }
}
