//! One failure, told twice: to the log with everything, to the visitor with a code.

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use super::rejection::{login_path, page, to_front_page};
use super::{Ciam, incoming};
use crate::error::{Error, ErrorKind};
use crate::flow::return_to::ReturnTo;
use crate::page::{Action, Page};
use crate::random;

impl Ciam {
    /// Logs a failed sign-in or sign-out and makes the visitor's page.
    pub(super) fn fail(&self, error: &Error) -> Response<Bytes> {
        self.fail_on_the_way_to(&incoming::front_page(self.config()), error)
    }

    /// The same; signing in again leads where the failed sign-in would have led.
    pub(super) fn fail_on_the_way_to(
        &self,
        return_to: &ReturnTo,
        error: &Error,
    ) -> Response<Bytes> {
        let correlation_id = self.correlation_id();
        let (status, title, message) = told(error);
        if status.is_server_error() {
            tracing::error!(code = error.code(), correlation_id, %error, "sign-in failed");
        } else {
            tracing::warn!(code = error.code(), correlation_id, %error, "sign-in failed");
        }
        let config = self.config();
        let again = login_path(config, return_to);
        let mut response = page(
            config,
            &Page {
                status,
                title,
                message,
                code: Some(error.code()),
                correlation_id: Some(correlation_id),
                actions: vec![Action::new("Sign in again", again), to_front_page(config)],
            },
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }

    /// Joins the visitor's page and the log line; 64 random bits, no secret.
    fn correlation_id(&self) -> String {
        let bytes = random::bytes::<8>(&**self.config().random()).unwrap_or_default();
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Fixed texts: nothing of the provider's or the request's reaches the page.
const fn told(error: &Error) -> (StatusCode, &'static str, &'static str) {
    match error.kind() {
        ErrorKind::Cancelled => (
            StatusCode::BAD_REQUEST,
            "Sign-in was cancelled",
            "Nothing has changed. You can sign in again whenever you like.",
        ),
        ErrorKind::Internal => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            "It is not your fault. Please try again, or tell us the reference below.",
        ),
        ErrorKind::Provider => (
            StatusCode::BAD_GATEWAY,
            "Sign-in did not succeed",
            "The sign-in service gave an answer that could not be accepted. Please try again, or \
             tell us the reference below.",
        ),
        ErrorKind::Refused => (
            StatusCode::BAD_REQUEST,
            "Sign-in did not succeed",
            "The sign-in service did not sign you in. Please try again, or tell us the reference \
             below.",
        ),
        ErrorKind::Request => (
            StatusCode::BAD_REQUEST,
            "This address cannot be used",
            "The request is not one that this application made. Please start again.",
        ),
        ErrorKind::Transaction => (
            StatusCode::BAD_REQUEST,
            "This sign-in cannot be finished",
            "It may have been finished in another tab, have taken too long, have begun under \
             another address of this site, or your browser may not keep cookies. Signing in \
             again usually helps.",
        ),
        ErrorKind::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Signing in is not possible right now",
            "The sign-in service cannot be reached. Please try again in a moment.",
        ),
    }
}
