//! Every store of sessions does what is asked of one.

use std::time::Duration;

use bytes::Bytes;
use ciam_core::store::{Entry, MemoryStore, SessionStore, StoreError, StoreKey, accept};

mod applications;
mod bad_values;
mod postgres;
mod redis;
mod shops;

#[tokio::test]
async fn memory_is_a_store() {
    accept(&MemoryStore::default()).await;
}

fn key(n: u8) -> StoreKey {
    StoreKey::from_bytes([n; 32])
}

/// A session with this key, in a group with all others.
async fn create(store: &dyn SessionStore, n: u8, life: Duration) -> Result<(), StoreError> {
    let (key, group, value) = (key(n), key(200), Bytes::from_static(b"sealed"));
    let groups = [group];
    let entry = Entry {
        key: &key,
        value: &value,
        groups: &groups,
        life,
    };
    store.create(entry).await
}

async fn is_there(store: &dyn SessionStore, n: u8) -> Result<bool, StoreError> {
    Ok(store.load(&key(n)).await?.is_some())
}

const LIFE: Duration = Duration::from_secs(600);
const LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
