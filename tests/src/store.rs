//! Where an application of the tests keeps its sessions.

use std::sync::Arc;

use ciam_core::ConfigBuilder;
use ciam_core::store::{MemoryStore, RedisStore};

use crate::redis::Redis;

/// A store of sessions, for the configuration of one application.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Store<'a> {
    /// None: they are in sealed cookies.
    Cookie,
    /// In the application's process.
    Memory,
    /// In a server.
    Redis(&'a Redis),
}

impl Store<'_> {
    /// The configuration with this store.
    pub fn of(self, config: ConfigBuilder) -> ConfigBuilder {
        match self {
            Self::Cookie => config,
            Self::Memory => config.with_session_store(Arc::new(MemoryStore::default())),
            Self::Redis(redis) => {
                let store = RedisStore::new(&redis.address()).expect("an address");
                config.with_session_store(Arc::new(store))
            }
        }
    }
}
