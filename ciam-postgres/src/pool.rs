//! A few connections that are used again.
//!
//! Not sqlx's own pool: that one asks the server after every statement whether it is still
//! there, and needs a runtime to be made in. Here nothing is asked. A connection that the
//! server has ended is found out when it is used; the others from before are then dropped
//! with it, and the statement is repeated on a new one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::address::Address;
use crate::failure::Failure;

pub(crate) struct Pool {
    options: PgConnectOptions,
    server: String,
    permits: Arc<Semaphore>,
    size: usize,
    limit: Duration,
    idle: Mutex<Vec<Idle>>,
}

/// A connection that nobody uses; the one used last is at the end of the list.
struct Idle {
    connection: PgConnection,
    since: Instant,
}

/// Whether a statement may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Repeat {
    /// Twice is as once.
    Harmless,
    /// Twice is another thing.
    No,
}

impl Pool {
    pub(crate) fn new(address: Address, size: usize, limit: Duration) -> Self {
        Self {
            options: address.options,
            server: address.server,
            permits: Arc::new(Semaphore::new(size)),
            size,
            limit,
            idle: Mutex::default(),
        }
    }

    /// What a statement gives.
    pub(crate) async fn rows<'q>(
        self: &Arc<Self>,
        repeat: Repeat,
        statement: impl Fn() -> Query<'q, Postgres, PgArguments> + Send + Sync,
    ) -> Result<Vec<PgRow>, Failure> {
        let permit = self.permit().await?;
        let permit = match self.take() {
            None => Some(permit),
            Some(connection) => {
                let lease = Lease::new(self, connection, permit);
                let (answer, permit) = lease.send(statement()).await;
                match answer {
                    Err(failure) if failure.is_of_connection() => {
                        // The server has ended, or is another one now: so for all from before.
                        self.lock().clear();
                        if repeat == Repeat::No && !failure.is_before_the_statement() {
                            return Err(failure);
                        }
                        permit
                    }
                    _ => return answer,
                }
            }
        };
        let Some(permit) = permit else {
            return Err(self.odd());
        };
        let connection = self.connect().await?;
        let lease = Lease::new(self, connection, permit);
        lease.send(statement()).await.0
    }

    /// Runs several statements as one.
    pub(crate) async fn run_all(&self, statements: &'static str) -> Result<(), Failure> {
        let _permit = self.permit().await?;
        let mut connection = self.connect().await?;
        let run = sqlx::raw_sql(statements).execute(&mut connection);
        let answer = timeout(SCHEMA_LIMIT, run).await;
        match answer {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure::statement(&error, &self.server)),
            Err(_) => Err(self.late(SCHEMA_LIMIT)),
        }
    }

    pub(crate) fn odd(&self) -> Failure {
        Failure::Odd {
            server: self.server.clone(),
        }
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let busy = || Failure::Busy {
            server: self.server.clone(),
            connections: self.size,
            limit: self.limit,
        };
        match timeout(self.limit, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(busy()),
        }
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        match timeout(self.limit, self.options.connect()).await {
            Ok(connected) => connected.map_err(|error| Failure::connecting(&error, &self.server)),
            Err(_) => Err(self.late(self.limit)),
        }
    }

    fn late(&self, limit: Duration) -> Failure {
        Failure::Late {
            server: self.server.clone(),
            limit,
        }
    }

    /// The connection used last, if the network between has not forgotten it.
    fn take(&self) -> Option<PgConnection> {
        let mut idle = self.lock();
        let last = idle.pop()?;
        if last.since.elapsed() < IDLE_LIMIT {
            return Some(last.connection);
        }
        // The others have waited longer.
        idle.clear();
        None
    }

    fn put(&self, connection: PgConnection) {
        let since = Instant::now();
        let mut idle = self.lock();
        // Those that a rush left behind.
        idle.retain(|idle| idle.since.elapsed() < IDLE_LIMIT);
        idle.push(Idle { connection, since });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Nothing that can panic runs while the lock is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that somebody uses.
struct Lease {
    pool: Arc<Pool>,
    used: Option<(PgConnection, OwnedSemaphorePermit)>,
}

impl Lease {
    fn new(pool: &Arc<Pool>, connection: PgConnection, permit: OwnedSemaphorePermit) -> Self {
        Self {
            pool: Arc::clone(pool),
            used: Some((connection, permit)),
        }
    }

    /// The answer, and the permit to connect anew where it is needed.
    async fn send(
        mut self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> (Result<Vec<PgRow>, Failure>, Option<OwnedSemaphorePermit>) {
        let answer = match &mut self.used {
            Some((connection, _)) => {
                timeout(self.pool.limit, statement.fetch_all(connection)).await
            }
            None => return (Err(self.pool.odd()), None),
        };
        let used = self.used.take();
        let (connection, permit) = used.unzip();
        let answer = match answer {
            Ok(answer) => answer.map_err(|error| Failure::statement(&error, &self.pool.server)),
            // Nobody knows what it does next.
            Err(_) => return (Err(self.pool.late(self.pool.limit)), permit),
        };
        let is_broken = answer.as_ref().is_err_and(Failure::is_of_connection);
        if let Some(connection) = connection.filter(|_| !is_broken) {
            self.pool.put(connection);
        }
        (answer, permit)
    }
}

impl Drop for Lease {
    /// Whoever asked is gone, and the answer is on its way: it is read by nobody, so that
    /// the next statement does not get it. Closing would let visitors who leave early make
    /// the server begin a process for each of them.
    fn drop(&mut self) {
        let (Some((mut connection, permit)), Ok(runtime)) =
            (self.used.take(), Handle::try_current())
        else {
            return;
        };
        let pool = Arc::clone(&self.pool);
        runtime.spawn(async move {
            let read = timeout(pool.limit, connection.ping()).await;
            if matches!(read, Ok(Ok(()))) {
                pool.put(connection);
            }
            drop(permit);
        });
    }
}

/// Tables are made once, and may wait for another instance that makes them.
const SCHEMA_LIMIT: Duration = Duration::from_secs(10);

/// Load balancers forget connections on which nothing happens, some of them without a word:
/// Azure's after 4 minutes.
/// <https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-reset>
const IDLE_LIMIT: Duration = Duration::from_secs(3 * 60);
