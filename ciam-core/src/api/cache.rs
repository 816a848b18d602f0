//! Callers whose tokens were verified: found by a keyed hash, compared in full.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ahash::RandomState;
use moka::sync::Cache;

use crate::claims::Caller;
use crate::clock::Timestamp;
use crate::keys::{KeySet, PreparedKey};
use crate::secret::constant_time_eq;

/// Tokens that were verified, and their callers.
///
/// The hash is keyed with randomness of this process, and decides nothing: a token
/// is known only if all of it is the same. A collision costs one of the two its
/// place.
pub(crate) struct TokenCache {
    tokens: Cache<Place, Arc<Remembered>, RandomState>,
    hasher: RandomState,
    life: Duration,
}

impl TokenCache {
    /// For this many tokens, each remembered this long at most.
    pub(crate) fn new(size: u64, life: Duration) -> Self {
        let hasher = RandomState::new();
        let tokens = Cache::builder().max_capacity(size);
        Self {
            tokens: tokens.build_with_hasher(hasher.clone()),
            hasher,
            life,
        }
    }

    /// Where a token is found, if it is there.
    pub(super) fn place(&self, token: &[u8]) -> Place {
        Place(self.hasher.hash_one(token))
    }

    /// The token as it was verified, unless that is too long ago or it has expired.
    ///
    /// The tolerance for clocks is not for what is remembered: a token near its end
    /// is verified again.
    pub(super) fn find(
        &self,
        place: Place,
        token: &[u8],
        now: Timestamp,
    ) -> Option<Arc<Remembered>> {
        let remembered = self.tokens.get(&place)?;
        if !constant_time_eq(remembered.caller.raw(), token) {
            return None;
        }
        let until = remembered.verified_at.after(self.life);
        if now < until && now < remembered.caller.expires_at() {
            return Some(remembered);
        }
        self.tokens.invalidate(&place);
        None
    }

    pub(super) fn keep(&self, place: Place, remembered: Remembered) {
        if remembered.caller.raw().len() <= MAX_REMEMBERED_BYTES {
            self.tokens.insert(place, Arc::new(remembered));
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("tokens", &self.tokens.entry_count())
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// The keyed hash of a token.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub(super) struct Place(u64);

/// A token that was verified.
pub(super) struct Remembered {
    caller: Caller,
    /// Whose it is, by its place among the providers.
    source: usize,
    /// Which key signed it, …
    key: Arc<PreparedKey>,
    /// … and the last set that this key was seen in.
    generation: AtomicU64,
    verified_at: Timestamp,
}

impl Remembered {
    pub(super) fn new(
        caller: &Caller,
        key: &Arc<PreparedKey>,
        (source, generation): (usize, u64),
        now: Timestamp,
    ) -> Self {
        Self {
            caller: caller.clone(),
            source,
            key: Arc::clone(key),
            generation: AtomicU64::new(generation),
            verified_at: now,
        }
    }

    pub(super) const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) const fn source(&self) -> usize {
        self.source
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Whether the key that signed the token is in the set.
    pub(super) fn is_of(&self, keys: &KeySet) -> bool {
        keys.contains(&self.key)
    }

    /// Its key was seen in a newer set.
    pub(super) fn renew(&self, generation: u64) {
        self.generation.store(generation, Ordering::Relaxed);
    }
}

/// Longer ones are verified each time, so that the memory has a bound: tokens of
/// real providers have one to two thousand bytes.
const MAX_REMEMBERED_BYTES: usize = 8 * 1024;
