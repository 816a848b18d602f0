//! The requests, made before anything is measured.

use axum::body::Body;
use http::header::{ACCEPT, CONNECTION, COOKIE, HOST};
use http::{HeaderValue, Request};

use crate::support::sign_in::SHOP;

/// Which cookies a request has.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Cookie {
    /// Five that belong to somebody else.
    Foreign,
    /// The session as the limit seals it.
    Limit,
    None,
    /// The session as the library seals it.
    Session,
}

pub(crate) struct Cookies {
    session: HeaderValue,
    limit: HeaderValue,
}

impl Cookies {
    /// Both are `name=value`.
    pub(crate) fn new(session: &str, limit: &str) -> Self {
        let header = |text: &str| HeaderValue::from_str(text).expect("a header value");
        Self {
            session: header(session),
            limit: header(limit),
        }
    }

    pub(crate) fn requests(&self, cookie: Cookie, times: usize) -> Vec<Request<Body>> {
        (0..times).map(|_| self.request(cookie)).collect()
    }

    pub(crate) fn request(&self, cookie: Cookie) -> Request<Body> {
        let request = Request::get("/")
            .header(HOST, SHOP)
            .header(CONNECTION, "keep-alive")
            .header(ACCEPT, "*/*");
        let request = match cookie {
            Cookie::Foreign => request.header(COOKIE, FOREIGN),
            Cookie::Limit => request.header(COOKIE, &self.limit),
            Cookie::None => request,
            Cookie::Session => request.header(COOKIE, &self.session),
        };
        request.body(Body::empty()).expect("a request")
    }
}

const FOREIGN: &str = "_ga=GA1.1.1043270182.1763000000; theme=dark; \
    cart=8f14e45f-ceea-467f-a9d2-3c1c7a5b2f10; consent=necessary%2Cstatistics; lang=en-GB";
