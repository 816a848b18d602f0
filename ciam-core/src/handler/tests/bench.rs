//! The bench the other tests work at: an application, a browser, and what a row says.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, COOKIE, HOST, LOCATION, SET_COOKIE, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use url::Url;

use super::provider::{FakeProvider, ISSUER};
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::config::ConfigBuilder;
use crate::transport::HttpClient;
use crate::{Ciam, Config, Incoming, Rejection, Visit};

pub(super) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const BASE_URL: &str = "https://shop.example";
pub(super) const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub(super) const OTHER_SECRET: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// An application, its provider and a clock.
pub(super) struct Bench {
    pub(super) ciam: Ciam,
    pub(super) clock: Arc<ManualClock>,
    pub(super) provider: Arc<FakeProvider>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|config| config)
    }

    pub(super) fn with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let provider = Arc::new(FakeProvider::new(Arc::clone(&clock)));
        let ciam = application(&provider, &clock, BASE_URL, SECRET, change);
        Self {
            ciam,
            clock,
            provider,
        }
    }

    /// Another instance of the application, with other settings.
    pub(super) fn restarted(
        &self,
        secrets: &str,
        change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        let ciam = application(&self.provider, &self.clock, BASE_URL, secrets, change);
        Self {
            ciam,
            clock: Arc::clone(&self.clock),
            provider: Arc::clone(&self.provider),
        }
    }

    /// An API of many tenants at the same provider, which answers under every name.
    pub(super) fn api_of_many(&self, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Ciam {
        let shared = "https://login.microsoftonline.com/organizations/v2.0";
        let config = Config::api(shared, "client")
            .with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>)
            .with_http_client(Arc::clone(&self.provider) as Arc<dyn HttpClient>);
        Ciam::new(change(config).build().expect("a valid configuration"))
    }

    /// The same application at another address.
    pub(super) fn moved(&self, base_url: &str) -> Self {
        let ciam = application(&self.provider, &self.clock, base_url, SECRET, |config| {
            config
        });
        Self {
            ciam,
            clock: Arc::clone(&self.clock),
            provider: Arc::clone(&self.provider),
        }
    }

    /// A browser that went through sign-in.
    pub(super) async fn signed_in(&self) -> Browser {
        let mut browser = Browser::default();
        let done = browser
            .sign_in(self, "/auth/login?return_to=/account")
            .await;
        assert_eq!(done.status(), 303, "{done:?}");
        assert_eq!(done.headers()[LOCATION], "/account");
        browser
    }
}

fn application(
    provider: &Arc<FakeProvider>,
    clock: &Arc<ManualClock>,
    base_url: &str,
    secrets: &str,
    change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> Ciam {
    let config = Config::web(ISSUER, "client", base_url, secrets)
        .with_client_secret("a secret")
        .with_clock(Arc::clone(clock) as Arc<dyn Clock>)
        .with_http_client(Arc::clone(provider) as Arc<dyn HttpClient>);
    Ciam::new(change(config).build().expect("a valid configuration"))
}

/// Cookies, and requests as a browser makes them.
#[derive(Default)]
pub(super) struct Browser {
    pub(super) jar: BTreeMap<String, String>,
}

impl Browser {
    /// A navigation to one of the library's routes.
    pub(super) async fn go(&mut self, bench: &Bench, path: &str) -> Response<Bytes> {
        self.send(bench, Method::GET, path, &NAVIGATION, "").await
    }

    /// A form of the application's own pages.
    pub(super) async fn post(&mut self, bench: &Bench, path: &str) -> Response<Bytes> {
        let headers = [
            NAVIGATION[0],
            NAVIGATION[1],
            ("sec-fetch-site", "same-origin"),
        ];
        self.send(bench, Method::POST, path, &headers, "").await
    }

    pub(super) async fn send(
        &mut self,
        bench: &Bench,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Bytes> {
        let mut request = Request::new(Bytes::copy_from_slice(body.as_bytes()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("a path");
        *request.headers_mut() = self.headers(headers);
        let response = bench.ciam.respond(request).await;
        self.keep(response.headers());
        response
    }

    /// A visit to a page of the application, up to where its handler would run.
    pub(super) fn visit(
        &self,
        bench: &Bench,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Visit, Rejection> {
        let uri: Uri = path.parse().expect("a path");
        let headers = self.headers(headers);
        let has_upgrade = headers.contains_key(UPGRADE);
        let connection = headers.get(CONNECTION).map(HeaderValue::as_bytes);
        if !Incoming::may_change_something(method, has_upgrade, connection) {
            // As an adapter may do it that would have to convert the headers.
            let cookies = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
            return Ok(bench.ciam.visit_read_only(cookies));
        }
        bench.ciam.visit(Incoming {
            method,
            uri: &uri,
            headers: &headers,
        })
    }

    /// Whether a page of the application knows the visitor.
    pub(super) fn is_signed_in(&self, bench: &Bench) -> bool {
        let visit = self
            .visit(bench, &Method::GET, "/", &NAVIGATION)
            .expect("a safe request");
        visit.user().expect("a session that can be read").is_some()
    }

    /// From the login route through the provider to the callback's answer.
    pub(super) async fn sign_in(&mut self, bench: &Bench, login: &str) -> Response<Bytes> {
        let callback = self.authorize(bench, login).await;
        self.go(bench, &callback).await
    }

    /// From the login route to the callback's path and query.
    pub(super) async fn authorize(&mut self, bench: &Bench, login: &str) -> String {
        let sent = self.go(bench, login).await;
        assert_eq!(sent.status(), 303, "{sent:?}");
        let location = sent.headers()[LOCATION].to_str().expect("ASCII");
        bench
            .provider
            .authorize(&Url::parse(location).expect("an address"))
    }

    /// None but those that an adapter has to convert: what is read beyond them fails
    /// the test that needs it.
    pub(super) fn headers(&self, headers: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(HOST, HeaderValue::from_static("shop.example"));
        for (name, value) in headers {
            if !Incoming::HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            let name = name.parse::<http::HeaderName>().expect("a header name");
            map.append(name, value.parse().expect("a header value"));
        }
        if !self.jar.is_empty() {
            let pairs: Vec<_> = self.jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
            map.insert(COOKIE, pairs.join("; ").parse().expect("a header value"));
        }
        map
    }

    pub(super) fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie::Cookie::parse(cookie.to_str().expect("ASCII")).expect("a cookie");
            if cookie.max_age() == Some(cookie::time::Duration::ZERO) {
                self.jar.remove(cookie.name());
            } else {
                self.jar
                    .insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }

    pub(super) fn count(&self, kind: &str) -> usize {
        self.jar.keys().filter(|name| name.contains(kind)).count()
    }
}

pub(super) const NAVIGATION: [(&str, &str); 2] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

/// Waits, as an adapter does, until it is known who the visitor is.
pub(super) async fn settle(visit: &Visit) {
    if let Some(pending) = visit.pending(false, std::iter::empty(), None) {
        pending.await;
    }
}

/// What of a response a test looks at.
pub(super) fn location(response: &Response<Bytes>) -> &str {
    response.headers()[LOCATION].to_str().expect("ASCII")
}

pub(super) fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).expect("UTF-8")
}
