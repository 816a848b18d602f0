//! Sessions of a store that were opened before: while the store gives the same value for the
//! same key, it need not be opened again.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ahash::RandomState;
use bytes::Bytes;
use moka::sync::Cache;

use crate::claims::User;
use crate::session::Session;
use crate::store::StoreKey;

/// The sessions that were asked for last. Whether one is still there is for the store to
/// say, each time.
pub(super) struct OpenedSessions(Cache<StoreKey, Arc<OpenedSession>, RandomState>);

/// A session, and what it was opened from.
#[derive(Debug)]
pub(super) struct OpenedSession {
    value: Bytes,
    pub(super) session: Session,
    /// Read when somebody asks first.
    pub(super) user: OnceLock<Option<User>>,
}

impl OpenedSessions {
    /// What was opened from exactly this value.
    pub(super) fn find(&self, key: &StoreKey, value: &Bytes) -> Option<Arc<OpenedSession>> {
        let opened = self.0.get(key)?;
        // A store in memory gives the very same bytes; of another they are compared.
        let is_same = opened.value.as_ptr() == value.as_ptr() && opened.value.len() == value.len();
        (is_same || opened.value == value).then_some(opened)
    }

    pub(super) fn keep(
        &self,
        key: &StoreKey,
        value: &Bytes,
        session: Session,
    ) -> Arc<OpenedSession> {
        let opened = Arc::new(OpenedSession {
            value: value.clone(),
            session,
            user: OnceLock::new(),
        });
        self.0.insert(*key, Arc::clone(&opened));
        opened
    }
}

impl Default for OpenedSessions {
    fn default() -> Self {
        let opened =
            Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|_, opened: &Arc<OpenedSession>| {
                    // The value, the session of the same size, and the user.
                    let bytes = opened.value.len() * 2 + OVERHEAD;
                    u32::try_from(bytes).unwrap_or(u32::MAX)
                });
        Self(opened.build_with_hasher(RandomState::new()))
    }
}

impl fmt::Debug for OpenedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.entry_count();
        f.debug_tuple("OpenedSessions").field(&count).finish()
    }
}

/// About ten thousand sessions of 1 kB.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// A user with a few roles, and the place in the cache.
const OVERHEAD: usize = 1024;
