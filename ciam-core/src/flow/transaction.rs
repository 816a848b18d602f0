//! One sign-in attempt: what must come back with the callback, sealed in a cookie of its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::challenge::TokenChallenge;
use super::return_to::ReturnTo;
use super::step_up::StepUp;
use crate::clock::Timestamp;
use crate::random::{self, Random, RandomError};
use crate::secret::Secret;

/// A sign-in under way in one tab of one browser.
///
/// RFC 9700, sections 2.1 and 4.7: `state`, `nonce` and the PKCE verifier are
/// bound to this browser by the cookie and to this attempt by being fresh.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) state: Secret,
    pub(crate) nonce: Secret,
    pub(crate) code_verifier: Secret,
    pub(crate) return_to: ReturnTo,
    /// The issuer the visitor was sent to: an answer of another one is refused
    /// (RFC 9700, section 4.4).
    pub(crate) issuer: String,
    pub(crate) started_at: Timestamp,
    pub(crate) step_up: StepUp,
    pub(crate) challenge: TokenChallenge,
    /// Begun anew, because the provider asked for it: that is done once.
    pub(crate) is_second: bool,
}

impl Transaction {
    pub(crate) fn start(
        issuer: &str,
        return_to: ReturnTo,
        step_up: StepUp,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Self, RandomError> {
        Ok(Self {
            state: Secret::new(random::token(random)?),
            nonce: Secret::new(random::token(random)?),
            code_verifier: Secret::new(random::token(random)?),
            return_to,
            issuer: issuer.to_owned(),
            started_at: now,
            step_up,
            challenge: TokenChallenge::default(),
            is_second: false,
        })
    }

    /// The part of the `state` that names the attempt's cookie; the rest of it is
    /// compared with the sealed one.
    pub(crate) fn attempt(state: &str) -> Option<&str> {
        let attempt = state.get(..ATTEMPT_LENGTH)?;
        let plain = attempt
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        plain.then_some(attempt)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let wire = Wire {
            state: self.state.expose(),
            nonce: self.nonce.expose(),
            code_verifier: self.code_verifier.expose(),
            return_to: self.return_to.as_str(),
            issuer: &self.issuer,
            started_at: self.started_at.unix(),
            step_up: (!self.step_up.is_nothing()).then_some(&self.step_up),
            challenge: (!self.challenge.is_nothing()).then_some(&self.challenge),
            is_second: self.is_second,
        };
        // Texts and a number always make JSON.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// `None`: not a transaction of this version.
    pub(crate) fn decode(plaintext: &[u8], own_prefix: &str) -> Option<Self> {
        let wire: OwnedWire = serde_json::from_slice(plaintext).ok()?;
        Some(Self {
            state: Secret::new(wire.state),
            nonce: Secret::new(wire.nonce),
            code_verifier: Secret::new(wire.code_verifier),
            return_to: ReturnTo::parse(&wire.return_to, own_prefix).ok()?,
            issuer: wire.issuer,
            started_at: Timestamp::from_unix(wire.started_at),
            step_up: wire.step_up,
            challenge: wire.challenge,
            is_second: wire.is_second,
        })
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    state: &'a str,
    nonce: &'a str,
    code_verifier: &'a str,
    return_to: &'a str,
    issuer: &'a str,
    started_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_up: Option<&'a StepUp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<&'a TokenChallenge>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_second: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedWire {
    state: String,
    nonce: String,
    code_verifier: String,
    return_to: String,
    issuer: String,
    started_at: u64,
    #[serde(default)]
    step_up: StepUp,
    #[serde(default)]
    challenge: TokenChallenge,
    #[serde(default)]
    is_second: bool,
}

/// How long a visitor may take at the provider: long enough to create an account
/// with a code from a mailbox, short enough not to pile up.
pub(crate) const TRANSACTION_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Attempts kept in one browser; the oldest goes first. Six cookies of about
/// 600 bytes stay below the 8 kB that servers accept as headers.
pub(crate) const MAX_TRANSACTIONS: usize = 6;

/// 72 bits: two attempts of one browser do not meet.
const ATTEMPT_LENGTH: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn transaction() -> Transaction {
        let return_to = ReturnTo::parse("/account?x=1", "/auth").expect("a local path");
        let now = Timestamp::from_unix(1000);
        let step_up = StepUp {
            contexts: vec!["c1".to_owned()],
            max_age: Some(300),
        };
        Transaction::start(
            "https://issuer.example",
            return_to,
            step_up,
            now,
            &SystemRandom,
        )
        .expect("the system has randomness")
    }

    #[test]
    fn round_trip() {
        let one = transaction();
        let other = Transaction::decode(&one.encode(), "/auth").expect("what was encoded");
        assert!(other.state.matches(one.state.expose()));
        assert!(other.nonce.matches(one.nonce.expose()));
        assert!(other.code_verifier.matches(one.code_verifier.expose()));
        assert_eq!(other.return_to.as_str(), "/account?x=1");
        assert_eq!(other.step_up, one.step_up);
        assert_eq!(
            (other.issuer, other.started_at),
            (one.issuer, one.started_at)
        );
    }

    #[test]
    fn nothing_is_used_twice_and_nothing_is_shown() {
        let (one, other) = (transaction(), transaction());
        let values = [
            &one.state,
            &one.nonce,
            &one.code_verifier,
            &other.state,
            &other.nonce,
        ];
        for (n, value) in values.iter().enumerate() {
            assert!(values[..n].iter().all(|v| !v.matches(value.expose())));
            assert!(!format!("{one:?}{other:?}").contains(value.expose()));
        }
    }

    #[test]
    fn a_state_names_its_attempt_or_nothing() {
        assert_eq!(
            Transaction::attempt("abcdefghijkl_rest"),
            Some("abcdefghijkl")
        );
        for state in [
            "",
            "short",
            "abc;defghijkl",
            "äöüäöüäöüäöü",
            "abcdefghijk=xxx",
        ] {
            assert_eq!(Transaction::attempt(state), None, "{state}");
        }
    }
}
