//! Where an application of the tests keeps its sessions.

use std::sync::Arc;
use std::time::Duration;

use ciam_core::ConfigBuilder;
use ciam_core::store::{MemoryStore, RedisStore, SessionStore};
use ciam_postgres::{PostgresOptions, PostgresStore};
use tokio::sync::Mutex;

use crate::postgres::Postgres;
use crate::redis::Redis;
use crate::suite::StoreKind;

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
    /// In another one.
    Postgres(&'a Postgres),
}

/// The same, with the server that all tests of this process share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kept {
    /// In sealed cookies.
    Cookie,
    /// In the application's process.
    Memory,
    /// In the one Redis.
    Redis(Arc<Redis>),
    /// In the one PostgreSQL.
    Postgres(Arc<Postgres>),
}

impl Store<'_> {
    /// The configuration with this store.
    pub fn of(self, config: ConfigBuilder) -> ConfigBuilder {
        match self.open() {
            Some(store) => config.with_session_store(store),
            None => config,
        }
    }

    fn open(self) -> Option<Arc<dyn SessionStore>> {
        Some(match self {
            Self::Cookie => return None,
            Self::Memory => Arc::new(MemoryStore::default()),
            Self::Redis(redis) => Arc::new(RedisStore::new(&redis.address()).expect("an address")),
            Self::Postgres(postgres) => {
                // It is shared with tests that take the machine's time.
                let options = PostgresOptions::new().with_time_limit(PATIENCE);
                let store = PostgresStore::with_options(&postgres.address(), options);
                Arc::new(store.expect("an address"))
            }
        })
    }
}

impl Kept {
    /// The configuration with this store.
    pub fn of(&self, config: ConfigBuilder) -> ConfigBuilder {
        self.as_store().of(config)
    }

    /// A new connection to it, or a new one in memory; none for cookies.
    pub fn open(&self) -> Option<Arc<dyn SessionStore>> {
        self.as_store().open()
    }

    fn as_store(&self) -> Store<'_> {
        match self {
            Self::Cookie => Store::Cookie,
            Self::Memory => Store::Memory,
            Self::Redis(redis) => Store::Redis(redis),
            Self::Postgres(postgres) => Store::Postgres(postgres),
        }
    }
}

impl StoreKind {
    /// Starts the server on its first use in this process.
    pub async fn ready(self) -> Kept {
        match self {
            Self::Cookie => Kept::Cookie,
            Self::Memory => Kept::Memory,
            Self::Redis => {
                let mut shared = REDIS.lock().await;
                if shared.is_none() {
                    *shared = Some(Arc::new(Redis::start().await));
                }
                Kept::Redis(Arc::clone(shared.as_ref().expect("it was started")))
            }
            Self::Postgres => {
                let mut shared = POSTGRES.lock().await;
                if shared.is_none() {
                    *shared = Some(Arc::new(Postgres::start().await));
                }
                Kept::Postgres(Arc::clone(shared.as_ref().expect("it was started")))
            }
        }
    }
}

/// What is static is never dropped.
pub(crate) fn end_servers() {
    drop(REDIS.blocking_lock().take());
    drop(POSTGRES.blocking_lock().take());
}

static REDIS: Mutex<Option<Arc<Redis>>> = Mutex::const_new(None);
static POSTGRES: Mutex<Option<Arc<Postgres>>> = Mutex::const_new(None);

const PATIENCE: Duration = Duration::from_secs(4);
