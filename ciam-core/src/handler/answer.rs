//! What an answer that depends on its visitor says in its headers.

use http::header::{CACHE_CONTROL, HeaderName, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue};

/// The headers of an answer, in whatever types a framework has: `Cache-Control`,
/// `Set-Cookie` and `Vary` are asked for and written, no others.
pub trait AnswerHeaders {
    /// The values of all headers of this name.
    fn values<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]>;

    /// Puts this one in the place of all headers of its name.
    fn set(&mut self, name: &HeaderName, value: &'static str);

    /// Adds a `Vary`.
    fn add_vary(&mut self, value: &'static str);

    /// Adds a `Set-Cookie`.
    fn add_cookie(&mut self, cookie: &HeaderValue);
}

impl AnswerHeaders for HeaderMap {
    fn values<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.get_all(name).into_iter().map(HeaderValue::as_bytes)
    }

    fn set(&mut self, name: &HeaderName, value: &'static str) {
        self.insert(name, HeaderValue::from_static(value));
    }

    fn add_vary(&mut self, value: &'static str) {
        self.append(VARY, HeaderValue::from_static(value));
    }

    fn add_cookie(&mut self, cookie: &HeaderValue) {
        self.append(SET_COOKIE, cookie.clone());
    }
}

/// `no-store`, unless the handler chose `private` or `no-store` itself; and `Vary:
/// Cookie` for caches that know the answer of another visitor.
pub(super) fn forbid_caching(headers: &mut impl AnswerHeaders) {
    if !keeps_caches_away(headers.values(&CACHE_CONTROL)) {
        headers.set(&CACHE_CONTROL, "no-store");
    }
    if !varies_by_cookie(headers.values(&VARY)) {
        headers.add_vary("Cookie");
    }
}

/// Whether the answer writes this cookie itself.
pub(super) fn writes_cookie(headers: &impl AnswerHeaders, name: &str) -> bool {
    headers.values(&SET_COOKIE).any(|cookie| {
        cookie
            .strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.starts_with(b"="))
    })
}

fn keeps_caches_away<'a>(mut cache_control: impl Iterator<Item = &'a [u8]>) -> bool {
    let Some(first) = cache_control.next() else {
        return false;
    };
    let own = [first].into_iter().chain(cache_control);
    let own = own.filter_map(|value| str::from_utf8(value).ok());
    let own = own.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let directives = || {
        own.split(',')
            .map(|d| d.split('=').next().unwrap_or_default().trim())
    };
    let shared = directives().any(|d| d == "public" || d == "s-maxage");
    let careful = directives().any(|d| d == "private" || d == "no-store");
    if shared {
        tracing::warn!(
            code = "response.shared_cache",
            cache_control = own,
            "an answer that depends on a session asked to be kept in shared caches: no-store is \
             sent instead"
        );
    }
    careful && !shared
}

fn varies_by_cookie<'a>(mut vary: impl Iterator<Item = &'a [u8]>) -> bool {
    vary.any(|value| {
        let names = str::from_utf8(value).unwrap_or_default().split(',');
        names
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("cookie"))
    })
}
