//! One server: where it is, and how to log in.

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::failure::Failure;
use super::tls::Tls;
use crate::secret::Secret;
use crate::store::StoreError;

/// Where a server is.
#[derive(Clone)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) login: Login,
}

/// As whom, and to which database.
#[derive(Clone, Default)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: u32,
}

/// Reads what the server says, until the connection ends.
pub(super) type Driver = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl Endpoint {
    pub(super) const fn new(host: String, port: u16, tls: Option<Arc<Tls>>, login: Login) -> Self {
        Self {
            host,
            port,
            tls,
            login,
        }
    }

    /// From `host:port`.
    pub(super) fn of_list(
        node: &str,
        tls: Option<Arc<Tls>>,
        login: Login,
    ) -> Result<Self, StoreError> {
        let parts = node.rsplit_once(':');
        let host = parts.map(|(host, _)| host.trim_start_matches('[').trim_end_matches(']'));
        let port = parts.and_then(|(_, port)| port.parse().ok());
        let is_host = |host: &&str| !host.is_empty() && !host.contains(['@', '/', '[', ']']);
        match (host.filter(is_host), port) {
            (Some(host), Some(port)) => Ok(Self::new(host.to_owned(), port, tls, login)),
            _ => Err(StoreError::new(
                "a server of the list is not written as host:port (user and password are options)",
            )),
        }
    }

    /// The same, elsewhere.
    pub(super) fn at(&self, host: &str, port: u16) -> Self {
        Self::new(host.to_owned(), port, self.tls.clone(), self.login.clone())
    }

    /// What it is called in a log.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Its host and port.
    pub(super) fn node(&self) -> (String, u16) {
        (self.host.clone(), self.port)
    }

    pub(super) const fn has_database(&self) -> bool {
        self.login.database != 0
    }

    /// Connects and logs in, within a bounded time.
    pub(super) async fn connect(
        &self,
        limit: Duration,
    ) -> Result<(MultiplexedConnection, Driver), Failure> {
        let deadline = Instant::now() + limit;
        let late = |_| Failure::Late {
            server: self.name(),
            limit,
        };
        let unreachable = |error: std::io::Error| Failure::Unreachable {
            server: self.name(),
            detail: error.to_string(),
        };
        let stream = TcpStream::connect((&*self.host, self.port));
        let stream = timeout_at(deadline, stream).await.map_err(late)?;
        let stream = stream.map_err(unreachable)?;
        // A command is a small packet that somebody waits for.
        stream.set_nodelay(true).map_err(unreachable)?;
        let Some(tls) = &self.tls else {
            let logged_in = timeout_at(deadline, self.log_in(stream)).await;
            return logged_in.map_err(late)?;
        };
        // A server without TLS waits for the end of what it takes for a command.
        let handshake = timeout_at(deadline, tls.handshake(&self.host, stream)).await;
        let handshake = handshake.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")));
        let stream = handshake.map_err(|detail| Failure::Tls {
            server: self.name(),
            detail,
        })?;
        let logged_in = timeout_at(deadline, self.log_in(stream)).await;
        logged_in.map_err(late)?
    }

    async fn log_in(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(MultiplexedConnection, Driver), Failure> {
        // The library's name is another command, which a user may not be allowed.
        let mut info = RedisConnectionInfo::default()
            .set_skip_set_lib_name()
            .set_db(self.login.database.into());
        if let Some(user) = &self.login.user {
            info = info.set_username(user);
        }
        if let Some(password) = &self.login.password {
            info = info.set_password(password.expose());
        }
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_LIMIT));
        let connected = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (connection, driver) =
            connected.map_err(|error| Failure::of(&error, &self.name(), RESPONSE_LIMIT))?;
        Ok((connection, Box::pin(driver)))
    }
}

/// Somebody waits for the page.
pub(super) const RESPONSE_LIMIT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_a_list_is_host_and_port() {
        for (node, name) in [
            ("cache:1", "cache:1"),
            ("[::1]:2", "::1:2"),
            ("10.0.0.1:3", "10.0.0.1:3"),
        ] {
            let endpoint = Endpoint::of_list(node, None, Login::default()).ok();
            assert_eq!(
                endpoint.map(|endpoint| endpoint.name()).as_deref(),
                Some(name)
            );
        }
        for node in [
            "",
            "cache",
            ":1",
            "cache:",
            "cache:70000",
            "u:hunter2@cache:1",
            "redis://cache:1",
        ] {
            let refused = Endpoint::of_list(node, None, Login::default());
            let error = refused.map(|_| ()).expect_err(node);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
