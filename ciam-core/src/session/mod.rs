//! The session: what is known of a signed-in visitor, in a cookie or a store.
//!
//! ```text
//! version (1) | created (8) | renewed (8) | ceiling (8) | length of claims (4) | claims | kept
//! ```
//!
//! Numbers are big-endian, times are seconds since 1970-01-01T00:00:00Z. A session is
//! made at every sign-in and never changed: renewing makes another one.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use zeroize::Zeroizing;

use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::random::Random;

use self::cookie::{CookieError, MAX_CHUNKS};
pub(crate) use self::error::SessionError;
use self::kept::Kept;
use self::key_ring::{KeyAge, KeyRing};
use self::seal::{Opened, SealContext, SealError};
use self::tokens::Tokens;

pub(crate) mod cookie;
mod error;
pub(crate) mod info;
pub(crate) mod kept;
pub(crate) mod key_ring;
pub(crate) mod scopes;
pub(crate) mod seal;
pub(crate) mod tokens;

/// A session that is alive: opened from a cookie, or made at sign-in.
///
/// Cloning shares the opened buffer. Its `Debug` prints the type's name only.
#[derive(Clone)]
pub(crate) struct Session {
    created_at: Timestamp,
    renewed_at: Timestamp,
    /// When the provider ends it, whatever happens here.
    ceiling: Option<Timestamp>,
    expires_at: Timestamp,
    key: KeyAge,
    claims: Claims,
    kept: Bytes,
}

impl Session {
    /// The session of someone who signs in now, with these claims, which the provider
    /// may end at a time it says.
    pub(crate) fn new(
        claims: Claims,
        ceiling: Option<Timestamp>,
        now: Timestamp,
        lifetimes: &Lifetimes,
    ) -> Result<Self, SessionError> {
        let mut session = Self {
            created_at: now,
            renewed_at: now,
            ceiling,
            expires_at: now,
            key: KeyAge::Current,
            claims,
            kept: Bytes::new(),
        };
        session.check_ceiling(now)?;
        session.expires_at = session.cookie_expiry(now, lifetimes);
        Ok(session)
    }

    /// Opens the text of a cookie.
    pub(crate) fn open(
        ring: &KeyRing,
        context: &SealContext<'_>,
        text: &[u8],
        now: Timestamp,
        lifetimes: &Lifetimes,
    ) -> Result<Self, SessionError> {
        Self::opened(ring.open(context, text, now)?, now, lifetimes)
    }

    /// Opens the bytes of a store.
    pub(crate) fn open_bytes(
        ring: &KeyRing,
        context: &SealContext<'_>,
        bytes: &[u8],
        now: Timestamp,
        lifetimes: &Lifetimes,
    ) -> Result<Self, SessionError> {
        Self::opened(ring.open_bytes(context, bytes, now)?, now, lifetimes)
    }

    fn opened(opened: Opened, now: Timestamp, lifetimes: &Lifetimes) -> Result<Self, SessionError> {
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
        let (renewed, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (ceiling, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (length, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let length = u32::from_be_bytes(*length) as usize;
        if length > rest.len() {
            return Err(malformed);
        }
        let [created_at, renewed_at, ceiling] =
            [created, renewed, ceiling].map(|at| Timestamp::from_unix(u64::from_be_bytes(*at)));
        plaintext.advance(HEADER);
        let claims = plaintext.split_to(length);
        let mut session = Self {
            created_at,
            renewed_at,
            ceiling: (ceiling != NO_CEILING).then_some(ceiling),
            expires_at: now,
            key: KeyAge::Current,
            claims: Claims::from_sealed(claims),
            kept: plaintext,
        };
        if session.renewed_at < session.created_at || session.claims.json().is_empty() {
            return Err(malformed);
        }

        // 2. The times.
        session.expires_at = session.cookie_expiry(session.renewed_at, lifetimes);
        session.check_times(now, lifetimes)?;
        Ok(session)
    }

    /// Whether a session that was opened before is still alive.
    pub(crate) fn check_alive(
        &self,
        now: Timestamp,
        lifetimes: &Lifetimes,
    ) -> Result<(), SessionError> {
        self.check_times(now, lifetimes)?;
        let expires_at = self.expires_at;
        if expires_at <= now {
            return Err(SealError::Expired { expires_at, now }.into());
        }
        Ok(())
    }

    fn check_times(&self, now: Timestamp, lifetimes: &Lifetimes) -> Result<(), SessionError> {
        // 1. Not made later than now, but for clocks that differ a little.
        let renewed_at = self.renewed_at;
        if renewed_at > now.after(MAX_SKEW) {
            return Err(SessionError::FromTheFuture { renewed_at, now });
        }
        // 2. The provider's limit, the absolute one, then the idle one.
        self.check_ceiling(now)?;
        let ended_at = self.created_at.after(lifetimes.absolute);
        if ended_at <= now {
            return Err(SessionError::Lifetime { ended_at, now });
        }
        let ended_at = renewed_at.after(lifetimes.idle);
        if ended_at <= now {
            return Err(SessionError::Idle { ended_at, now });
        }
        Ok(())
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
        let plaintext = self.encode();
        let (until, from) = (self.expires_at, self.renewed_at);
        let text = ring
            .seal(context, &plaintext, until, from, random)
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

    /// Seals the session into bytes, for a store.
    pub(crate) fn seal_bytes(
        &self,
        ring: &KeyRing,
        context: &SealContext<'_>,
        random: &dyn Random,
    ) -> Result<Bytes, SealError> {
        let plaintext = self.encode();
        let (until, from) = (self.expires_at, self.renewed_at);
        let sealed = ring.seal_bytes(context, &plaintext, until, from, random)?;
        Ok(Bytes::from(sealed))
    }

    /// Writes what [`Self::decode`] reads, to be sealed.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let claims = self.claims.json();
        let length = HEADER + claims.len() + self.kept.len();
        let mut plaintext = Zeroizing::new(Vec::with_capacity(length));
        plaintext.push(VERSION);
        for at in [
            self.created_at,
            self.renewed_at,
            self.ceiling.unwrap_or(NO_CEILING),
        ] {
            plaintext.extend(at.unix().to_be_bytes());
        }
        // Claims of four gigabytes do not come this far: a token has 64 kilobytes.
        plaintext.extend((claims.len() as u32).to_be_bytes());
        plaintext.extend_from_slice(claims);
        plaintext.extend_from_slice(&self.kept);
        plaintext
    }

    /// Whether the session is to be written back: a part of the idle time has
    /// passed and writing makes the session last longer, or a previous key
    /// opened it.
    pub(crate) fn renewal_due(&self, now: Timestamp, lifetimes: &Lifetimes) -> bool {
        let unused = now.since(self.renewed_at);
        let longer = self.cookie_expiry(now, lifetimes) > self.expires_at;
        self.key == KeyAge::Previous || (longer && unused >= lifetimes.renewal)
    }

    /// When the session ends if it is used at `now`, in seconds since 1970:
    /// the idle time after `now`, the absolute time after it was created, or when
    /// the provider says, whichever comes first.
    pub(crate) fn cookie_expiry(&self, now: Timestamp, lifetimes: &Lifetimes) -> Timestamp {
        let idle = now.after(lifetimes.idle);
        let ours = idle.min(self.created_at.after(lifetimes.absolute));
        self.ceiling.map_or(ours, |ceiling| ours.min(ceiling))
    }

    fn check_ceiling(&self, now: Timestamp) -> Result<(), SessionError> {
        match self.ceiling {
            Some(ended_at) if ended_at <= now => Err(SessionError::Ceiling { ended_at, now }),
            _ => Ok(()),
        }
    }

    /// When the session ends if it is not renewed.
    pub(crate) const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The claims of the user.
    pub(crate) const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The same session with newer claims of the same user, and the provider's word
    /// on its end that came with them.
    #[must_use]
    pub(crate) fn with_claims(&self, claims: Claims, ceiling: Option<Timestamp>) -> Self {
        let ceiling = ceiling.or(self.ceiling);
        let earlier = |expires_at: Timestamp| match ceiling {
            Some(ceiling) => expires_at.min(ceiling),
            None => expires_at,
        };
        Self {
            claims,
            ceiling,
            expires_at: earlier(self.expires_at),
            ..self.clone()
        }
    }

    /// The same session with what another state of it holds.
    #[must_use]
    pub(crate) fn with_contents_of(&self, other: &Self) -> Self {
        Self {
            kept: other.kept.clone(),
            ..self.with_claims(other.claims.clone(), other.ceiling)
        }
    }

    /// Whether a cookie of the two is the same.
    pub(crate) fn holds_what(&self, other: &Self) -> bool {
        let kept = self.for_cookie().kept == other.for_cookie().kept;
        kept && self.claims.json() == other.claims.json()
    }

    /// When the user signed in.
    pub(crate) const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it was last seen to be used.
    pub(crate) const fn renewed_at(&self) -> Timestamp {
        self.renewed_at
    }

    /// What is kept beside the claims.
    pub(crate) fn kept(&self) -> Kept {
        Kept::decode(&self.kept)
    }

    /// The same session without what a cookie has no room for.
    #[must_use]
    pub(crate) fn for_cookie(&self) -> Cow<'_, Self> {
        if self.kept.is_empty() {
            return Cow::Borrowed(self);
        }
        let kept = self.kept();
        Cow::Owned(self.keeping(&Kept {
            id_token: None,
            tokens: kept.tokens.as_ref().map(Tokens::without_held),
            ..kept
        }))
    }

    /// The same session with this beside the claims.
    #[must_use]
    pub(crate) fn keeping(&self, kept: &Kept) -> Self {
        Self {
            kept: kept.encode(),
            ..self.clone()
        }
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
    /// How long it may be used before that is written down.
    pub(crate) renewal: Duration,
}

const VERSION: u8 = 2;

/// Version, created, renewed, ceiling, length of claims.
const HEADER: usize = 1 + 3 * 8 + 4;

/// No provider means this date.
const NO_CEILING: Timestamp = Timestamp::from_unix(u64::MAX);

/// How far the clocks of two instances of one application may differ.
const MAX_SKEW: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
