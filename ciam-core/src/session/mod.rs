//! The session: what the cookie of a signed-in visitor holds.
//!
//! ```text
//! version (1) | created (8) | renewed (8) | claims
//! ```
//!
//! Times are big-endian seconds since 1970-01-01T00:00:00Z. A session is made at
//! every sign-in and never changed: renewing makes another one.

use std::fmt;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use zeroize::Zeroizing;

use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::random::Random;

use self::cookie::{CookieError, MAX_CHUNKS};
use self::key_ring::{KeyAge, KeyRing};
use self::seal::{SealContext, SealError};

pub(crate) mod cookie;
pub(crate) mod key_ring;
pub(crate) mod seal;

/// A session that is alive: opened from a cookie, or made at sign-in.
///
/// Cloning shares the opened buffer. Its `Debug` prints the type's name only.
#[derive(Clone)]
pub(crate) struct Session {
    created_at: Timestamp,
    renewed_at: Timestamp,
    expires_at: Timestamp,
    key: KeyAge,
    claims: Claims,
}

impl Session {
    /// The session of someone who signs in now, with these claims.
    pub(crate) fn new(claims: Claims, now: Timestamp, lifetimes: &Lifetimes) -> Self {
        let mut session = Self {
            created_at: now,
            renewed_at: now,
            expires_at: now,
            key: KeyAge::Current,
            claims,
        };
        session.expires_at = session.cookie_expiry(now, lifetimes);
        session
    }

    /// Opens the text of a cookie.
    pub(crate) fn open(
        ring: &KeyRing,
        context: &SealContext<'_>,
        text: &[u8],
        now: Timestamp,
        lifetimes: &Lifetimes,
    ) -> Result<Self, SessionError> {
        let opened = ring.open(context, text, now)?;
        let session = Self::decode(opened.plaintext, now, lifetimes)?;
        Ok(Self {
            // Longer lifetimes do not revive what was sealed with shorter ones.
            expires_at: session.expires_at.min(opened.expires_at),
            key: opened.key,
            ..session
        })
    }

    /// Reads what [`Self::encode`] wrote, once its seal is opened.
    pub(crate) fn decode(
        mut plaintext: Bytes,
        now: Timestamp,
        lifetimes: &Lifetimes,
    ) -> Result<Self, SessionError> {
        let malformed = SessionError::Malformed;

        // 1. The layout.
        let (&version, rest) = plaintext.split_first().ok_or(malformed)?;
        if version != VERSION {
            return Err(SessionError::Version { found: version });
        }
        let (created, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (renewed, _) = rest.split_first_chunk().ok_or(malformed)?;
        let [created_at, renewed_at] =
            [created, renewed].map(|at| Timestamp::from_unix(u64::from_be_bytes(*at)));
        plaintext.advance(HEADER);
        let mut session = Self {
            created_at,
            renewed_at,
            expires_at: now,
            key: KeyAge::Current,
            claims: Claims::from_sealed(plaintext),
        };
        if session.renewed_at < session.created_at || session.claims.json().is_empty() {
            return Err(malformed);
        }

        // 2. Not made later than now, but for clocks that differ a little.
        let latest = now.after(MAX_SKEW);
        if session.renewed_at > latest {
            let renewed_at = session.renewed_at;
            return Err(SessionError::FromTheFuture { renewed_at, now });
        }

        // 3. The absolute limit, then the idle one.
        let ended_at = session.created_at.after(lifetimes.absolute);
        if ended_at <= now {
            return Err(SessionError::Lifetime { ended_at, now });
        }
        let ended_at = session.renewed_at.after(lifetimes.idle);
        if ended_at <= now {
            return Err(SessionError::Idle { ended_at, now });
        }
        session.expires_at = session.cookie_expiry(session.renewed_at, lifetimes);
        Ok(session)
    }

    /// The same session, used now: to be sealed and written back.
    #[must_use]
    pub(crate) fn renewed(&self, now: Timestamp, lifetimes: &Lifetimes) -> Self {
        // A clock that is behind the one that made the session takes nothing back.
        let renewed_at = now.max(self.renewed_at);
        Self {
            renewed_at,
            expires_at: self.cookie_expiry(renewed_at, lifetimes),
            ..self.clone()
        }
    }

    /// Seals the session into the cookies to set: name and value.
    ///
    /// They expire at [`Self::expires_at`].
    pub(crate) fn seal<'n>(
        &self,
        ring: &KeyRing,
        context: &SealContext<'_>,
        names: &'n [String; MAX_CHUNKS],
        random: &dyn Random,
    ) -> Result<Vec<(&'n str, String)>, SessionError> {
        let text = self
            .seal_whole(ring, context, random)
            .map_err(|error| match error {
                SealError::TooLarge { length } => {
                    let limit = cookie::capacity(names);
                    SessionError::TooLarge { length, limit }
                }
                error => SessionError::Seal(error),
            })?;
        cookie::split(&text, names).map_err(|error| match error {
            CookieError::TooLarge { length, limit } => SessionError::TooLarge { length, limit },
            error => SessionError::Cookie(error),
        })
    }

    /// Seals the session into one text, for a store.
    pub(crate) fn seal_whole(
        &self,
        ring: &KeyRing,
        context: &SealContext<'_>,
        random: &dyn Random,
    ) -> Result<String, SealError> {
        let plaintext = self.encode();
        ring.seal(
            context,
            &plaintext,
            self.expires_at,
            self.renewed_at,
            random,
        )
    }

    /// Writes what [`Self::decode`] reads, to be sealed.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let claims = self.claims.json();
        let mut plaintext = Zeroizing::new(Vec::with_capacity(HEADER + claims.len()));
        plaintext.push(VERSION);
        plaintext.extend(self.created_at.unix().to_be_bytes());
        plaintext.extend(self.renewed_at.unix().to_be_bytes());
        plaintext.extend_from_slice(claims);
        plaintext
    }

    /// Whether the cookie is to be written back: a tenth of the idle time has
    /// passed and writing makes the session last longer, or a previous key
    /// opened it.
    pub(crate) fn renewal_due(&self, now: Timestamp, lifetimes: &Lifetimes) -> bool {
        let unused = now.since(self.renewed_at);
        let longer = self.cookie_expiry(now, lifetimes) > self.expires_at;
        self.key == KeyAge::Previous || (longer && unused >= lifetimes.idle / RENEWAL_PARTS)
    }

    /// When the session ends if it is used at `now`, in seconds since 1970:
    /// the idle time after `now`, or the absolute time after it was created,
    /// whichever comes first.
    pub(crate) fn cookie_expiry(&self, now: Timestamp, lifetimes: &Lifetimes) -> Timestamp {
        let idle = now.after(lifetimes.idle);
        idle.min(self.created_at.after(lifetimes.absolute))
    }

    /// When the session ends if it is not renewed.
    pub(crate) const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The claims of the user.
    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// How long a session lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    /// Without being used.
    pub(crate) idle: Duration,
    /// However much it is used.
    pub(crate) absolute: Duration,
}

/// Why there is no session, or none can be written.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum SessionError {
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

const VERSION: u8 = 1;

/// Version, created, renewed.
const HEADER: usize = 1 + 8 + 8;

/// The cookie is written back when one of so many parts of the idle time has
/// passed: with 24 hours, at most every 2.4 hours, and a session ends at most
/// that much before its idle time.
const RENEWAL_PARTS: u32 = 10;

/// How far the clocks of two instances of one application may differ.
const MAX_SKEW: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
