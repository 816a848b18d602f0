//! Between the `http` 0.2 of actix-web and the `http` 1 of the core.

use std::iter;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, COOKIE, HeaderMap, HeaderName, HeaderValue,
    SET_COOKIE, UPGRADE, VARY,
};
use bytes::Bytes;
use ciam_core::{AnswerHeaders, Ciam, Incoming, PendingVisit, Visit};

use crate::Rejection;

/// What refusals are made from, in the types of the core.
pub(crate) struct Head {
    method: http::Method,
    uri: http::Uri,
    headers: http::HeaderMap,
}

impl Head {
    /// A request that cannot be read is nobody's.
    pub(crate) fn read(head: &RequestHead) -> Result<Self, Rejection> {
        Self::of(head).ok_or_else(|| {
            tracing::error!(
                code = "request.unreadable",
                "a request cannot be read: nothing is known about its visitor"
            );
            Rejection::internal()
        })
    }

    /// `None` for a request that `http` 1 cannot express, which none has been so far.
    fn of(head: &RequestHead) -> Option<Self> {
        // Without an authority: the public address is a setting, never the request's.
        let uri = match head.uri.path_and_query() {
            Some(path_and_query) => path_and_query.as_str().parse().ok()?,
            None => http::Uri::default(),
        };
        // Room for what a browser sends: growing costs more than the conversion.
        let mut headers = http::HeaderMap::with_capacity(12);
        for (theirs, ours) in REQUEST_NAMES.iter() {
            for value in head.headers.get_all(theirs) {
                headers.append(ours, value_to_core(value)?);
            }
        }
        Some(Self {
            method: http::Method::from_bytes(head.method.as_str().as_bytes()).ok()?,
            uri,
            headers,
        })
    }

    pub(crate) const fn incoming(&self) -> Incoming<'_> {
        Incoming {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
        }
    }

    /// The whole request to one of the library's routes, under the path it was
    /// registered with: a scope around it has put its own in front.
    pub(crate) fn into_request(self, path: &str, body: Bytes) -> Option<http::Request<Bytes>> {
        let uri = match self.uri.query() {
            Some(query) => format!("{path}?{query}").parse().ok()?,
            None => path.parse().ok()?,
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        Some(request)
    }
}

/// Who the visitor is. Most requests change nothing, and nothing of them is converted.
pub(crate) fn visit(ciam: &Ciam, head: &RequestHead) -> Result<Visit, Rejection> {
    let headers = &head.headers;
    let method = http::Method::from_bytes(head.method.as_str().as_bytes());
    let connection = headers.get(CONNECTION).map(HeaderValue::as_bytes);
    let has_upgrade = headers.contains_key(UPGRADE);
    match method {
        Ok(method) if !Incoming::may_change_something(&method, has_upgrade, connection) => {
            let cookies = headers.get_all(COOKIE).map(HeaderValue::as_bytes);
            Ok(ciam.visit_read_only(cookies))
        }
        _ => Ok(ciam.visit(Head::read(head)?.incoming())?),
    }
}

/// What has to be waited for until it is known who visits, or calls.
pub(crate) fn pending(visit: &Visit, head: &RequestHead, of_caller: bool) -> Option<PendingVisit> {
    // Looked for only where a caller is.
    let authorization = iter::once(AUTHORIZATION).flat_map(|name| head.headers.get_all(name));
    let authorization = authorization.map(HeaderValue::as_bytes);
    visit.pending(of_caller, authorization, head.uri.query())
}

pub(crate) fn into_actix(response: http::Response<Bytes>) -> HttpResponse<BoxBody> {
    let (parts, body) = response.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16());
    let mut answer = HttpResponse::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &parts.headers {
        if let Some((name, value)) = header_to_actix(name, value) {
            answer.headers_mut().append(name, value);
        }
    }
    answer.set_body(BoxBody::new(body))
}

/// The headers of an answer, for the visit to write to.
pub(crate) struct Answer<'a>(pub(crate) &'a mut HeaderMap);

impl AnswerHeaders for Answer<'_> {
    fn values<'a>(&'a self, name: &http::HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .get_all(response_name(name))
            .map(HeaderValue::as_bytes)
    }

    fn set(&mut self, name: &http::HeaderName, value: &'static str) {
        let value = HeaderValue::from_static(value);
        self.0.insert(response_name(name), value);
    }

    fn add_vary(&mut self, value: &'static str) {
        self.0.append(VARY, HeaderValue::from_static(value));
    }

    fn add_cookie(&mut self, cookie: &http::HeaderValue) {
        if let Ok(cookie) = HeaderValue::from_bytes(cookie.as_bytes()) {
            self.0.append(SET_COOKIE, cookie);
        }
    }
}

/// One of the three that a visit asks for.
fn response_name(name: &http::HeaderName) -> HeaderName {
    if *name == http::header::CACHE_CONTROL {
        CACHE_CONTROL
    } else if *name == http::header::VARY {
        VARY
    } else {
        SET_COOKIE
    }
}

fn value_to_core(value: &HeaderValue) -> Option<http::HeaderValue> {
    http::HeaderValue::from_bytes(value.as_bytes()).ok()
}

fn header_to_actix(
    name: &http::HeaderName,
    value: &http::HeaderValue,
) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
    let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    Some((name, value))
}

/// Parsed once: looking one up by its text parses it every time.
static REQUEST_NAMES: LazyLock<[(HeaderName, http::HeaderName); Incoming::HEADERS.len()]> =
    LazyLock::new(|| {
        Incoming::HEADERS.map(|name| {
            let theirs = HeaderName::from_static(name);
            (theirs, http::HeaderName::from_static(name))
        })
    });
