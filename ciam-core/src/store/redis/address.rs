//! The address of one server.

use url::Url;

use super::endpoint::Endpoint;
use super::options::RedisOptions;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::text::percent_decoded;

/// From `redis://user:password@host:port/database`. No error repeats anything of it.
pub(super) fn endpoint(text: &str, options: &RedisOptions) -> Result<Endpoint, StoreError> {
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
    Ok(Endpoint::new(host, port, tls, login))
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(percent_decoded(text.as_bytes())).ok()
}

/// <https://redis.io/docs/latest/operate/oss_and_stack/management/config/>
const DEFAULT_PORT: u16 = 6379;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read() {
        let read = |text: &str| endpoint(text, &RedisOptions::new()).ok();
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
            let refused = endpoint(text, &RedisOptions::new());
            let error = refused.map(|_| ()).expect_err(text);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
