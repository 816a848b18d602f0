//! A request as the decisions see it: who asks, from where, and for what kind of answer.

use std::fmt;

use http::header::{ACCEPT, CONNECTION, HeaderName, ORIGIN, REFERER, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Uri};
use url::Url;

use crate::config::Config;
use crate::flow::return_to::{ReturnTo, ReturnToError};

/// The parts of a request that decisions are made from.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path and query that reached the application, before any router took a
    /// prefix away.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl Incoming<'_> {
    /// The names of all headers that [`Ciam`](crate::Ciam) reads, in lower case: an
    /// adapter whose framework has header types of its own converts no others.
    pub const HEADERS: [&'static str; 16] = [
        "accept",
        "connection",
        "content-type",
        "cookie",
        "host",
        "hx-request",
        "origin",
        "purpose",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-purpose",
        "upgrade",
        "user-agent",
        "x-requested-with",
    ];

    /// Whether a WebSocket is offered in place of a body. An adapter then reads none:
    /// what follows ends with the connection, or a server takes it for that, and no
    /// provider sends a visitor back this way.
    pub fn offers_websocket(&self) -> bool {
        let mut offers = self.headers.get_all(UPGRADE).iter();
        offers.any(|offer| {
            let offer = offer.as_bytes().trim_ascii();
            offer.eq_ignore_ascii_case(b"websocket")
        })
    }

    /// Whether the request may change something: its method is not safe, or it offers to
    /// speak another protocol. What is not so is nobody's doing but the visitor's.
    ///
    /// Of the headers only `Upgrade` and the first `Connection` are read, so that an
    /// adapter can ask before it converts any.
    pub fn may_change_something(
        method: &Method,
        has_upgrade: bool,
        connection: Option<&[u8]>,
    ) -> bool {
        // RFC 9110, section 9.2.1.
        let is_safe = matches!(
            *method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
        );
        // A WebSocket is opened with GET and is not bound by the same-origin policy;
        // over HTTP/2 with an extended CONNECT (RFC 8441), which is not safe anyway.
        let upgrades = || {
            connection.is_some_and(|connection| {
                // Browsers send the header with every request: nothing is copied.
                let mut parts = connection.windows(UPGRADE_TOKEN.len());
                parts.any(|part| part.eq_ignore_ascii_case(UPGRADE_TOKEN))
            })
        };
        !is_safe || has_upgrade || upgrades()
    }

    /// Whether the answer becomes a page in the address bar: only then does a
    /// redirect to sign-in make sense.
    ///
    /// Source: [Fetch Metadata Request Headers](https://www.w3.org/TR/fetch-metadata/).
    pub(super) fn is_navigation(&self) -> bool {
        let mode = self.text(&SEC_FETCH_MODE);
        let destination = self.text(&SEC_FETCH_DEST);
        if mode.is_some() || destination.is_some() {
            return mode == Some("navigate") && destination == Some("document");
        }
        let html = self
            .text(&ACCEPT)
            .is_some_and(|accept| accept.contains("text/html"));
        let script = self.headers.contains_key("hx-request")
            || self.headers.contains_key("x-requested-with");
        html && !script
    }

    /// Whether the browser only looks ahead.
    pub(super) fn is_prefetch(&self) -> bool {
        let purpose = self.text(&SEC_PURPOSE).or_else(|| self.text(&PURPOSE));
        purpose.is_some_and(|p| p.contains("prefetch") || p.contains("prerender"))
    }

    /// Whether another site may have caused this request to change something.
    ///
    /// The order of decisions is that of Go's `CrossOriginProtection`: what the
    /// browser says about the initiator first, the `Origin` it sends second, and
    /// what sends neither is no browser.
    pub(super) fn is_cross_site(&self, config: &Config) -> bool {
        let has_upgrade = self.headers.contains_key(UPGRADE);
        let connection = self.headers.get(CONNECTION).map(HeaderValue::as_bytes);
        if !Self::may_change_something(self.method, has_upgrade, connection) {
            return false;
        }
        let origin = self.headers.get(ORIGIN);
        // An origin the application trusts is trusted whatever the browser calls
        // its relation to this site.
        let trusted = |origin: &str| config.trusted_origins().iter().any(|o| o == origin);
        if let Some(origin) = origin.and_then(|o| o.to_str().ok())
            && trusted(origin)
        {
            return false;
        }
        match (self.headers.get(&SEC_FETCH_SITE), origin) {
            (Some(site), _) => site != "same-origin" && site != "none",
            (None, Some(origin)) => origin.as_bytes() != config.base_url().origin().as_bytes(),
            (None, None) => false,
        }
    }

    /// Where the visitor comes back to after signing in: here, if that can be
    /// asked for again; else the page that led here; else the front page.
    pub(super) fn return_to(&self, config: &Config) -> ReturnTo {
        let base = config.base_url();
        let target = if *self.method == Method::GET || *self.method == Method::HEAD {
            self.uri
                .path_and_query()
                .map(|here| external_path(base.path(), here.as_str()))
        } else {
            self.text(&REFERER)
                .and_then(|referer| Url::parse(referer).ok())
                .filter(|referer| referer.origin().ascii_serialization() == base.origin())
                .map(|referer| referer[url::Position::BeforePath..url::Position::AfterQuery].into())
        };
        target
            .and_then(|target| place(&target, config).ok())
            .unwrap_or_else(|| front_page(config))
    }

    fn text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Incoming<'_> {
    /// Without the query, which may have a code, and without the headers, which
    /// have cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("method", self.method)
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

/// The path as browsers see it. A proxy takes the path of the base URL away, a
/// router that nests this one keeps it in the original address.
fn external_path(base: &str, here: &str) -> String {
    let rest = here.strip_prefix(base).unwrap_or_default();
    if rest.starts_with(['/', '?']) {
        here.to_owned()
    } else {
        format!("{base}{here}")
    }
}

/// A place to go back to. For a route of the library, and for the start page of the
/// host, that is the application's own front page.
pub(super) fn place(target: &str, config: &Config) -> Result<ReturnTo, ReturnToError> {
    let place = ReturnTo::parse(target, &config.own_prefix())?;
    if place == ReturnTo::default() {
        return Ok(front_page(config));
    }
    Ok(place)
}

/// The application's front page.
pub(super) fn front_page(config: &Config) -> ReturnTo {
    let path = format!("{}/", config.base_url().path());
    ReturnTo::parse(&path, &config.own_prefix()).unwrap_or_default()
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");
const UPGRADE_TOKEN: &[u8] = b"upgrade";
