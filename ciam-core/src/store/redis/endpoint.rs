//! One server: where it is, and how to log in.

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::failure::Failure;
use super::options::RedisOptions;
use super::tls::Tls;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::text::percent_decoded;

/// Where a server is.
#[derive(Clone)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
    tls: Option<Arc<Tls>>,
    login: Login,
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

    /// From `redis://user:password@host:port/database`. No error repeats anything of it.
    pub(super) fn of_address(text: &str, options: &RedisOptions) -> Result<Self, StoreError> {
        let refused = |what: &str| Err(StoreError::new(what));
        let Ok(url) = Url::parse(text) else {
            return refused("it is not an address");
        };
        let speaks_tls = match url.scheme() {
            "redis" => options.speaks_tls(),
            "rediss" => true,
            _ => return refused("it does not begin with redis:// or rediss://"),
        };
        // `#insecure` and `?protocol=…` mean something to other clients.
        if url.query().is_some() || url.fragment().is_some() {
            return refused("it has a part behind ? or #, which no address of Redis has");
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return refused("it names no server");
        };
        let mut login = options.login();
        if !url.username().is_empty() {
            let Some(user) = decoded(url.username()) else {
                return refused("its user is not UTF-8 text");
            };
            login.user = Some(user);
        }
        if let Some(password) = url.password() {
            let Some(password) = decoded(password) else {
                return refused("its password is not UTF-8 text");
            };
            login.password = Some(Secret::new(password));
        }
        let database = url.path().trim_start_matches('/');
        if !database.is_empty() {
            let Ok(database) = database.parse() else {
                return refused("its path is not the number of a database");
            };
            login.database = database;
        }
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = url.port().unwrap_or(DEFAULT_PORT);
        let tls = speaks_tls.then(|| options.tls());
        Ok(Self::new(host, port, tls, login))
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

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(percent_decoded(text.as_bytes())).ok()
}

/// <https://redis.io/docs/latest/operate/oss_and_stack/management/config/>
const DEFAULT_PORT: u16 = 6379;

/// Somebody waits for the page.
pub(super) const RESPONSE_LIMIT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read() {
        let read = |text: &str| Endpoint::of_address(text, &RedisOptions::new()).ok();
        let endpoint = read("rediss://shop:p%40ss%2Fw@cache.example:6380/3").expect("an address");
        assert_eq!(endpoint.name(), "cache.example:6380");
        assert!(endpoint.tls.is_some());
        assert_eq!(endpoint.login.user.as_deref(), Some("shop"));
        let password = endpoint.login.password.expect("a password");
        assert!(password.matches("p@ss/w"));
        assert_eq!(endpoint.login.database, 3);

        let endpoint = read("redis://[::1]").expect("an address");
        assert_eq!(endpoint.node(), ("::1".to_owned(), 6379));
        assert!(endpoint.tls.is_none() && endpoint.login.user.is_none());
    }

    #[test]
    fn a_refused_address_is_not_repeated() {
        for text in [
            "hunter2",
            "http://:hunter2@cache",
            "redis://:hunter2@",
            "redis://:hunter2@cache:port",
            "redis://:hunter2@cache/shop",
            "redis://:hunter2@cache/-1",
            "redis://:hunter2@cache?protocol=resp3",
            "rediss://:hunter2@cache#insecure",
            "redis://:hunter2%ff@cache",
        ] {
            let refused = Endpoint::of_address(text, &RedisOptions::new());
            let error = refused.map(|_| ()).expect_err(text);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

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
