//! One connection, shared by all who ask, made when it is needed and again when it is lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Cmd, Pipeline, Value};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::endpoint::{Driver, Endpoint, RESPONSE_LIMIT};
use super::failure::Failure;
use super::sentinel::Sentinels;

/// A way to one server, or to the one that is the primary.
pub(super) struct Link {
    route: Route,
    state: Mutex<State>,
    this: Weak<Self>,
}

/// Whom to connect to.
pub(super) enum Route {
    Direct(Endpoint),
    Sentinel(Sentinels),
}

/// Whether a command may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Repeat {
    /// Twice is as once.
    Harmless,
    /// Twice is another thing.
    No,
}

#[derive(Default)]
struct State {
    made: u64,
    connecting: Option<Connecting>,
}

/// A connection that is there, or on its way.
type Connecting = Shared<BoxFuture<'static, Result<Connected, Failure>>>;

#[derive(Clone)]
struct Connected {
    number: u64,
    connection: MultiplexedConnection,
    server: Arc<str>,
}

impl Link {
    pub(super) fn new(route: Route) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            route,
            state: Mutex::default(),
            this: Weak::clone(this),
        })
    }

    /// What a command answers.
    pub(super) async fn send(&self, repeat: Repeat, command: &Cmd) -> Result<Value, Failure> {
        let connected = self.connected().await?;
        let answer = self.send_on(connected, command).await;
        match answer {
            Err(failure)
                if failure.is_of_connection()
                    && (repeat == Repeat::Harmless || failure.is_before_the_command())
                    // A server that hangs would be waited for twice.
                    && !matches!(failure, Failure::Late { .. }) =>
            {
                let connected = self.connected().await?;
                self.send_on(connected, command).await
            }
            answer => answer,
        }
    }

    /// The same for a key that is being moved here from another node of a cluster.
    pub(super) async fn send_asking(&self, command: &Cmd) -> Result<Value, Failure> {
        let Connected {
            number,
            mut connection,
            server,
        } = self.connected().await?;
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("ASKING").ignore().add_command(command.clone());
        let answer: Result<Vec<Value>, _> = pipeline.query_async(&mut connection).await;
        let odd = || Failure::Odd {
            server: (*server).to_owned(),
        };
        match answer {
            Ok(mut answers) => answers.pop().ok_or_else(odd),
            Err(error) => Err(self.judged(Failure::of(&error, &server, RESPONSE_LIMIT), number)),
        }
    }

    async fn send_on(&self, connected: Connected, command: &Cmd) -> Result<Value, Failure> {
        let Connected {
            number,
            mut connection,
            server,
        } = connected;
        let answer = command.query_async(&mut connection).await;
        answer.map_err(|error| self.judged(Failure::of(&error, &server, RESPONSE_LIMIT), number))
    }

    /// Forgets a connection that is of no use.
    fn judged(&self, failure: Failure, number: u64) -> Failure {
        if failure.is_of_connection() {
            self.forget(number);
        }
        failure
    }

    /// The connection; all who come while it is being made wait for the same one.
    async fn connected(&self) -> Result<Connected, Failure> {
        let (connecting, is_new) = self.connecting();
        if is_new {
            // Whoever began it may leave; the others still wait.
            tokio::spawn(connecting.clone());
        }
        connecting.await
    }

    fn connecting(&self) -> (Connecting, bool) {
        let mut state = self.lock();
        if let Some(connecting) = &state.connecting {
            return (connecting.clone(), false);
        }
        state.made += 1;
        let number = state.made;
        let this = Weak::clone(&self.this);
        let connecting = async move {
            let Some(link) = this.upgrade() else {
                let server = String::new();
                return Err(Failure::Odd { server });
            };
            let connected = link.route.connect().await;
            match connected {
                Ok((connection, driver, server)) => {
                    tokio::spawn(async move {
                        driver.await;
                        // Known before anybody asks: the next one waits for a new
                        // connection, and is not told of the old one.
                        if let Some(link) = this.upgrade() {
                            link.forget(number);
                        }
                    });
                    let server = Arc::from(server);
                    Ok(Connected {
                        number,
                        connection,
                        server,
                    })
                }
                Err(failure) => {
                    link.forget(number);
                    Err(failure)
                }
            }
        };
        let connecting = connecting.boxed().shared();
        state.connecting = Some(connecting.clone());
        (connecting, true)
    }

    fn forget(&self, number: u64) {
        let mut state = self.lock();
        if state.made == number {
            // Dropped outside of the lock: what it holds may forget as well.
            let forgotten = state.connecting.take();
            drop(state);
            drop(forgotten);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Route {
    async fn connect(&self) -> Result<(MultiplexedConnection, Driver, String), Failure> {
        match self {
            Self::Direct(endpoint) => {
                let (connection, driver) = endpoint.connect(CONNECT_LIMIT).await?;
                Ok((connection, driver, endpoint.name()))
            }
            Self::Sentinel(sentinels) => sentinels.connect().await,
        }
    }
}

/// With the answer that follows, less than what the library waits for a store, 5 seconds.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
