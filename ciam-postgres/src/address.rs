//! Reads an address, and decides how TLS is used.

use ciam_core::store::StoreError;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::{Host, Url};

/// How to connect, and how the server is called in a log.
pub(crate) struct Address {
    pub(crate) options: PgConnectOptions,
    pub(crate) server: String,
}

impl Address {
    /// No error repeats anything of the address: it may hold a password.
    pub(crate) fn parse(text: &str, ca_pem: Option<Vec<u8>>) -> Result<Self, StoreError> {
        let url = Url::parse(text).map_err(|_| StoreError::new("it is not an address"))?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(StoreError::new("it does not begin with postgres://"));
        }
        let parameters: Vec<String> = url.query_pairs().map(|(k, _)| k.into_owned()).collect();
        // What is misspelt would be without effect, and a misspelt sslmode without TLS.
        if !parameters.iter().all(|name| PARAMETERS.contains(&&**name)) {
            let known = PARAMETERS.join(", ");
            let what = format!("it has a parameter that is none of {known}");
            return Err(StoreError::new(what));
        }
        let options: PgConnectOptions = text
            .parse()
            .map_err(|_| StoreError::new("a part of it cannot be read"))?;
        let mut options = options.application_name("ciam").disable_statement_logging();
        if !parameters.iter().any(|name| name == "sslmode") {
            let mode = if is_this_machine(&url, &options) {
                PgSslMode::Prefer
            } else {
                PgSslMode::VerifyFull
            };
            options = options.ssl_mode(mode);
        }
        if let Some(pem) = ca_pem {
            options = options.ssl_root_cert_from_pem(pem);
        }
        let server = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        Ok(Self { options, server })
    }
}

fn is_this_machine(url: &Url, options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    // The library takes a host that is a folder for a socket's.
    let is_socket = options.get_socket().is_some() || host.starts_with('/');
    let is_loopback = match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => matches!(url.host(), Some(Host::Ipv6(address)) if address.is_loopback()),
    };
    is_socket || is_loopback
}

/// Those that change where or how to connect, and nothing that sqlx knows besides.
const PARAMETERS: [&str; 9] = [
    "application_name",
    "host",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "user",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> PgSslMode {
        let address = Address::parse(text, None).expect(text);
        address.options.get_ssl_mode()
    }

    #[test]
    fn another_machine_is_reached_with_tls_unless_the_address_says_otherwise() {
        for text in [
            "postgres://u:p@db.example/shop",
            "postgresql://u:p@10.0.0.1:5433/shop",
            "postgres://u:p@localhost.example/shop",
        ] {
            assert!(matches!(mode(text), PgSslMode::VerifyFull), "{text}");
        }
        for text in [
            "postgres://u:p@localhost/shop",
            "postgres://u:p@127.0.0.1:5433/shop",
            "postgres://u:p@[::1]/shop",
            "postgres://u:p@%2Fvar%2Frun%2Fpostgresql/shop",
            "postgres:///shop?host=/var/run/postgresql",
        ] {
            assert!(matches!(mode(text), PgSslMode::Prefer), "{text}");
        }
        let said = "postgres://u:p@db.example/shop?sslmode=disable";
        assert!(matches!(mode(said), PgSslMode::Disable));
        let elsewhere = "postgres://u:p@localhost/shop?host=db.example";
        assert!(matches!(mode(elsewhere), PgSslMode::VerifyFull));
    }

    #[test]
    fn a_refused_address_is_not_repeated() {
        for text in [
            "hunter2",
            "mysql://u:hunter2@db/shop",
            "postgres://u:hunter2@db:port/shop",
            "postgres://u:hunter2@db/shop?sslmod=require",
            "postgres://u:hunter2@db/shop?sslmode=hunter2",
            "postgres://u:hunter2@db/shop?port=hunter2",
        ] {
            let error = Address::parse(text, None).map(|_| ()).expect_err(text);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
