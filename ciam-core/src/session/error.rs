//! Why there is no session, or none can be written.

use super::VERSION;
use super::cookie::CookieError;
use super::seal::SealError;
use crate::clock::Timestamp;

/// Why there is no session, or none can be written.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The provider ends it earlier than the application would.
    #[error("the provider ends the session at {ended_at}, it is {now}")]
    Ceiling {
        /// The claim `session_expiry`.
        ended_at: Timestamp,
        /// The time of opening.
        now: Timestamp,
    },
    /// The chunks of the cookie are not one value.
    #[error(transparent)]
    Cookie(#[from] CookieError),
    /// Renewed later than now.
    #[error("the session was renewed at {renewed_at}, it is {now}")]
    FromTheFuture {
        /// When it was renewed.
        renewed_at: Timestamp,
        /// The time of opening.
        now: Timestamp,
    },
    /// Not used for the idle time.
    #[error("the idle time ended at {ended_at}, it is {now}")]
    Idle {
        /// When it ended.
        ended_at: Timestamp,
        /// The time of opening.
        now: Timestamp,
    },
    /// The absolute time is over.
    #[error("the lifetime ended at {ended_at}, it is {now}")]
    Lifetime {
        /// When it ended.
        ended_at: Timestamp,
        /// The time of opening.
        now: Timestamp,
    },
    /// Not laid out as a session.
    #[error("not a session")]
    Malformed,
    /// The cookie does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// More than the cookies hold.
    #[error("the session has {length} bytes when sealed, the cookies hold {limit}")]
    TooLarge {
        /// Its length in bytes, sealed.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Written by another release.
    #[error("the session has version {found}, this is version {VERSION}")]
    Version {
        /// The version it names.
        found: u8,
    },
}

impl SessionError {
    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Ceiling { .. } => "session.ceiling",
            Self::Cookie(error) => error.code(),
            Self::FromTheFuture { .. } => "session.from_the_future",
            Self::Idle { .. } => "session.idle",
            Self::Lifetime { .. } => "session.lifetime",
            Self::Malformed => "session.malformed",
            Self::Seal(error) => error.code(),
            Self::TooLarge { .. } => "session.too_large",
            Self::Version { .. } => "session.version",
        }
    }
}
