//! Sign-out that the provider asks for ([OpenID Connect Back-Channel Logout 1.0] and
//! [OpenID Connect Front-Channel Logout 1.0]): what a request must say.
//!
//! [OpenID Connect Back-Channel Logout 1.0]: https://openid.net/specs/openid-connect-backchannel-1_0.html
//! [OpenID Connect Front-Channel Logout 1.0]: https://openid.net/specs/openid-connect-frontchannel-1_0.html

use http::HeaderMap;

use super::callback::id_token_algorithm;
use super::parameters::{ParameterError, Parameters};
use super::{CallbackError, Provider};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::KeysError;
use crate::metadata::{Metadata, MetadataError};
use crate::secret::Secret;
use crate::text::shortened;
use crate::token::{
    CompactJws, ExpectedLogoutToken, MAX_ID_BYTES, MAX_TOKEN_BYTES, TokenError,
    VerifiedLogoutToken, verify_logout_token,
};
use crate::transport::media_type;

/// Why nobody is signed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogoutError {
    /// None of the algorithms of ID tokens is one that is accepted.
    #[error(transparent)]
    Algorithm(Box<CallbackError>),
    /// The body is no form.
    #[error("the logout request has the content type {found}, expected {FORM}")]
    ContentType {
        /// What it is, shortened.
        found: String,
    },
    /// The request names another issuer.
    #[error("the logout request names the issuer {found}, expected {expected}")]
    Issuer {
        /// The issuer of the sessions.
        expected: String,
        /// The issuer of the request, shortened.
        found: String,
    },
    /// The keys could not be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The metadata could not be had.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The parameters were refused unread.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The token was accepted before.
    #[error("a logout token with this jti was accepted before")]
    Replayed,
    /// The request does not say which session is over, or not in a length that any has.
    #[error("the logout request has no sid of 1 to {MAX_ID_BYTES} bytes")]
    Session,
    /// The logout token was refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There is no logout token.
    #[error("the logout request has no logout_token")]
    TokenMissing,
}

impl LogoutError {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Algorithm(error) => error.code(),
            Self::ContentType { .. } => "logout.content_type",
            Self::Issuer { .. } => "logout.issuer",
            Self::Keys(error) => error.code(),
            Self::Metadata(error) => error.code(),
            Self::Parameter(error) => error.code(),
            Self::Replayed => "logout.replayed",
            Self::Session => "logout.sid",
            Self::Token(error) => error.code(),
            Self::TokenMissing => "logout.token_missing",
        }
    }
}

/// The logout token of a back-channel request. Other parameters are ignored (section 2.5).
pub(crate) fn logout_token(headers: &HeaderMap, body: &[u8]) -> Result<Secret, LogoutError> {
    let found = media_type(headers);
    if !found.eq_ignore_ascii_case(FORM) {
        let found = shortened(found);
        return Err(LogoutError::ContentType { found });
    }
    let parameters = Parameters::parse(body)?;
    let token = parameters.value("logout_token");
    token.map(Secret::new).ok_or(LogoutError::TokenMissing)
}

/// The session that a front-channel request is about (Front-Channel Logout 1.0, section 2).
///
/// Entra sends `sid` alone; where `iss` comes along, it is ours.
pub(crate) fn session_that_ended(query: &str, metadata: &Metadata) -> Result<String, LogoutError> {
    let parameters = Parameters::parse(query.as_bytes())?;
    let sid = parameters.value("sid").ok_or(LogoutError::Session)?;
    if sid.len() > MAX_ID_BYTES {
        return Err(LogoutError::Session);
    }
    match parameters.value("iss") {
        Some(found) if found != metadata.issuer() => Err(LogoutError::Issuer {
            expected: metadata.issuer().to_owned(),
            found: shortened(found),
        }),
        _ => Ok(sid.to_owned()),
    }
}

/// Verifies a logout token with the provider's keys.
///
/// A key that is not known is asked for as at sign-in, but only where the token says that
/// it is of this issuer: anybody can send one.
pub(crate) async fn verify(
    token: &Secret,
    metadata: &Metadata,
    provider: &Provider,
    config: &Config,
    now: Timestamp,
) -> Result<VerifiedLogoutToken, LogoutError> {
    let algorithm = id_token_algorithm(config, metadata);
    let expected = ExpectedLogoutToken {
        issuer: metadata.issuer(),
        tenant_id: metadata.tenant_id(),
        client_id: config.client_id(),
        algorithm: algorithm.map_err(|error| LogoutError::Algorithm(Box::new(error)))?,
        clock_tolerance: config.clock_tolerance(),
    };
    let token = token.expose();
    // What is no token costs the provider no request.
    let unverified = CompactJws::parse(token, MAX_TOKEN_BYTES)?.unverified();
    let jwks_uri = &metadata.document().jwks_uri;
    let keys = provider.keys.keys(jwks_uri, now).await?;
    match verify_logout_token(token, &keys, &expected, now) {
        Err(error) if error.is_unknown_key() && unverified.issuer == expected.issuer => {
            let keys = provider.keys.newer(&keys, jwks_uri, now).await?;
            Ok(verify_logout_token(token, &keys, &expected, now)?)
        }
        result => Ok(result?),
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
