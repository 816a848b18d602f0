//! The keys that seal cookies: the first secret seals, all of them open.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

use crate::clock::Timestamp;

/// The cookie secrets, newest first, and the subkeys derived from them.
///
/// Nothing is sealed under a secret itself: every day has its own AES-256-GCM
/// key, so that a random 96-bit nonce stays far from the 2³² messages of
/// [NIST SP 800-38D, section 8.3].
///
/// [NIST SP 800-38D, section 8.3]: https://doi.org/10.6028/NIST.SP.800-38D
pub(crate) struct KeyRing {
    keys: Vec<Key>,
    max_lifetime: Duration,
    subkeys: RwLock<Vec<Subkey>>,
}

impl KeyRing {
    /// A ring whose first secret seals and whose every secret opens.
    ///
    /// `max_lifetime` is the longest time that anything sealed may live: what
    /// was sealed earlier than that is refused before a key is derived for it.
    pub(crate) fn new(
        secrets: &[impl AsRef<[u8]>],
        max_lifetime: Duration,
    ) -> Result<Self, KeyRingError> {
        if secrets.is_empty() {
            return Err(KeyRingError::Empty);
        }
        let mut keys: Vec<Key> = Vec::with_capacity(secrets.len());
        for secret in secrets {
            let key = Key::new(secret.as_ref())?;
            // A secret listed twice is one key.
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(key);
            }
        }
        Ok(Self {
            keys,
            max_lifetime,
            subkeys: RwLock::new(Vec::new()),
        })
    }

    /// The longest time that anything sealed may live.
    pub(super) const fn max_lifetime(&self) -> Duration {
        self.max_lifetime
    }

    /// Whether something sealed on `day` can still be alive, with a day of
    /// grace on both sides for clocks that differ.
    pub(super) fn accepts(&self, day: Day, now: Timestamp) -> bool {
        let oldest = now.before(self.max_lifetime.saturating_add(ONE_DAY));
        (Day::of(oldest)..=Day::of(now.after(ONE_DAY))).contains(&day)
    }

    /// The place of the key with this id; the first key is the one that seals.
    pub(super) fn position(&self, id: KeyId) -> Option<usize> {
        self.keys.iter().position(|key| key.id == id)
    }

    /// The place and the id of the key that seals.
    pub(super) fn sealing(&self) -> (usize, KeyId) {
        (SEALING, self.keys[SEALING].id)
    }

    /// The subkey of one key and one day, from memory or derived.
    ///
    /// A derived one is not remembered before [`Self::remember`] is told that
    /// something opened under it: who only claims a day fills nothing.
    pub(super) fn subkey(&self, key: usize, day: Day) -> Result<Subkey, Unspecified> {
        let known = self.subkeys.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(subkey) = known.iter().find(|known| known.is(key, day)) {
            return Ok(subkey.clone());
        }
        drop(known);
        let aead = Arc::new(self.keys[key].derive(day)?);
        let origin = Origin::Derived;
        Ok(Subkey {
            key,
            day,
            aead,
            origin,
        })
    }

    /// Keeps a subkey that proved to be in use.
    pub(super) fn remember(&self, subkey: Subkey) {
        if subkey.origin == Origin::Remembered {
            return;
        }
        let mut known = self.subkeys.write().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|known| known.is(subkey.key, subkey.day)) {
            return;
        }
        if known.len() >= MAX_SUBKEYS {
            let oldest = known.iter().enumerate().min_by_key(|(_, known)| known.day);
            if let Some((oldest, _)) = oldest {
                known.swap_remove(oldest);
            }
        }
        known.push(Subkey {
            origin: Origin::Remembered,
            ..subkey
        });
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing")
    }
}

#[cfg(test)]
impl KeyRing {
    /// How many subkeys are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.subkeys.read().expect("no writer panicked").len()
    }
}

/// Which key opened something: what a previous key opened is sealed again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyAge {
    /// The key that seals.
    Current,
    /// A key that only opens any more.
    Previous,
}

impl KeyAge {
    /// The age of the key at this place of the ring.
    pub(super) const fn of(position: usize) -> Self {
        match position {
            SEALING => Self::Current,
            _ => Self::Previous,
        }
    }
}

/// Names a secret without telling anything about it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct KeyId(pub(super) [u8; 4]);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// A day: whole days since 1970-01-01.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Day(pub(super) u32);

impl Day {
    /// The day of this time; the last representable day instead of overflowing.
    pub(super) fn of(time: Timestamp) -> Self {
        Self(u32::try_from(time.unix() / ONE_DAY.as_secs()).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The key of one secret and one day.
#[derive(Clone)]
pub(super) struct Subkey {
    key: usize,
    day: Day,
    aead: Arc<LessSafeKey>,
    origin: Origin,
}

impl Subkey {
    /// The key itself.
    pub(super) fn aead(&self) -> &LessSafeKey {
        &self.aead
    }

    fn is(&self, key: usize, day: Day) -> bool {
        self.day == day && self.key == key
    }
}

/// Why no ring can be made of these secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum KeyRingError {
    /// The list is empty.
    #[error("there is no cookie secret")]
    Empty,
    /// No key came out of a secret.
    #[error("no key can be derived from a cookie secret")]
    Underivable,
    /// A secret can be guessed.
    #[error("a cookie secret has {length} bytes, at least {MIN_SECRET} are needed")]
    Short {
        /// Its length in bytes.
        length: usize,
    },
}

impl From<Unspecified> for KeyRingError {
    fn from(_: Unspecified) -> Self {
        Self::Underivable
    }
}

/// One secret, as what subkeys are expanded from ([RFC 5869]).
///
/// [RFC 5869]: https://www.rfc-editor.org/rfc/rfc5869
struct Key {
    id: KeyId,
    prk: Prk,
}

impl Key {
    fn new(secret: &[u8]) -> Result<Self, KeyRingError> {
        if secret.len() < MIN_SECRET {
            let length = secret.len();
            return Err(KeyRingError::Short { length });
        }
        let prk = Salt::new(HKDF_SHA256, SALT).extract(secret);
        let mut id = [0; 4];
        prk.expand(&[ID_LABEL], KeyIdLength)?.fill(&mut id)?;
        Ok(Self { id: KeyId(id), prk })
    }

    fn derive(&self, day: Day) -> Result<LessSafeKey, Unspecified> {
        let day = day.0.to_be_bytes();
        let info = [SUBKEY_LABEL, &self.id.0, &day];
        let okm = self.prk.expand(&info, &AES_256_GCM)?;
        Ok(LessSafeKey::new(UnboundKey::from(okm)))
    }
}

/// Where a subkey came from.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Origin {
    Derived,
    Remembered,
}

struct KeyIdLength;

impl KeyType for KeyIdLength {
    fn len(&self) -> usize {
        size_of::<KeyId>()
    }
}

/// The place of the key that seals.
const SEALING: usize = 0;

/// As long as what is derived: a shorter secret would be the weakest part.
const MIN_SECRET: usize = 32;

/// Days in use at one time: with the default lifetime of 7 days, and sessions
/// that are sealed again as they are used, two or three per secret.
const MAX_SUBKEYS: usize = 64;

const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

const SALT: &[u8] = b"ciam cookie seal 1";
const ID_LABEL: &[u8] = b"key id";
const SUBKEY_LABEL: &[u8] = b"subkey";

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    #[test]
    fn debug_does_not_leak() {
        let ring = KeyRing::new(&[[7; 32]], WEEK).expect("long enough");
        assert_eq!(format!("{ring:?}"), "KeyRing");
    }

    #[test]
    fn refuses_no_secret_and_a_short_one() {
        let none: [[u8; 32]; 0] = [];
        let empty = KeyRing::new(&none, WEEK).expect_err("there is none");
        assert_eq!(empty, KeyRingError::Empty);
        let secrets: [&[u8]; 2] = [&[1; 32], &[2; 31]];
        let short = KeyRing::new(&secrets, WEEK).expect_err("the second is short");
        assert_eq!(short, KeyRingError::Short { length: 31 });
        assert_eq!(short, KeyRingError::Short { length: 31 });
    }

    #[test]
    fn a_secret_listed_twice_is_one_key() {
        let ring = KeyRing::new(&[[1; 32], [1; 32], [2; 32]], WEEK).expect("long enough");
        assert_eq!(ring.keys.len(), 2);
        assert_eq!(KeyAge::of(0), KeyAge::Current);
        assert_eq!(KeyAge::of(1), KeyAge::Previous);
    }

    #[test]
    fn the_window_has_a_day_of_grace_on_both_sides() {
        let ring = KeyRing::new(&[[1; 32]], WEEK).expect("long enough");
        let today = Day::of(NOW).0;
        let accepted = (today - 20..today + 20)
            .filter(|day| ring.accepts(Day(*day), NOW))
            .collect::<Vec<_>>();
        assert_eq!(accepted, (today - 8..=today + 1).collect::<Vec<_>>());
        assert!(!ring.accepts(Day(u32::MAX), NOW));
        assert!(!ring.accepts(Day(0), NOW));
    }

    #[test]
    fn remembers_only_what_it_is_told_to_and_no_more_than_the_limit() {
        let ring = KeyRing::new(&[[1; 32]], WEEK).expect("long enough");
        for day in 0..100 {
            ring.subkey(0, Day(day)).expect("derives");
        }
        assert_eq!(ring.remembered(), 0);
        for day in 0..100 {
            let subkey = ring.subkey(0, Day(day)).expect("derives");
            ring.remember(subkey.clone());
            ring.remember(subkey);
        }
        assert_eq!(ring.remembered(), MAX_SUBKEYS);
        let newest = ring.subkey(0, Day(99)).expect("is remembered");
        assert!(newest.origin == Origin::Remembered);
        let oldest = ring.subkey(0, Day(0)).expect("derives");
        assert!(oldest.origin == Origin::Derived);
    }
}
