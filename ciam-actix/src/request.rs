//! What the middleware, the guards and the extractors share.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::dev::{Extensions, RequestHead};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use ciam_core::{Incoming, Visit};

use crate::convert::{Head, into_actix};

/// A request that is answered before its handler runs.
#[derive(Clone)]
pub struct Rejection(ciam_core::Rejection);

impl Rejection {
    pub(crate) fn internal() -> Self {
        Self(ciam_core::Rejection::internal())
    }

    pub(crate) fn into_response(self) -> HttpResponse<BoxBody> {
        into_actix(self.0.into_response())
    }
}

impl From<ciam_core::Rejection> for Rejection {
    fn from(rejection: ciam_core::Rejection) -> Self {
        Self(rejection)
    }
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.clone().into_response()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status_code();
        write!(f, "answered with {status} before the handler")
    }
}

impl fmt::Debug for Rejection {
    /// The status: actix-web logs errors, and an answer may set cookies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rejection({})", self.status_code().as_u16())
    }
}

/// A visit and the request it was made from, in the request's extensions.
pub(crate) struct Visiting {
    pub(crate) visit: Visit,
    head: Head,
}

impl Visiting {
    pub(crate) const fn new(visit: Visit, head: Head) -> Self {
        Self { visit, head }
    }

    /// What the innermost layer found out.
    pub(crate) fn of<'a>(
        extensions: &'a Extensions,
        head: &RequestHead,
    ) -> Result<&'a Self, Rejection> {
        extensions.get::<Self>().ok_or_else(|| {
            tracing::error!(
                code = "layer.missing",
                path = head.uri.path(),
                "a route asks who the visitor is, and no layer says it: add \
                 `.wrap(ciam.layer())` to the application, after (outside) its guards"
            );
            Rejection::internal()
        })
    }

    pub(crate) const fn incoming(&self) -> Incoming<'_> {
        self.head.incoming()
    }
}

/// A request that cannot be read is nobody's.
pub(crate) fn head(head: &RequestHead) -> Result<Head, Rejection> {
    Head::of(head).ok_or_else(|| {
        tracing::error!(
            code = "request.unreadable",
            "a request cannot be read: nothing is known about its visitor"
        );
        Rejection::internal()
    })
}
