//! What the middleware, the guards and the extractors share.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::dev::{Extensions, RequestHead};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use ciam_core::Visit;

use crate::convert::into_actix;

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

/// What the innermost layer found out.
pub(crate) fn visit<'a>(
    extensions: &'a Extensions,
    head: &RequestHead,
) -> Result<&'a Visit, Rejection> {
    extensions.get::<Visit>().ok_or_else(|| {
        tracing::error!(
            code = "layer.missing",
            path = head.uri.path(),
            "a route asks who the visitor is, and no layer says it: add \
             `.wrap(ciam.layer())` to the application, after (outside) its guards"
        );
        Rejection::internal()
    })
}
