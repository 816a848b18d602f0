//! How long a provider that failed is left alone, for each of what it was asked.

use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use ahash::RandomState;
use moka::sync::Cache;

use crate::clock::Timestamp;
use crate::flow::TokensError;
use crate::flow::token_endpoint::Refusal;

/// The failures of which the last was a moment ago.
pub(super) struct Pauses<K>(Cache<K, Pause, RandomState>);

#[derive(Clone)]
struct Pause {
    failures: u32,
    until: Timestamp,
    error: TokensError,
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Pauses<K> {
    /// The failure, while it is too early to ask again.
    pub(super) fn current(&self, place: &K, now: Timestamp) -> Option<TokensError> {
        let pause = self.0.get(place)?;
        (now < pause.until).then_some(pause.error)
    }

    /// Twice as long after each failure, or as long as the provider says.
    pub(super) fn begin(&self, place: &K, error: &TokensError, now: Timestamp) {
        let failures = self.0.get(place).map_or(0, |pause| pause.failures);
        let doubled = Duration::from_secs(1 << failures.min(LONGEST.as_secs().ilog2()));
        let asked = match error.refusal() {
            Some(Refusal::Other { retry_after }) => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let pause = Pause {
            failures: failures.saturating_add(1),
            until: now.after(doubled.max(asked).min(LONGEST)),
            error: error.clone(),
        };
        self.0.insert(place.clone(), pause);
    }

    /// It works again.
    pub(super) fn end(&self, place: &K) {
        self.0.invalidate(place);
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> Default for Pauses<K> {
    fn default() -> Self {
        let pauses = Cache::builder().max_capacity(MAX_PAUSES);
        Self(pauses.build_with_hasher(RandomState::new()))
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> fmt::Debug for Pauses<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pauses")
            .field(&self.0.entry_count())
            .finish()
    }
}

/// A provider that wants to be left alone for longer is asked once in so long.
const LONGEST: Duration = Duration::from_secs(64);

/// Of one that is forgotten too early, a request more is the price.
const MAX_PAUSES: u64 = 10_000;
