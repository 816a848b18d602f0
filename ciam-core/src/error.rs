//! One opaque error at the root; every stage has an enum of its own beside its code.

use std::fmt;

use http::header::InvalidHeaderValue;

use crate::api::ApiError;
use crate::claims::ClaimsError;
use crate::flow::token_endpoint::Refusal;
use crate::flow::{
    CallbackError, HintError, LogoutError, ParameterError, StepUpError, TokenEndpointError,
    TokensError, UserinfoError,
};
use crate::keys::KeysError;
use crate::metadata::MetadataError;
use crate::random::RandomError;
use crate::session::SessionError;
use crate::session::seal::SealError;
use crate::store::StoreError;
use crate::transport::TransportError;

/// What failed. Its text is for the log, and holds nothing secret.
pub struct Error(Box<Stage>);

/// What sort of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The visitor changed their mind at the provider.
    Cancelled,
    /// A failure of this machine or of the configuration.
    Internal,
    /// The provider answered, and the answer is not acceptable.
    Provider,
    /// The provider signs nobody in, and says so.
    Refused,
    /// A request that nothing here made.
    Request,
    /// A callback without its sign-in attempt.
    Transaction,
    /// The provider cannot be reached.
    Unavailable,
}

#[derive(Debug, thiserror::Error)]
enum Stage {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Callback(#[from] CallbackError),
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error("a header of the answer has a character that headers must not have")]
    Header(#[from] InvalidHeaderValue),
    #[error(transparent)]
    Hint(#[from] HintError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Logout(#[from] LogoutError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(
        "sessions are in cookies, and nobody knows which there are: set CIAM_SESSION_STORE, or call \
         with_session_store"
    )]
    NoSessionStore,
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Tokens(#[from] TokensError),
}

impl Error {
    /// The sort of failure.
    pub const fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Stage::Api(error) => error.kind(),
            Stage::Callback(error) => callback_kind(error),
            Stage::Claims(_) => ErrorKind::Provider,
            Stage::Keys(error) => keys_kind(error),
            Stage::Logout(error) => logout_kind(error),
            Stage::Metadata(error) => metadata_kind(error),
            Stage::Hint(_) | Stage::Parameter(_) => ErrorKind::Request,
            Stage::Header(_)
            | Stage::NoSessionStore
            | Stage::Random(_)
            | Stage::Seal(_)
            | Stage::Session(_) => ErrorKind::Internal,
            Stage::Store(_) => ErrorKind::Unavailable,
            Stage::Tokens(error) => tokens_kind(error),
        }
    }

    /// Something needs a session store.
    pub(crate) fn no_session_store() -> Self {
        Stage::NoSessionStore.into()
    }

    /// Whether the provider has not heard of the user yet, who signed up a moment ago.
    pub(crate) fn user_is_too_new(&self) -> bool {
        match &*self.0 {
            Stage::Callback(CallbackError::TokenEndpoint(error)) => {
                error.refusal() == Some(&Refusal::TooNew)
            }
            _ => false,
        }
    }

    /// A stable, dotted code: `token.expired`.
    pub fn code(&self) -> &'static str {
        match &*self.0 {
            Stage::Api(error) => error.code(),
            Stage::Callback(error) => error.code(),
            Stage::Claims(error) => error.code(),
            Stage::Header(_) => "response.header",
            Stage::Hint(error) => error.code(),
            Stage::Keys(error) => error.code(),
            Stage::Logout(error) => error.code(),
            Stage::Metadata(error) => error.code(),
            Stage::NoSessionStore => "sessions.no_store",
            Stage::Parameter(error) => error.code(),
            Stage::Random(_) => "random.failed",
            Stage::Seal(error) => error.code(),
            Stage::Session(error) => error.code(),
            Stage::Store(error) => error.code(),
            Stage::Tokens(error) => error.code(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code())
            .field("detail", &self.to_string())
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl<E: Into<Stage>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

impl ApiError {
    pub(crate) const fn kind(&self) -> ErrorKind {
        match self {
            Self::Keys(error) => keys_kind(error),
            Self::Metadata(error) => metadata_kind(error),
            _ => ErrorKind::Request,
        }
    }
}

const fn callback_kind(error: &CallbackError) -> ErrorKind {
    match error {
        CallbackError::Keys(error) => keys_kind(error),
        CallbackError::Metadata(error) => metadata_kind(error),
        CallbackError::TokenEndpoint(error) => token_endpoint_kind(error),
        CallbackError::Userinfo(error) => match error {
            UserinfoError::Status { status } => status_kind(*status),
            UserinfoError::Transport(error) => transport_kind(error),
            _ => ErrorKind::Provider,
        },
        CallbackError::Parameter(_) | CallbackError::StateMissing => ErrorKind::Request,
        CallbackError::StateMismatch | CallbackError::Transaction => ErrorKind::Transaction,
        CallbackError::Provider {
            cancelled: true, ..
        } => ErrorKind::Cancelled,
        CallbackError::Provider { .. } => ErrorKind::Refused,
        CallbackError::StepUp(StepUpError::NotFresh { .. }) => ErrorKind::Refused,
        _ => ErrorKind::Provider,
    }
}

const fn tokens_kind(error: &TokensError) -> ErrorKind {
    match error {
        TokensError::Busy { .. } | TokensError::Interrupted | TokensError::Store(_) => {
            ErrorKind::Unavailable
        }
        TokensError::Ended(_) | TokensError::Gone | TokensError::Interaction { .. } => {
            ErrorKind::Refused
        }
        TokensError::IdToken(error) => callback_kind(error),
        TokensError::Metadata(error) => metadata_kind(error),
        TokensError::OtherUser => ErrorKind::Provider,
        TokensError::NotKept
        | TokensError::OtherProvider
        | TokensError::PublicClient
        | TokensError::Random(_)
        | TokensError::Scopes(_)
        | TokensError::Seal(_)
        | TokensError::Session(_) => ErrorKind::Internal,
        TokensError::TokenEndpoint(error) => token_endpoint_kind(error),
    }
}

const fn token_endpoint_kind(error: &TokenEndpointError) -> ErrorKind {
    match error {
        TokenEndpointError::NotJson { status, .. } | TokenEndpointError::Refused { status, .. } => {
            status_kind(*status)
        }
        TokenEndpointError::Transport(error) => transport_kind(error),
        _ => ErrorKind::Provider,
    }
}

const fn keys_kind(error: &KeysError) -> ErrorKind {
    match error {
        KeysError::Interrupted | KeysError::OverBudget => ErrorKind::Unavailable,
        KeysError::KeySet(_) => ErrorKind::Provider,
        KeysError::Status { status } => status_kind(*status),
        KeysError::Transport(error) => transport_kind(error),
    }
}

const fn logout_kind(error: &LogoutError) -> ErrorKind {
    match error {
        LogoutError::Algorithm(_) => ErrorKind::Provider,
        LogoutError::Keys(error) => keys_kind(error),
        LogoutError::Metadata(error) => metadata_kind(error),
        _ => ErrorKind::Request,
    }
}

const fn metadata_kind(error: &MetadataError) -> ErrorKind {
    match error {
        MetadataError::Interrupted | MetadataError::OverBudget => ErrorKind::Unavailable,
        MetadataError::Status { status, .. } => status_kind(*status),
        MetadataError::Transport(error) => transport_kind(error),
        _ => ErrorKind::Provider,
    }
}

const fn transport_kind(error: &TransportError) -> ErrorKind {
    match error {
        TransportError::Insecure { .. } | TransportError::NoCertificates { .. } => {
            ErrorKind::Internal
        }
        TransportError::TooLarge { .. } => ErrorKind::Provider,
        TransportError::Connect { .. }
        | TransportError::Interrupted { .. }
        | TransportError::Timeout { .. } => ErrorKind::Unavailable,
    }
}

/// Only what a status calls the server's own trouble is worth waiting for
/// (RFC 9110, section 15.6; RFC 6585, section 4).
const fn status_kind(status: u16) -> ErrorKind {
    match status {
        429 | 500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Provider,
    }
}
