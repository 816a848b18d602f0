//! Between axum's requests and responses and those of the core.

use std::iter;

use axum::body::Body;
use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ciam_core::{Incoming, PendingVisit, Visit};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderValue, Request, Uri};

/// A request that is answered before its handler runs.
#[derive(Debug)]
pub struct Rejection(ciam_core::Rejection);

impl Rejection {
    pub(crate) fn internal() -> Self {
        Self(ciam_core::Rejection::internal())
    }
}

impl From<ciam_core::Rejection> for Rejection {
    fn from(rejection: ciam_core::Rejection) -> Self {
        Self(rejection)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        into_axum(self.0.into_response())
    }
}

/// The request as it reached the application: a router that nests this one has
/// taken its prefix from the `uri`, and keeps the original beside it.
pub(crate) fn incoming(parts: &Parts) -> Incoming<'_> {
    Incoming {
        method: &parts.method,
        uri: original(&parts.extensions).unwrap_or(&parts.uri),
        headers: &parts.headers,
    }
}

/// The same of a request that stays whole.
pub(crate) fn incoming_whole<B>(request: &Request<B>) -> Incoming<'_> {
    Incoming {
        method: request.method(),
        uri: original(request.extensions()).unwrap_or_else(|| request.uri()),
        headers: request.headers(),
    }
}

fn original(extensions: &Extensions) -> Option<&Uri> {
    extensions.get::<OriginalUri>().map(|original| &original.0)
}

/// What the innermost layer found out.
pub(crate) fn visit(parts: &Parts) -> Result<&Visit, Rejection> {
    parts.extensions.get::<Visit>().ok_or_else(|| {
        tracing::error!(
            code = "layer.missing",
            path = parts.uri.path(),
            "a route asks who the visitor is, and no layer says it: add `.layer(ciam.layer())` \
             to the router, after (outside) its routes and guards"
        );
        Rejection::internal()
    })
}

/// What has to be waited for until it is known who visits, or calls.
pub(crate) fn pending(visit: &Visit, parts: &Parts, of_caller: bool) -> Option<PendingVisit> {
    // Looked for only where a caller is.
    let authorization = iter::once(AUTHORIZATION).flat_map(|name| parts.headers.get_all(name));
    let authorization = authorization.map(HeaderValue::as_bytes);
    visit.pending(of_caller, authorization, parts.uri.query())
}

pub(crate) fn into_axum(response: http::Response<Bytes>) -> Response {
    response.map(Body::from)
}
