//! What holds for every answer of the library, whatever the request was.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use ciam_core::fuzzing::{cookie_names, logout_state_name, transaction_affixes};
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::{HeaderMap, Response};
use url::Url;

use crate::bench::Bench;
use crate::location::assert_stays;
use crate::tokens::ISSUER;

/// Fails unless the answer signs nobody in, sets only cookies of ours with attributes of
/// ours, leads nowhere else, is kept by no cache and repeats nothing of the request.
pub fn assert_harmless(bench: &Bench, response: &Response<Bytes>) {
    assert_not_kept(response.headers());
    assert_no_session(bench, response.headers());
    if let Some(location) = response.headers().get(LOCATION) {
        let location = location.to_str().expect("ASCII");
        assert_leads_on(bench, location);
    }
    // A page is one of a few texts: one that repeats the request is one more each time.
    if !response.status().is_success() {
        let mut pages = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.insert(response.body().clone()) {
            assert!(pages.len() <= MAX_PAGES, "{response:?}");
        }
    }
}

/// Fails if a cache may keep the answer for somebody else.
pub fn assert_not_kept(headers: &HeaderMap) {
    assert_eq!(headers[CACHE_CONTROL], "no-store");
}

/// Fails if the answer sets a session's cookie, or one that is none of ours.
pub fn assert_no_session(bench: &Bench, headers: &HeaderMap) {
    let [session, id_token] = cookie_names(&bench.ciam);
    let (before, after) = transaction_affixes(&bench.ciam);
    for cookie in headers.get_all(SET_COOKIE) {
        let cookie = cookie.to_str().expect("ASCII");
        let (pair, attributes) = cookie.split_once("; ").expect("attributes");
        let (name, value) = pair.split_once('=').expect("a name");
        let mut age = "1800";
        if session.iter().chain(id_token).any(|known| known == name) {
            assert!(value.is_empty(), "{cookie}");
        } else if name == logout_state_name(&bench.ciam) {
            assert!(value.bytes().all(is_base64url), "{cookie}");
            age = "600";
        } else {
            let attempt = name
                .strip_prefix(before)
                .and_then(|n| n.strip_suffix(after));
            assert_eq!(attempt.map(str::len), Some(12), "{cookie}");
            assert!(value.bytes().all(is_base64url), "{cookie}");
        }
        for attribute in attributes.split("; ") {
            let known = match attribute.split_once('=') {
                None => ["HttpOnly", "Secure"].contains(&attribute),
                Some(("SameSite", site)) => ["Lax", "None"].contains(&site),
                Some(("Path", path)) => path == "/" || path == bench.own_prefix,
                Some(("Max-Age", found)) => found == if value.is_empty() { "0" } else { age },
                Some(_) => false,
            };
            assert!(known, "{cookie}");
        }
    }
}

/// A page of the application, or one of the three addresses that a visitor is sent to:
/// the provider's pages, sign-in, the page after sign-out.
fn assert_leads_on(bench: &Bench, location: &str) {
    let provider = |page: &str| location.starts_with(&format!("{ISSUER}/{page}?"));
    if provider("authorize") || provider("logout") {
        return;
    }
    let url = Url::parse(BASE).and_then(|base| base.join(location));
    let url = url.expect("an address");
    assert_eq!(url.origin().ascii_serialization(), BASE, "{location}");
    let route = url.path().strip_prefix(&bench.own_prefix);
    match route {
        Some("/login" | "/signup") => {
            for (name, value) in url.query_pairs() {
                // Under another host name the request is sent on as it came.
                if name == "return_to" && !location.ends_with("moved=1") {
                    assert_stays(BASE, &value, &bench.own_prefix);
                }
            }
        }
        Some("/signed-out") => assert_eq!(url.query(), None, "{location}"),
        _ => assert_stays(BASE, location, &bench.own_prefix),
    }
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

static PAGES: LazyLock<Mutex<HashSet<Bytes>>> = LazyLock::new(Mutex::default);

/// Two applications with some twenty failures, as page and as JSON.
const MAX_PAGES: usize = 80;

const BASE: &str = "https://shop.example";
