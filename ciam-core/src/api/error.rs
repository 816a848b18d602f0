//! Why a caller was not let in.

use crate::keys::KeysError;
use crate::metadata::MetadataError;
use crate::token::TokenError;

/// A request with a token was refused. For the log: the caller gets the code of
/// RFC 6750 alone.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The token is for another API.
    #[error(
        "the token is for {found}, and this API is {expected}: the client has to ask for a scope \
         of this API, or CIAM_AUDIENCE has to name what its tokens are for"
    )]
    Audience {
        /// What it must be for.
        expected: String,
        /// The token's `aud`, shortened.
        found: String,
    },
    /// There are no keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The header has something else than one token.
    #[error("the Authorization header has no token that could be one")]
    MalformedCredentials,
    /// There is no metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A session and a token in one request.
    #[error("the request has a session and a token: which of them is meant is not guessed")]
    SessionAndToken,
    /// More than one token or scheme.
    #[error("the request has credentials more than once")]
    SeveralCredentials,
    /// The token is not acceptable.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl ApiError {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Audience { .. } => "token.audience",
            Self::Keys(error) => error.code(),
            Self::MalformedCredentials => "bearer.malformed",
            Self::Metadata(error) => error.code(),
            Self::SessionAndToken => "bearer.with_session",
            Self::SeveralCredentials => "bearer.several",
            Self::Token(error) => error.code(),
        }
    }
}
