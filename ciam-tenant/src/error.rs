//! Errors as Microsoft Entra words them: an OAuth error code, an AADSTS number, and a trail.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::clock::Timestamp;
use crate::random;

/// One refusal, before it is known where it will be shown.
#[derive(Clone, Debug)]
pub(crate) struct Aadsts {
    /// The `error` member of the OAuth specifications: what programs react to.
    pub(crate) error: &'static str,
    /// The number behind `AADSTS`: what people search for.
    pub(crate) number: u32,
    pub(crate) message: String,
    /// Boxed: few refusals have them, and all are passed around.
    details: Option<Box<Details>>,
}

/// Members of the error document that few refusals have.
#[derive(Clone, Debug, Default)]
struct Details {
    suberror: Option<&'static str>,
    claims: Option<String>,
}

impl Aadsts {
    pub(crate) fn new(error: &'static str, number: u32, message: impl Into<String>) -> Self {
        Self {
            error,
            number,
            message: message.into(),
            details: None,
        }
    }

    /// Says what kind of `error` it is, to those who look closer.
    pub(crate) fn with_suberror(mut self, suberror: &'static str) -> Self {
        self.details.get_or_insert_default().suberror = Some(suberror);
        self
    }

    /// Adds the claims that the client has to ask for at the authorization endpoint.
    pub(crate) fn with_claims(mut self, claims: Option<String>) -> Self {
        self.details.get_or_insert_default().claims = claims;
        self
    }

    /// The same refusal under another `error`: the endpoints name some differently.
    pub(crate) fn renamed(mut self, from: &str, to: &'static str) -> Self {
        if self.error == from {
            self.error = to;
        }
        self
    }

    pub(crate) fn invalid_request(number: u32, message: impl Into<String>) -> Self {
        Self::new("invalid_request", number, message)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::invalid_request(
            900144,
            format!("The request body must contain the following parameter: '{parameter}'."),
        )
    }

    pub(crate) fn repeated(parameter: &str) -> Self {
        Self::malformed(format!("The parameter '{parameter}' is there twice."))
    }

    pub(crate) fn malformed(detail: impl AsRef<str>) -> Self {
        Self::invalid_request(
            9002313,
            format!(
                "Invalid request. Request is malformed or invalid. {}",
                detail.as_ref()
            ),
        )
    }

    pub(crate) fn unknown_tenant(tenant: &str) -> Self {
        Self::new(
            "invalid_tenant",
            90002,
            format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID \
                 and are signing into the correct cloud."
            ),
        )
    }

    pub(crate) fn unknown_application(client_id: &str, tenant: &str) -> Self {
        Self::new(
            "unauthorized_client",
            700016,
            format!(
                "Application with identifier '{client_id}' was not found in the directory \
                 '{tenant}'. This can happen if the application has not been installed by the \
                 administrator of the tenant or consented to by any user in the tenant. You may \
                 have sent your authentication request to the wrong tenant."
            ),
        )
    }

    /// The `error_description` of a redirect or an error document.
    pub(crate) fn description(&self, trail: &Trail) -> String {
        format!(
            "AADSTS{}: {} Trace ID: {} Correlation ID: {} Timestamp: {}",
            self.number, self.message, trail.trace_id, trail.correlation_id, trail.timestamp
        )
    }

    /// The error document of every endpoint that programs call.
    pub(crate) fn document(&self, trail: &Trail) -> Response {
        let status = match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let details = self.details.as_deref();
        let document = Document {
            error: self.error,
            error_description: self.description(trail),
            error_codes: [self.number],
            timestamp: &trail.timestamp,
            trace_id: &trail.trace_id,
            correlation_id: &trail.correlation_id,
            error_uri: self.uri(),
            suberror: details.and_then(|details| details.suberror),
            claims: details.and_then(|details| details.claims.as_deref()),
        };
        (status, [NO_STORE], Json(document)).into_response()
    }

    fn uri(&self) -> String {
        format!(
            "https://login.microsoftonline.com/error?code={}",
            self.number
        )
    }
}

/// Where and when a request failed; printed with every error.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) trace_id: String,
    pub(crate) correlation_id: String,
    pub(crate) timestamp: String,
}

impl Trail {
    /// A correlation id that the client chose (`client-request-id`) is kept if it is a GUID.
    pub(crate) fn new(headers: &HeaderMap, now: Timestamp) -> Self {
        let correlation_id = headers
            .get("client-request-id")
            .and_then(|value| value.to_str().ok())
            .filter(|value| random::is_guid(value))
            .map_or_else(random::guid, str::to_owned);
        Self {
            trace_id: random::guid(),
            correlation_id,
            timestamp: now.to_error_form(),
        }
    }
}

pub(crate) const NO_STORE: (header::HeaderName, HeaderValue) = (
    header::CACHE_CONTROL,
    HeaderValue::from_static("no-store, no-cache"),
);

#[derive(Serialize)]
struct Document<'a> {
    error: &'a str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: &'a str,
    trace_id: &'a str,
    correlation_id: &'a str,
    error_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<&'a str>,
}
