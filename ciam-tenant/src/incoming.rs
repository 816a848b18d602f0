//! A request, read within limits.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::{Aadsts, Trail};
use crate::pages;
use crate::parameters::Parameters;
use crate::state::State;

/// What every handler needs of a request.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) trail: Trail,
    query: String,
    body: Vec<u8>,
}

/// A request that was too large to read.
pub(crate) struct TooLarge(Aadsts, Trail);

impl Incoming {
    pub(crate) async fn read(tenant: &State, request: Request) -> Result<Self, TooLarge> {
        let (parts, body) = request.into_parts();
        let trail = Trail::new(&parts.headers, tenant.clock.now());
        let query = parts.uri.query().unwrap_or_default().to_owned();
        if query.len() > MAX_QUERY_BYTES {
            return Err(TooLarge(
                Aadsts::invalid_request(90015, "The query string is too long."),
                trail,
            ));
        }
        let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
            return Err(TooLarge(
                Aadsts::malformed("The body is too large, or was cut short."),
                trail,
            ));
        };
        Ok(Self {
            method: parts.method,
            headers: parts.headers,
            trail,
            query,
            body: body.to_vec(),
        })
    }

    /// The parameters of the address.
    pub(crate) fn query(&self) -> Result<Parameters, Aadsts> {
        Parameters::parse(&self.query)
            .map_err(|_| Aadsts::malformed("There are too many parameters, or too long ones."))
    }

    /// The parameters of the body.
    pub(crate) fn form(&self) -> Result<Parameters, Aadsts> {
        let content_type = self
            .header(header::CONTENT_TYPE.as_str())
            .unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Aadsts::malformed(
                "The Content-Type has to be 'application/x-www-form-urlencoded'.",
            ));
        }
        let body = std::str::from_utf8(&self.body)
            .map_err(|_| Aadsts::malformed("The body is not text."))?;
        Parameters::parse(body)
            .map_err(|_| Aadsts::malformed("There are too many parameters, or too long ones."))
    }

    /// A header that is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl TooLarge {
    pub(crate) fn page(self) -> Response {
        let page = pages::error(&self.0, &self.1);
        (StatusCode::PAYLOAD_TOO_LARGE, page).into_response()
    }

    pub(crate) fn document(self) -> Response {
        let document = self.0.document(&self.1);
        (StatusCode::PAYLOAD_TOO_LARGE, document).into_response()
    }
}

const MAX_BODY_BYTES: usize = 64 * 1024;
/// Twice the longest single value, which is an `id_token_hint`.
const MAX_QUERY_BYTES: usize = 32 * 1024;
