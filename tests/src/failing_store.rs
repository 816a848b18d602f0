//! A store of sessions that fails while it is told to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ciam_core::store::{
    Entry, Loaded, MemoryStore, Saved, SessionStore, StoreError, StoreFuture, StoreKey,
};

/// Sessions in memory, which are out of reach while it fails.
#[derive(Debug, Default)]
pub struct FailingStore {
    memory: MemoryStore,
    fails: AtomicBool,
}

impl FailingStore {
    /// Every answer is an error from now on, or none is.
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    /// Not at once, as over a network.
    fn later<'a, T: Send + 'a>(&'a self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.fails.load(Ordering::SeqCst) {
                return Err(StoreError::new("no route to hunter2"));
            }
            answer.await
        })
    }
}

impl SessionStore for FailingStore {
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()> {
        self.later(self.memory.create(entry))
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        self.later(self.memory.load(key))
    }

    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved> {
        self.later(self.memory.save(entry, revision))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        self.later(self.memory.delete(key))
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        self.later(self.memory.members(group))
    }

    fn mark<'a>(&'a self, key: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        self.later(self.memory.mark(key, life))
    }

    fn unmark<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        self.later(self.memory.unmark(key))
    }
}
