//! Every store of sessions does what is asked of one.

use ciam_core::store::{MemoryStore, RedisStore, accept};
use ciam_tests::Redis;

mod postgres;

#[tokio::test]
async fn memory_is_a_store() {
    accept(&MemoryStore::default()).await;
}

#[tokio::test]
async fn redis_is_a_store() {
    let redis = Redis::start().await;
    accept(&RedisStore::new(&redis.address()).expect("an address")).await;
}
