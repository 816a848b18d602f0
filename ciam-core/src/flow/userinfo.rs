//! The userinfo request and its answer (OpenID Connect Core 1.0, section 5.3).

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use url::Url;

use super::redact::shown;
use crate::claims::{Claims, ClaimsError};
use crate::secret::Secret;
use crate::token::VerifiedIdToken;
use crate::transport::{TransportError, media_type};

/// Why there is no userinfo.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum UserinfoError {
    /// The answer's claims are not those of the user who signed in.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The answer is not a JSON object.
    #[error("userinfo answers {content_type}, expected application/json")]
    ContentType {
        /// Of the answer.
        content_type: String,
    },
    /// The metadata or the token answer lacks what the request needs.
    #[error("CIAM_USERINFO is set, and the provider gave no {missing}")]
    Missing {
        /// What is missing.
        missing: &'static str,
    },
    /// The provider refused.
    #[error("userinfo answers {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl UserinfoError {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Claims(error) => error.code(),
            Self::ContentType { .. } => "userinfo.content_type",
            Self::Missing { .. } => "userinfo.missing",
            Self::Status { .. } => "userinfo.status",
            Self::Transport(error) => error.code(),
        }
    }
}

/// The access token goes into the header, never into an address
/// (RFC 6750, section 2.1).
pub(crate) fn userinfo_request(endpoint: &Url, access_token: &Secret) -> Option<Request<Bytes>> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access_token.expose())).ok()?;
    bearer.set_sensitive(true);
    Request::get(endpoint.as_str())
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .header(AUTHORIZATION, bearer)
        .body(Bytes::new())
        .ok()
}

/// The ID token's claims with what userinfo adds.
pub(crate) fn userinfo_response(
    response: &Response<Bytes>,
    id_token: &VerifiedIdToken,
) -> Result<Claims, UserinfoError> {
    if response.status() != StatusCode::OK {
        return Err(UserinfoError::Status {
            status: response.status().as_u16(),
        });
    }
    // A signed answer (application/jwt) is one nobody asked for: it comes only to
    // clients registered for it.
    if !media_type(response.headers()).eq_ignore_ascii_case("application/json") {
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok());
        let content_type = shown(content_type.unwrap_or("no content type"), &[]);
        return Err(UserinfoError::ContentType { content_type });
    }
    let userinfo = Claims::parse(response.body().clone())?;
    Ok(id_token.claims().merge_userinfo(&userinfo)?)
}
