//! The store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ciam_core::store::{Entry, Loaded, Saved, SessionStore, StoreError, StoreFuture, StoreKey};
use sqlx::Row;
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query;
use sqlx::query::Query;

use crate::address::Address;
use crate::clearing::{self, Clearing};
use crate::failure::Failure;
use crate::pool::{Pool, Repeat};
use crate::statements::{CREATE, DELETE, HAS_TABLES, LOAD, MARK, MEMBERS, SAVE, SCHEMA, UNMARK};

/// Sessions in PostgreSQL, version 12 or later.
///
/// Connects when a session is asked for first, and again when a connection was lost.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: Arc<Pool>,
    clearing: Clearing,
}

/// How a [`PostgresStore`] connects.
#[derive(Clone)]
pub struct PostgresOptions {
    ca_pem: Option<Vec<u8>>,
    max_connections: usize,
    time_limit: Duration,
}

impl PostgresOptions {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ca_pem: None,
            max_connections: DEFAULT_CONNECTIONS,
            time_limit: DEFAULT_TIME_LIMIT,
        }
    }

    /// Trusts these CA certificates (PEM) as well. Default: the well-known authorities
    /// alone.
    #[must_use]
    pub fn with_ca_pem(mut self, pem: &[u8]) -> Self {
        self.ca_pem = Some(pem.to_vec());
        self
    }

    /// Sets how many connections a process has at most, at least 1. Default: 10.
    #[must_use]
    pub const fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = if connections == 0 { 1 } else { connections };
        self
    }

    /// Sets how long a request waits for a free connection, for a new one, and for the
    /// answer to a statement, each. Default: 2 seconds; the library waits for 5 altogether.
    #[must_use]
    pub const fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}

impl PostgresStore {
    /// At an address such as `postgres://user:password@db.example:5432/shop`.
    ///
    /// # Errors
    ///
    /// When the address is none. Nothing is sent yet.
    pub fn new(address: &str) -> Result<Self, StoreError> {
        Self::with_options(address, PostgresOptions::new())
    }

    /// As [`new`](Self::new), with options.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub fn with_options(address: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let address = Address::parse(address, options.ca_pem)?;
        Ok(Self(Arc::new(Inner {
            pool: Arc::new(Pool::new(
                address,
                options.max_connections,
                options.time_limit,
            )),
            clearing: Clearing::new(),
        })))
    }

    /// Makes the tables, unless they are there: then no right to make any is needed.
    ///
    /// Called by itself when a table is missed.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, or the user may not make tables.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.make_tables().await.map_err(StoreError::new)
    }

    /// Deletes sessions that have ended, some tens of thousands at most, and says how many.
    /// Happens by itself about once a minute; nothing if another instance does the same.
    ///
    /// # Errors
    ///
    /// When the database does not do it.
    pub async fn clear(&self) -> Result<u64, StoreError> {
        clearing::clear(&self.0.pool).await.map_err(StoreError::new)
    }

    async fn make_tables(&self) -> Result<(), Failure> {
        let pool = &self.0.pool;
        let rows = pool.rows(Repeat::Harmless, || query(HAS_TABLES)).await?;
        let has_tables = rows.first().map(|row| row.try_get(0));
        if matches!(has_tables, Some(Ok(true))) {
            return Ok(());
        }
        match pool.run_all(SCHEMA).await {
            Err(Failure::Forbidden { code }) => Err(Failure::NoTables { code }),
            made => made,
        }
    }

    async fn rows<'q>(
        &self,
        repeat: Repeat,
        statement: impl Fn() -> Query<'q, Postgres, PgArguments> + Send + Sync,
    ) -> Result<Vec<PgRow>, StoreError> {
        let pool = &self.0.pool;
        let answer = match pool.rows(repeat, &statement).await {
            Err(failure) if failure.is_no_tables() => {
                self.make_tables().await.map_err(StoreError::new)?;
                tracing::info!(server = pool.server(), "made the tables of sessions");
                pool.rows(repeat, &statement).await
            }
            answer => answer,
        };
        answer.map_err(StoreError::new)
    }

    /// A column of a row.
    fn get<'r, T>(&self, row: &'r PgRow, index: usize) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        // The error may repeat the value.
        let odd = |_| StoreError::new(self.0.pool.odd());
        row.try_get(index).map_err(odd)
    }
}

impl SessionStore for PostgresStore {
    fn create<'a>(&'a self, entry: Entry<'a>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let groups = bytes(entry.groups);
            self.rows(Repeat::Harmless, || {
                query(CREATE)
                    .bind(entry.key.as_bytes().as_slice())
                    .bind(&**entry.value)
                    .bind(interval(entry.life))
                    .bind(groups.clone())
            })
            .await?;
            self.0.clearing.now_and_then(&self.0.pool);
            Ok(())
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Loaded>> {
        Box::pin(async move {
            let statement = || query(LOAD).bind(key.as_bytes().as_slice());
            let rows = self.rows(Repeat::Harmless, statement).await?;
            let Some(row) = rows.first() else {
                return Ok(None);
            };
            let value: Vec<u8> = self.get(row, 0)?;
            Ok(Some(Loaded {
                value: Bytes::from(value),
                revision: self.get::<i64>(row, 1)?.unsigned_abs(),
            }))
        })
    }

    fn save<'a>(&'a self, entry: Entry<'a>, revision: u64) -> StoreFuture<'a, Saved> {
        Box::pin(async move {
            let found = i64::try_from(revision).unwrap_or(i64::MAX);
            let groups = bytes(entry.groups);
            // Who asks twice would be told that somebody else was faster. The load before
            // has found out whether the connections are alive.
            let rows = self
                .rows(Repeat::No, || {
                    query(SAVE)
                        .bind(entry.key.as_bytes().as_slice())
                        .bind(&**entry.value)
                        .bind(interval(entry.life))
                        .bind(groups.clone())
                        .bind(found)
                })
                .await?;
            self.0.clearing.now_and_then(&self.0.pool);
            let Some(row) = rows.first() else {
                return Ok(Saved::Gone);
            };
            Ok(if self.get(row, 0)? {
                Saved::Written
            } else {
                Saved::Changed
            })
        })
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let statement = || query(DELETE).bind(key.as_bytes().as_slice());
            self.rows(Repeat::Harmless, statement).await?;
            Ok(())
        })
    }

    fn members<'a>(&'a self, group: &'a StoreKey) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(async move {
            let statement = || query(MEMBERS).bind(group.as_bytes().as_slice());
            let rows = self.rows(Repeat::Harmless, statement).await?;
            let keys = rows.iter().map(|row| {
                let key: &[u8] = self.get(row, 0)?;
                let odd = |_| StoreError::new(self.0.pool.odd());
                key.try_into().map(StoreKey::from_bytes).map_err(odd)
            });
            keys.collect()
        })
    }

    fn mark<'a>(&'a self, key: &'a StoreKey, life: Duration) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let statement = || {
                query(MARK)
                    .bind(key.as_bytes().as_slice())
                    .bind(interval(life))
            };
            let rows = self.rows(Repeat::No, statement).await?;
            self.0.clearing.now_and_then(&self.0.pool);
            Ok(!rows.is_empty())
        })
    }

    fn unmark<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let statement = || query(UNMARK).bind(key.as_bytes().as_slice());
            self.rows(Repeat::Harmless, statement).await?;
            Ok(())
        })
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("ca_pem", &self.ca_pem.as_ref().map(Vec::len))
            .field("max_connections", &self.max_connections)
            .field("time_limit", &self.time_limit)
            .finish()
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresStore({})", self.0.pool.server())
    }
}

fn bytes(keys: &[StoreKey]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| key.as_bytes().to_vec()).collect()
}

fn interval(life: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(life.as_micros()).unwrap_or(i64::MAX),
    }
}

/// A session is read within a millisecond: ten serve some thousand requests a second.
const DEFAULT_CONNECTIONS: usize = 10;

/// Somebody waits for the page; a server that is alive answers within milliseconds.
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(2);
