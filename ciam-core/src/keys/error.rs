//! What can be wrong with a key set or with choosing a key from it.

use super::Algorithm;

/// A key set was refused, or no key of it may verify a token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key with this id is for other algorithms.
    #[error("key {kid} does not serve {algorithm:?}")]
    Algorithm {
        /// The key id asked for.
        kid: String,
        /// The algorithm asked for.
        algorithm: Algorithm,
    },
    /// More than one key fits, and nothing tells which is meant.
    #[error("more than one key fits {algorithm:?}")]
    Ambiguous {
        /// The key id asked for, if the token names one.
        kid: Option<String>,
        /// The algorithm asked for.
        algorithm: Algorithm,
    },
    /// The key set is not a JSON object with an array `keys`.
    #[error("the key set is not a JSON object with an array of keys")]
    Malformed,
    /// The token names no key, and none in the set serves its algorithm.
    #[error("no key serves {algorithm:?}")]
    NoneFits {
        /// The algorithm asked for.
        algorithm: Algorithm,
    },
    /// The key set is longer than [`MAX_KEY_SET_BYTES`](super::MAX_KEY_SET_BYTES).
    #[error("the key set has {found} bytes, more than {limit}")]
    TooLarge {
        /// Its length in bytes.
        found: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// The key set holds more than [`MAX_KEYS`](super::MAX_KEYS) keys.
    #[error("the key set has {found} keys, more than {limit}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// The most that are read.
        limit: usize,
    },
    /// The set has no key with this id: it may have been published since.
    #[error("the key set has no key {kid}")]
    UnknownKid {
        /// The key id asked for.
        kid: String,
    },
    /// Not one key of the set can verify a signature.
    #[error("none of the {found} keys in the set can verify a signature")]
    Unusable {
        /// How many keys were skipped.
        found: usize,
    },
}

impl KeyError {
    /// The stable code of this failure.
    ///
    /// `key_set.…` is about the set as a whole, `key.…` about choosing one of
    /// its keys. A refetch can help where
    /// [`is_unknown_key`](crate::token::TokenError::is_unknown_key) says so.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Algorithm { .. } => "key.algorithm",
            Self::Ambiguous { .. } => "key.ambiguous",
            Self::Malformed => "key_set.malformed",
            Self::NoneFits { .. } => "key.none_fits",
            Self::TooLarge { .. } => "key_set.too_large",
            Self::TooMany { .. } => "key_set.too_many",
            Self::UnknownKid { .. } => "key.unknown_kid",
            Self::Unusable { .. } => "key_set.unusable",
        }
    }
}
