//! Sessions in the memory of one process.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use ahash::RandomState;
use bytes::Bytes;
use moka::notification::RemovalCause;
use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use moka::{Entry as Found, Expiry};
use smallvec::SmallVec;

use super::{Entry, Loaded, Saved, SessionStore, StoreFuture, StoreKey};

/// Sessions in the memory of this process: they end with it, and no other instance knows
/// them.
///
/// Bounded in bytes. When it is full, the sessions that were not used for longest go first.
#[derive(Clone)]
pub struct MemoryStore {
    sessions: Cache<StoreKey, Held, RandomState>,
    marks: Cache<StoreKey, Duration, RandomState>,
    groups: Arc<Groups>,
}

impl MemoryStore {
    /// For about this many bytes of sessions.
    ///
    /// A session takes the size of its claims and tokens, and about 500 bytes more.
    pub fn new(bytes: u64) -> Self {
        let groups = Arc::new(Groups::default());
        let evicted = Arc::clone(&groups);
        let forget = move |key: Arc<StoreKey>, held: Held, cause: RemovalCause| {
            // One that was replaced is in the same groups as before.
            if cause != RemovalCause::Replaced {
                evicted.remove(&key, held.groups.iter());
            }
        };
        Self {
            sessions: Cache::builder()
                .max_capacity(bytes)
                // The default keeps out what is new: whoever signs in.
                .eviction_policy(EvictionPolicy::lru())
                .weigher(|_, held: &Held| held.weight())
                .expire_after(Life)
                .eviction_listener(forget)
                .build_with_hasher(RandomState::new()),
            marks: Cache::builder()
                .max_capacity(MAX_MARKS)
                .eviction_policy(EvictionPolicy::lru())
                .expire_after(Life)
                .build_with_hasher(RandomState::new()),
            groups,
        }
    }

    fn loaded(&self, key: &StoreKey) -> Option<Loaded> {
        let held = self.sessions.get(key)?;
        Some(Loaded {
            value: held.value,
            revision: held.revision,
        })
    }

    fn replace(&self, entry: &Entry<'_>, revision: u64) -> Saved {
        let newer = Held::new(entry, revision + 1);
        let mut left = OwnGroups::new();
        let replaced = self.sessions.entry(*entry.key).and_compute_with(|held| {
            match held.map(Found::into_value) {
                Some(held) if held.revision == revision => {
                    left = held.groups;
                    self.groups.insert(entry.key, &newer.groups);
                    Op::Put(newer.clone())
                }
                _ => Op::Nop,
            }
        });
        match replaced {
            CompResult::ReplacedWith(_) => {
                let left = left.iter().filter(|group| !newer.groups.contains(group));
                self.groups.remove(entry.key, left);
                Saved::Written
            }
            CompResult::Unchanged(_) => Saved::Changed,
            _ => Saved::Gone,
        }
    }
}

impl Default for MemoryStore {
    /// For 256 MiB.
    fn default() -> Self {
        Self::new(DEFAULT_BYTES)
    }
}

impl SessionStore for MemoryStore {
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let held = Held::new(&entry, 1);
            self.groups.insert(entry.key, &held.groups);
            self.sessions.insert(*entry.key, held);
            Ok(())
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        Box::pin(async move { Ok(self.loaded(key)) })
    }

    fn load_at_once(&self, key: &StoreKey) -> Poll<Option<Loaded>> {
        Poll::Ready(self.loaded(key))
    }

    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved> {
        Box::pin(async move { Ok(self.replace(&entry, revision)) })
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if let Some(held) = self.sessions.remove(key) {
                self.groups.remove(key, held.groups.iter());
            }
            Ok(())
        })
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(async move {
            let mut members = self.groups.members(Group::of(group));
            members.retain(|member| self.sessions.contains_key(member));
            Ok(members)
        })
    }

    fn mark<'a>(&'a self, key: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.marks.entry(*key).or_insert(life).is_fresh()) })
    }

    fn unmark<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.marks.invalidate(key);
            Ok(())
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.sessions.entry_count())
            .finish_non_exhaustive()
    }
}

/// A session as it is kept.
#[derive(Clone)]
struct Held {
    value: Bytes,
    revision: u64,
    groups: OwnGroups,
    life: Duration,
}

impl Held {
    fn new(entry: &Entry<'_>, revision: u64) -> Self {
        Self {
            value: entry.value.clone(),
            revision,
            groups: entry.groups.iter().map(Group::of).collect(),
            life: entry.life,
        }
    }

    fn weight(&self) -> u32 {
        u32::try_from(self.value.len() + OVERHEAD).unwrap_or(u32::MAX)
    }
}

/// How long something is kept. Sessions end by the clock of the library; this clock is
/// only for forgetting them.
struct Life;

impl Expiry<StoreKey, Held> for Life {
    fn expire_after_create(&self, _: &StoreKey, held: &Held, _: Instant) -> Option<Duration> {
        Some(held.life)
    }

    fn expire_after_update(
        &self,
        _: &StoreKey,
        held: &Held,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(held.life)
    }
}

impl Expiry<StoreKey, Duration> for Life {
    fn expire_after_create(&self, _: &StoreKey, life: &Duration, _: Instant) -> Option<Duration> {
        Some(*life)
    }
}

/// A group, by the first half of its key: a hash as well, and enough to tell groups apart.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
struct Group([u8; 16]);

impl Group {
    fn of(key: &StoreKey) -> Self {
        Self(key.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

/// Those of one session: of its user, and of the provider's session.
type OwnGroups = SmallVec<[Group; 2]>;

/// Who is a member of what: each group with each of its members, in order, which takes a
/// third of what a set for each group would. Only sign-in, sign-out and eviction lock it.
#[derive(Default)]
struct Groups(Mutex<BTreeSet<(Group, StoreKey)>>);

impl Groups {
    fn insert(&self, member: &StoreKey, groups: &[Group]) {
        let pairs = groups.iter().map(|group| (*group, *member));
        self.lock().extend(pairs);
    }

    fn remove<'g>(&self, member: &StoreKey, groups: impl IntoIterator<Item = &'g Group>) {
        let mut all = self.lock();
        for group in groups {
            all.remove(&(*group, *member));
        }
    }

    fn members(&self, group: Group) -> Vec<StoreKey> {
        let all = self.lock();
        let members = all.range((group, StoreKey::FIRST)..=(group, StoreKey::LAST));
        members.map(|(_, member)| *member).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(Group, StoreKey)>> {
        // Nothing that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const DEFAULT_BYTES: u64 = 256 * 1024 * 1024;

/// What a session takes beside its value: its place in the cache, and in two groups.
const OVERHEAD: usize = 512;

/// Marks are short-lived; more than this at once is a flood, and the oldest go.
const MAX_MARKS: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_a_store() {
        super::super::accept(&MemoryStore::default()).await;
    }
}
