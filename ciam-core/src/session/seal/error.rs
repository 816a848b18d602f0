//! Why something was not sealed, or not opened.

use super::{Day, KeyId, MAX_SEALED, VERSION};
use crate::clock::Timestamp;
use crate::random::RandomError;

/// Why a text was not sealed or not opened.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SealError {
    /// Sealed on a day on which nothing that still lives was sealed.
    #[error("sealed on day {found}, which cannot be alive at {now}")]
    Day {
        /// The day it claims.
        found: Day,
        /// The time of opening.
        now: Timestamp,
    },
    /// Its time is over.
    #[error("expired at {expires_at}, it is {now}")]
    Expired {
        /// When it expired.
        expires_at: Timestamp,
        /// The time of opening.
        now: Timestamp,
    },
    /// To be sealed for longer than anything may live.
    #[error("would expire at {expires_at}, after {latest}")]
    Lifetime {
        /// The expiry asked for.
        expires_at: Timestamp,
        /// The latest one allowed.
        latest: Timestamp,
    },
    /// Not base64url, or too short to hold its header.
    #[error("not a sealed text")]
    Malformed,
    /// No nonce.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Changed, or sealed for another purpose, cookie or realm.
    #[error("the seal is broken or for something else")]
    Refused,
    /// More than a sealed text may have.
    #[error("the sealed text has {length} bytes, the limit is {MAX_SEALED}")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
    },
    /// No subkey came out of a key.
    #[error("no key can be derived for the day")]
    Underivable,
    /// Sealed under a secret that is not, or no longer, in the list.
    #[error("sealed under the unknown key {found}")]
    UnknownKey {
        /// The key it names.
        found: KeyId,
    },
    /// Sealed by another release.
    #[error("sealed in version {found}, this is version {VERSION}")]
    Version {
        /// The version it names.
        found: u8,
    },
}

impl SealError {
    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Day { .. } => "seal.day",
            Self::Expired { .. } => "seal.expired",
            Self::Lifetime { .. } => "seal.lifetime",
            Self::Malformed => "seal.malformed",
            Self::Random(_) => "seal.random",
            Self::Refused => "seal.refused",
            Self::TooLarge { .. } => "seal.too_large",
            Self::Underivable => "seal.underivable",
            Self::UnknownKey { .. } => "seal.unknown_key",
            Self::Version { .. } => "seal.version",
        }
    }
}
