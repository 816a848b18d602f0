//! Why there are no tokens.

use super::MAX_KEPT_BYTES;
use super::refusal::Refusal;
use crate::transport::TransportError;

/// Why there are no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TokenEndpointError {
    /// The metadata allows no way of authentication that fits the credential.
    #[error(
        "the token endpoint takes {supported}, not a client secret by \
         client_secret_basic or client_secret_post: set CIAM_CLIENT_AUTH to force one"
    )]
    ClientAuth {
        /// What the metadata lists.
        supported: String,
    },
    /// The answer lacks a token.
    #[error("the token answer has no {member}")]
    Member {
        /// The missing member.
        member: &'static str,
    },
    /// The answer is not a JSON object.
    #[error("the token endpoint answers {status} without a JSON object ({content_type})")]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// Of the answer.
        content_type: String,
    },
    /// The provider refused ([RFC 6749, section 5.2]).
    ///
    /// [RFC 6749, section 5.2]: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    #[error("the token endpoint refuses with {status} {error}: {description}{}", advice_suffix(*.advice))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error code of the provider.
        error: String,
        /// The provider's words, without anything secret, shortened.
        description: String,
        /// What to do about it, where that is known.
        advice: Option<&'static str>,
        /// What it means for who asked.
        refusal: Refusal,
    },
    /// A token of a kind nobody asked for.
    #[error("the token type is {found}, expected Bearer")]
    TokenType {
        /// The type in the answer, shortened.
        found: String,
    },
    /// A token longer than any provider's.
    #[error("the {member} has {bytes} bytes, the limit is {MAX_KEPT_BYTES}")]
    TooLong {
        /// Which one.
        member: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl TokenEndpointError {
    /// What a refusal means.
    pub(crate) const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::ClientAuth { .. } => "token_endpoint.client_auth",
            Self::Member { .. } => "token_endpoint.member",
            Self::NotJson { .. } => "token_endpoint.not_json",
            Self::Refused { .. } => "token_endpoint.refused",
            Self::TokenType { .. } => "token_endpoint.token_type",
            Self::TooLong { .. } => "token_endpoint.too_long",
            Self::Transport(error) => error.code(),
        }
    }
}

pub(in crate::flow) fn advice_suffix(advice: Option<&'static str>) -> String {
    advice.map(|a| format!(" ({a})")).unwrap_or_default()
}
