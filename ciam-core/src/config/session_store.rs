//! Which store an address is of: those of this crate, and those other crates offer.

use std::fmt;
use std::sync::Arc;

use crate::secret::Secret;
use crate::store::{MemoryStore, SessionStore, StoreAddress, StoreError};
#[cfg(feature = "redis")]
use crate::store::{RedisOptions, RedisStore};

use super::ca::CaCertificates;
use super::problem::Fault;
use super::setting::Setting;
use super::values::Values;

/// What opens the store of an address.
type Open = dyn Fn(&StoreAddress) -> Result<Arc<dyn SessionStore>, StoreError> + Send + Sync;

/// The stores that other crates offer, by the schemes of their addresses.
#[derive(Clone, Default)]
pub(super) struct StoreSchemes(Vec<(String, Arc<Open>)>);

impl StoreSchemes {
    pub(super) fn add(&mut self, schemes: &[&str], open: Arc<Open>) {
        let opened = schemes
            .iter()
            .map(|scheme| ((*scheme).to_owned(), Arc::clone(&open)));
        self.0.extend(opened);
    }

    /// Reads `CIAM_SESSION_STORE`; nothing if the cookie is the store.
    pub(super) fn read(
        &self,
        values: &Values,
        ca: Option<&CaCertificates>,
    ) -> Result<Option<Arc<dyn SessionStore>>, Fault> {
        let Some(address) = values.secret(Setting::SessionStore)? else {
            return Ok(None);
        };
        let address = Secret::new(address.expose().trim());
        let ca = ca.map(|ca| ca.pem().to_vec());
        self.open(&StoreAddress::new(address, ca))
    }

    /// An address may carry a password: nothing of it is shown.
    fn open(&self, address: &StoreAddress) -> Result<Option<Arc<dyn SessionStore>>, Fault> {
        let text = address.address().expose();
        let Some((scheme, _)) = text.split_once("://") else {
            return match text {
                "cookie" => Ok(None),
                "memory" => Ok(Some(Arc::new(MemoryStore::default()))),
                _ => Err(unknown()),
            };
        };
        // The last one that was offered: an application may replace what a crate says.
        let offered = self.0.iter().rev().find(|(known, _)| known == scheme);
        if let Some((_, open)) = offered {
            return open(address).map(Some).map_err(|error| invalid(&error));
        }
        match scheme {
            "redis" | "rediss" => redis(address).map(Some),
            "postgres" | "postgresql" => Err(Fault::new(
                "config.session_store_unsupported",
                "is a PostgreSQL server, and the application is built without the crate that \
                 speaks to one",
                "add the dependency ciam-postgres, and before build() call .with_postgres() (use \
                 ciam_postgres::WithPostgres)",
            )),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Debug for StoreSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.iter().map(|(scheme, _)| scheme);
        f.debug_list().entries(schemes).finish()
    }
}

#[cfg(feature = "redis")]
fn redis(address: &StoreAddress) -> Result<Arc<dyn SessionStore>, Fault> {
    let mut options = RedisOptions::new();
    if let Some(pem) = address.ca_pem() {
        options = options.with_ca_pem(pem);
    }
    match RedisStore::with_options(address.address().expose(), options) {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) => Err(invalid(&error)),
    }
}

#[cfg(not(feature = "redis"))]
fn redis(_: &StoreAddress) -> Result<Arc<dyn SessionStore>, Fault> {
    Err(Fault::new(
        "config.session_store_unsupported",
        "is a Redis server, and the application is built without the feature redis",
        "add the feature redis to the dependency on ciam-axum or ciam-actix",
    ))
}

fn invalid(error: &StoreError) -> Fault {
    Fault::new(
        "config.session_store_invalid",
        format!("cannot be used: {}", error.reason()),
        "set it to an address like redis://:password@cache.example:6379/0 or \
         postgres://user:password@db.example/shop, with odd characters of a password \
         percent-encoded",
    )
}

fn unknown() -> Fault {
    Fault::new(
        "config.session_store_unknown",
        "is not a known kind of store",
        "remove CIAM_SESSION_STORE, or set it to cookie, memory, or the address of a server: \
         redis://…, rediss://…, postgres://…",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(schemes: &StoreSchemes, text: &str) -> Result<Option<Arc<dyn SessionStore>>, Fault> {
        schemes.open(&StoreAddress::new(Secret::new(text), None))
    }

    #[test]
    fn what_is_not_offered_is_refused_without_its_password() {
        let schemes = StoreSchemes::default();
        assert!(open(&schemes, "cookie").expect("the default").is_none());
        assert!(open(&schemes, "memory").expect("a store").is_some());
        for (text, code) in [
            ("memory://", "config.session_store_unknown"),
            (
                "postgres://u:hunter2@db/shop",
                "config.session_store_unsupported",
            ),
            ("cookie://hunter2", "config.session_store_unknown"),
            ("hunter2", "config.session_store_unknown"),
            ("mysql://u:hunter2@db", "config.session_store_unknown"),
        ] {
            let fault = open(&schemes, text).expect_err(text);
            assert_eq!(fault.code, code, "{text}");
            assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
        }
    }

    #[test]
    fn a_redis_server_needs_the_feature() {
        let schemes = StoreSchemes::default();
        for text in ["redis://:hunter2@cache:6379", "rediss://cache/1"] {
            let store = open(&schemes, text).map_err(|fault| fault.code);
            if cfg!(feature = "redis") {
                let store = store.expect("a store").expect("a store");
                assert!(!format!("{store:?}").contains("hunter2"));
            } else {
                assert_eq!(store.err(), Some("config.session_store_unsupported"));
            }
        }
        let fault = open(&schemes, "redis://:hunter2@cache:port").expect_err("no port");
        assert!(!format!("{fault:?}").contains("hunter2"), "{fault:?}");
    }

    #[test]
    fn a_scheme_that_is_offered_is_opened_with_the_certificates() {
        let mut schemes = StoreSchemes::default();
        let refuse = |_: &StoreAddress| Err(StoreError::new("has no database"));
        schemes.add(&["mysql"], Arc::new(refuse));
        let fault = open(&schemes, "mysql://u:hunter2@db").expect_err("refused");
        assert_eq!(fault.code, "config.session_store_invalid");
        let text = format!("{fault:?}");
        assert!(text.contains("has no database"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");

        let accept = |address: &StoreAddress| {
            assert_eq!(address.ca_pem(), Some(b"pem".as_slice()));
            Ok(Arc::new(MemoryStore::default()) as Arc<dyn SessionStore>)
        };
        schemes.add(&["mysql", "redis"], Arc::new(accept));
        for text in ["mysql://db", "redis://cache"] {
            let address = StoreAddress::new(Secret::new(text), Some(b"pem".to_vec()));
            assert!(schemes.open(&address).expect(text).is_some());
        }
        assert_eq!(format!("{schemes:?}"), r#"["mysql", "mysql", "redis"]"#);
    }
}
