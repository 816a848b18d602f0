//! The secrets that cookies are sealed with.

use std::fmt;

use base64_simd::{Base64, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::random::{self, Random, RandomError};

use super::credential::no_surrounding_space;
use super::problem::Fault;

/// Key material for cookies: at least 32 bytes.
///
/// Its `Debug` prints the type's name only, and the memory is overwritten when
/// it is dropped.
#[derive(Clone)]
pub(crate) struct CookieSecret(Zeroizing<Vec<u8>>);

impl CookieSecret {
    /// A fresh one that nobody else has.
    pub(super) fn random(random: &dyn Random) -> Result<Self, RandomError> {
        let bytes = Zeroizing::new(random::bytes::<MIN_BYTES>(random)?);
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Reads `CIAM_COOKIE_SECRET`: the first entry seals, all of them open.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>, Fault> {
        no_surrounding_space(text)?;
        let entries: Vec<&str> = text.split(',').map(str::trim).collect();
        if entries.len() > MAX_ENTRIES {
            return Err(Fault::new(
                "config.cookie_secret_too_many",
                format!("has {} entries, the limit is {MAX_ENTRIES}", entries.len()),
                "remove the oldest ones: those whose cookies have expired",
            ));
        }
        let mut secrets: Vec<Self> = Vec::with_capacity(entries.len());
        for (i, entry) in entries.iter().enumerate() {
            let secret = Self::parse(entry, &format!("entry {} of {}", i + 1, entries.len()))?;
            if secrets.iter().any(|other| other.0 == secret.0) {
                return Err(Fault::new(
                    "config.cookie_secret_twice",
                    format!("entry {} is there twice", i + 1),
                    "remove one of them",
                ));
            }
            secrets.push(secret);
        }
        Ok(secrets)
    }

    fn parse(entry: &str, place: &str) -> Result<Self, Fault> {
        let padded = entry.ends_with('=');
        let base64: Base64 = match (entry.contains(['-', '_']), padded) {
            (false, false) => STANDARD_NO_PAD,
            (false, true) => STANDARD,
            (true, false) => URL_SAFE_NO_PAD,
            (true, true) => URL_SAFE,
        };
        let Ok(bytes) = base64.decode_to_vec(entry).map(Zeroizing::new) else {
            let what = format!("{place} is not base64");
            return Err(Fault::new("config.cookie_secret_invalid", what, MAKE_ONE));
        };
        if bytes.len() < MIN_BYTES {
            let what = format!("{place} has {} bytes, {MIN_BYTES} are needed", bytes.len());
            return Err(Fault::new("config.cookie_secret_too_short", what, MAKE_ONE));
        }
        if bytes.len() > MAX_BYTES {
            let what = format!(
                "{place} has {} bytes, the limit is {MAX_BYTES}",
                bytes.len()
            );
            return Err(Fault::new("config.cookie_secret_too_long", what, MAKE_ONE));
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            let what = format!("{place} repeats one byte, which anyone can guess");
            return Err(Fault::new("config.cookie_secret_weak", what, MAKE_ONE));
        }
        Ok(Self(bytes))
    }

    /// The bytes, for deriving keys from them.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieSecret")
    }
}

pub(super) const MAKE_ONE: &str = "set it to what `openssl rand -base64 32` prints";

/// The key length of AES-256, so that the seal is no weaker than its cipher.
const MIN_BYTES: usize = 32;

/// Nobody needs more; a whole file by mistake is told apart from a secret.
const MAX_BYTES: usize = 1024;

/// Keys are tried by id, so this bounds the list, not the work per cookie.
const MAX_ENTRIES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 35] = *b"\xfb\xff\xfe3456789012345678901234567890123\x00";

    #[test]
    fn every_common_form_of_base64_is_read() {
        for base64 in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let text = base64.encode_to_string(BYTES);
            let secrets = CookieSecret::parse_list(&text).expect("base64");
            assert_eq!(secrets.len(), 1);
            assert_eq!(secrets[0].expose(), BYTES);
        }
    }

    #[test]
    fn a_list_keeps_its_order() {
        let one = STANDARD.encode_to_string([[1; 16], [2; 16]].concat());
        let other = STANDARD.encode_to_string([[3; 16], [4; 16]].concat());
        let secrets = CookieSecret::parse_list(&format!("{one}, {other}")).expect("two");
        assert_eq!(secrets.len(), 2);
        assert_eq!((secrets[0].expose()[0], secrets[1].expose()[0]), (1, 3));
    }

    #[test]
    fn what_is_refused_has_a_code() {
        let good = STANDARD.encode_to_string(BYTES);
        let many: Vec<String> = (0..9).map(|i| format!("{good}{i}")).collect();
        for (text, code) in [
            (
                "correct horse battery staple!",
                "config.cookie_secret_invalid",
            ),
            ("abc-/", "config.cookie_secret_invalid"),
            (&format!("{good},"), "config.cookie_secret_too_short"),
            (&format!(",{good}"), "config.cookie_secret_too_short"),
            (
                &STANDARD.encode_to_string(&BYTES[..31]),
                "config.cookie_secret_too_short",
            ),
            (
                &STANDARD.encode_to_string([5; 1025]),
                "config.cookie_secret_too_long",
            ),
            (
                &STANDARD.encode_to_string([0; 32]),
                "config.cookie_secret_weak",
            ),
            (&format!("{good},{good}"), "config.cookie_secret_twice"),
            (&many.join(","), "config.cookie_secret_too_many"),
            (&format!("{good}\n"), "config.secret_surrounding_space"),
        ] {
            let fault = CookieSecret::parse_list(text).expect_err(text);
            assert_eq!(fault.code, code, "{text}");
            assert!(!format!("{fault:?}").contains(text), "{fault:?}");
        }
    }

    #[test]
    fn debug_does_not_leak() {
        let text = STANDARD.encode_to_string(BYTES);
        let secrets = CookieSecret::parse_list(&text).expect("base64");
        assert_eq!(format!("{secrets:?}"), "[CookieSecret]");
    }
}
