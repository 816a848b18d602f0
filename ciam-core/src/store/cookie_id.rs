//! The id of a session, as it is in the cookie.

use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};

use super::{KeyKind, StoreKey};
use crate::random::{self, Random, RandomError};

/// 256 random bits. Who has them has the session, so no store is given them. They are not
/// overwritten here, because the headers that they come in are not either.
pub(crate) struct CookieId([u8; BYTES]);

impl CookieId {
    /// Of a session that begins.
    pub(crate) fn new(random: &dyn Random) -> Result<Self, RandomError> {
        Ok(Self(random::bytes(random)?))
    }

    /// From what a cookie holds; `None` for what [`text`](Self::text) never gives.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        let mut id = Self([0; BYTES]);
        // Nothing decodes that is written otherwise.
        let decoded = URL_SAFE_NO_PAD.decode(text, id.0.as_mut_slice().as_out());
        decoded.is_ok().then_some(id)
    }

    /// 43 characters of base64url.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string(self.0)
    }

    /// Where the session is kept.
    pub(crate) fn key(&self, realm: &[u8; REALM]) -> StoreKey {
        // Asked for at every visit. Each part always has the same length, and all of them
        // fit into one block of SHA-256.
        let mut whole = [0; 1 + REALM + BYTES];
        whole[0] = KeyKind::Session.byte();
        whole[1..=REALM].copy_from_slice(realm);
        whole[1 + REALM..].copy_from_slice(&self.0);
        StoreKey::hash(&whole)
    }
}

/// How many bytes of a realm are part of a key: no two applications have the same.
pub(crate) const REALM: usize = 16;

const BYTES: usize = 32;

/// In characters of base64url.
const LENGTH: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn what_a_cookie_was_given_is_read_again() {
        let id = CookieId::new(&SystemRandom).expect("the system has randomness");
        let text = id.text();
        assert_eq!(text.len(), LENGTH);
        let read = CookieId::read(text.as_bytes()).expect("an id");
        assert_eq!(read.0, id.0);
        assert_eq!(read.key(&[1; REALM]), id.key(&[1; REALM]));
    }

    #[test]
    fn only_what_a_cookie_was_given_is_read() {
        let id = CookieId([0xa5; BYTES]).text();
        let mut count = 0;
        for place in 0..LENGTH {
            for byte in 0..=u8::MAX {
                let mut text = id.clone().into_bytes();
                text[place] = byte;
                if let Some(read) = CookieId::read(&text) {
                    assert_eq!(read.text().as_bytes(), text);
                    count += 1;
                }
            }
        }
        // The last digit has two bits that no byte has.
        assert_eq!(count, (LENGTH - 1) * 64 + 16);
        for text in [
            String::new(),
            id[1..].to_owned(),
            format!("{id}A"),
            format!("{id}="),
        ] {
            assert!(CookieId::read(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn another_application_keeps_the_same_id_elsewhere() {
        let id = CookieId([7; BYTES]);
        assert_ne!(id.key(&[1; REALM]), id.key(&[2; REALM]));
        // SHA-256 of 01, the realm and the id: it stays what it was.
        let kept = id.key(&[1; REALM]);
        assert_eq!(kept.name(), "KYhNvlWafzB7L4pX_2FyHL3WJDlU7h69hfZbTh9Ww14");
    }
}
