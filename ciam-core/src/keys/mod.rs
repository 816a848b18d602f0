//! The provider's public keys: read once when a set arrives, chosen per token.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::error::KeyError;
pub use self::jwk::{SkipReason, SkippedKey};
pub use self::prepared::{PreparedKey, SignatureError};
pub(crate) use self::source::{KeySource, KeysError};
pub use crate::algorithm::{Algorithm, AlgorithmError, parse_algorithm};

use self::jwk::PublicJwk;
use crate::text::shortened;

mod error;
mod jwk;
mod prepared;
mod source;

/// The keys of one provider, ready to verify.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Arc<PreparedKey>>,
    skipped: Vec<SkippedKey>,
}

impl KeySet {
    /// Reads a JWK set ([RFC 7517, section 5]).
    ///
    /// Every key is read alone. Those that cannot verify a signature here are
    /// skipped, and [`skipped`](Self::skipped) says why: encryption keys,
    /// unknown types and curves, RSA keys under 2048 bits, shared secrets,
    /// private keys, malformed ones.
    ///
    /// # Errors
    ///
    /// When the document is too large, is not a key set, holds too many keys, or
    /// not one that can be used: the set in use is then better kept.
    ///
    /// [RFC 7517, section 5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
    pub fn parse(body: &[u8]) -> Result<Self, KeyError> {
        if body.len() > MAX_KEY_SET_BYTES {
            return Err(KeyError::TooLarge {
                found: body.len(),
                limit: MAX_KEY_SET_BYTES,
            });
        }
        // A derived reader would take an array in place of an object.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(KeyError::Malformed);
        }
        let document: Document<'_> =
            serde_json::from_slice(body).map_err(|_| KeyError::Malformed)?;
        let found = document.keys.len();
        if found > MAX_KEYS {
            return Err(KeyError::TooMany {
                found,
                limit: MAX_KEYS,
            });
        }
        let mut set = Self {
            keys: Vec::with_capacity(found),
            skipped: Vec::new(),
        };
        for key in document.keys {
            match PublicJwk::parse(key.get()).and_then(PreparedKey::new) {
                Ok(key) if set.keys.iter().any(|other| other.is_same(&key)) => {}
                Ok(key) => set.keys.push(Arc::new(key)),
                Err(skipped) => set.skipped.push(skipped),
            }
        }
        if set.keys.is_empty() {
            return Err(KeyError::Unusable { found });
        }
        Ok(set)
    }

    /// The one key that may verify a token with this `kid` and algorithm.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn select(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&Arc<PreparedKey>, KeyError> {
        let mut id_is_known = false;
        let mut selected = None;
        // A key set may use one `kid` for keys of different types (RFC 7517,
        // section 4.5), so the algorithm chooses among keys of the same `kid`.
        // A token that names a key is never verified with one that has no name,
        // even where only one would fit: a rotation looks exactly like this.
        for key in &self.keys {
            if kid.is_some() && key.kid() != kid {
                continue;
            }
            id_is_known = true;
            if !key.serves(algorithm) {
                continue;
            }
            // OpenID Connect Core, section 10.1: with several keys a token must
            // name its own. The conformance suite allows trying them one after
            // the other as well; a token that does not say who signed it is
            // refused here.
            if selected.replace(key).is_some() {
                return Err(KeyError::Ambiguous {
                    kid: kid.map(shortened),
                    algorithm,
                });
            }
        }
        selected.ok_or_else(|| match kid {
            None => KeyError::NoneFits { algorithm },
            Some(kid) if id_is_known => KeyError::Algorithm {
                kid: shortened(kid),
                algorithm,
            },
            Some(kid) => KeyError::UnknownKid {
                kid: shortened(kid),
            },
        })
    }

    /// The keys that can verify signatures, in the order of the set.
    pub fn keys(&self) -> &[Arc<PreparedKey>] {
        &self.keys
    }

    /// Whether this very key is in the set, with the same restrictions.
    pub(crate) fn contains(&self, key: &PreparedKey) -> bool {
        self.keys.iter().any(|one| one.is_same(key))
    }

    /// The keys that were not taken, for the log.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }
}

/// The longest key set that is read, in bytes: the limit of any response.
pub const MAX_KEY_SET_BYTES: usize = 1024 * 1024;

/// The most keys that are read. Microsoft's shared set has eight; a hundred
/// leave room for any provider and cost a few milliseconds to prepare.
pub const MAX_KEYS: usize = 100;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[cfg(test)]
mod tests;
