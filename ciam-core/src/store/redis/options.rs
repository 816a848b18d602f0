//! How servers are reached: what does not depend on which one it is.

use std::fmt;
use std::sync::Arc;

use super::endpoint::{Endpoint, Login};
use super::tls::Tls;
use crate::secret::Secret;
use crate::store::StoreError;

/// How a [`RedisStore`](super::RedisStore) connects.
///
/// What an address says itself comes first.
#[derive(Clone, Default)]
pub struct RedisOptions {
    ca_pem: Option<Vec<u8>>,
    tls: bool,
    user: Option<String>,
    password: Option<Secret>,
    database: u32,
    sentinel_user: Option<String>,
    sentinel_password: Option<Secret>,
}

impl RedisOptions {
    /// The defaults: no TLS, no password, database 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these CA certificates (PEM) as well. Default: the machine's alone.
    #[must_use]
    pub fn with_ca_pem(mut self, pem: &[u8]) -> Self {
        self.ca_pem = Some(pem.to_vec());
        self
    }

    /// Speaks TLS to every server, and checks its certificate. Default: an address that
    /// begins with `rediss://` does, a list of servers does not.
    #[must_use]
    pub const fn with_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Sets the user (ACL). Default: the server's default user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the password. Default: none.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Secret::new(password));
        self
    }

    /// Sets the database's number; a cluster has 0 alone. Default: 0.
    #[must_use]
    pub const fn with_database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// Sets the user of the sentinels. Default: their default user.
    #[must_use]
    pub fn with_sentinel_user(mut self, user: impl Into<String>) -> Self {
        self.sentinel_user = Some(user.into());
        self
    }

    /// Sets the password of the sentinels, which have one of their own. Default: none.
    #[must_use]
    pub fn with_sentinel_password(mut self, password: impl Into<String>) -> Self {
        self.sentinel_password = Some(Secret::new(password));
        self
    }

    /// Each `host:port` of a list, or why there is none.
    pub(super) fn servers(
        &self,
        nodes: impl IntoIterator<Item = impl AsRef<str>>,
        login: &Login,
    ) -> Result<Vec<Endpoint>, StoreError> {
        let tls = self.tls_of_lists();
        let parse = |node: &str| Endpoint::of_list(node, tls.clone(), login.clone());
        let servers = nodes.into_iter().map(|node| parse(node.as_ref()));
        let servers: Vec<Endpoint> = servers.collect::<Result<_, _>>()?;
        if servers.is_empty() {
            return Err(StoreError::new("the list of servers is empty"));
        }
        Ok(servers)
    }

    pub(super) fn tls_of_lists(&self) -> Option<Arc<Tls>> {
        self.tls.then(|| self.tls())
    }

    pub(super) fn tls(&self) -> Arc<Tls> {
        Arc::new(Tls::new(self.ca_pem.clone()))
    }

    pub(super) const fn speaks_tls(&self) -> bool {
        self.tls
    }

    pub(super) fn login(&self) -> Login {
        Login {
            user: self.user.clone(),
            password: self.password.clone(),
            database: self.database,
        }
    }

    pub(super) fn sentinel_login(&self) -> Login {
        Login {
            user: self.sentinel_user.clone(),
            password: self.sentinel_password.clone(),
            database: 0,
        }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("ca_pem", &self.ca_pem.as_ref().map(Vec::len))
            .field("tls", &self.tls)
            .field("user", &self.user)
            .field("password", &self.password)
            .field("database", &self.database)
            .field("sentinel_user", &self.sentinel_user)
            .field("sentinel_password", &self.sentinel_password)
            .finish()
    }
}
