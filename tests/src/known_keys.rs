//! A store of sessions that remembers under which keys they began.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ciam_core::store::{Entry, Loaded, Saved, SessionStore, StoreFuture, StoreKey};

/// Another store, whose values a test can read and replace.
pub struct KnownKeys {
    store: Arc<dyn SessionStore>,
    keys: Mutex<Vec<StoreKey>>,
}

impl KnownKeys {
    /// All that begins from now on.
    pub fn of(store: Arc<dyn SessionStore>) -> Self {
        Self {
            store,
            keys: Mutex::default(),
        }
    }

    /// In the order in which they began.
    pub fn keys(&self) -> Vec<StoreKey> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.clone()
    }

    /// What is kept there.
    pub async fn value(&self, key: &StoreKey) -> Bytes {
        let loaded = self.store.load(key).await.expect("it answers");
        loaded.expect("it is there").value
    }

    /// Writes as whoever has the store's password could.
    pub async fn plant(&self, key: &StoreKey, value: &Bytes) {
        let loaded = self.store.load(key).await.expect("it answers");
        let entry = Entry {
            key,
            value,
            groups: &[],
            life: Duration::from_secs(600),
        };
        let revision = loaded.expect("it is there").revision;
        let saved = self.store.save(entry, revision).await;
        assert!(matches!(saved, Ok(Saved::Written)), "{saved:?}");
    }
}

impl SessionStore for KnownKeys {
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.push(*entry.key);
        self.store.create(entry)
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        self.store.load(key)
    }

    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved> {
        self.store.save(entry, revision)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        self.store.delete(key)
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        self.store.members(group)
    }

    fn mark<'a>(&'a self, key: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        self.store.mark(key, life)
    }

    fn unmark<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        self.store.unmark(key)
    }
}

impl fmt::Debug for KnownKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownKeys({:?})", self.store)
    }
}
