//! Keeps the sessions of ciam in PostgreSQL, for all instances of an application.
//!
//! One line lets `CIAM_SESSION_STORE=postgres://user:password@db.example/shop` work:
//!
//! ```no_run
//! # fn main() -> Result<(), ciam_core::ConfigError> {
//! use ciam_core::Config;
//! use ciam_postgres::WithPostgres;
//!
//! let config = Config::from_env().with_postgres().build()?;
//! # Ok(()) }
//! ```
//!
//! **Tables.** Three of them, made when they are missed first. Where the application may
//! not make tables, an administrator runs [`SCHEMA`] once, or another program
//! [`PostgresStore::migrate`]. They are made in the schema that comes first in the user's
//! `search_path`.
//!
//! **What it costs.** Reading a session is one prepared statement, one round trip. What has
//! ended is never read again, and is deleted in small portions beside the requests.
//!
//! # Deployment
//!
//! **TLS.** Without `sslmode` in the address, a server on this machine is spoken to as it
//! is, and any other one with TLS and its certificate checked (`verify-full`) against the
//! well-known authorities and those of `CIAM_CA_FILE`. `?sslmode=disable` goes without, for
//! a network that nobody else listens to.
//!
//! **What the address leaves out** is taken from the variables and the password file of
//! PostgreSQL's own programs, such as `PGPASSWORD` and `~/.pgpass`.
//!
//! **Starting.** Nothing is sent before the first visitor with a session comes: an
//! application starts while its database is down, and goes on when it is back.
//!
//! **Poolers.** Statements are prepared. PgBouncer in transaction mode has to keep them:
//! version 1.21 or later with `max_prepared_statements`.

use std::sync::Arc;

use ciam_core::ConfigBuilder;
use ciam_core::store::SessionStore;

mod address;
mod clearing;
mod failure;
mod pool;
mod statements;
mod store;

// The public interface is:
pub use statements::SCHEMA;
pub use store::{PostgresOptions, PostgresStore};

/// What this crate adds to a [`ConfigBuilder`].
pub trait WithPostgres {
    /// Keeps sessions in PostgreSQL where `CIAM_SESSION_STORE` is the address of one, and
    /// changes nothing where it is not. Certificates of `CIAM_CA_FILE` are trusted.
    #[must_use]
    fn with_postgres(self) -> Self;
}

impl WithPostgres for ConfigBuilder {
    fn with_postgres(self) -> Self {
        self.with_store_scheme(&["postgres", "postgresql"], |address| {
            let mut options = PostgresOptions::new();
            if let Some(pem) = address.ca_pem() {
                options = options.with_ca_pem(pem);
            }
            let store = PostgresStore::with_options(address.address().expose(), options)?;
            Ok(Arc::new(store) as Arc<dyn SessionStore>)
        })
    }
}
