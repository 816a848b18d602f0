//! One opaque error at the root; every stage has an enum of its own beside its code.

use std::fmt;

use http::header::InvalidHeaderValue;

use crate::claims::ClaimsError;
use crate::flow::{CallbackError, HintError, ParameterError};
use crate::keys::KeysError;
use crate::metadata::MetadataError;
use crate::random::RandomError;
use crate::session::SessionError;
use crate::session::seal::SealError;

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
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Error {
    /// The sort of failure.
    pub const fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Stage::Callback(error) => callback_kind(error),
            Stage::Claims(_) => ErrorKind::Provider,
            Stage::Keys(_) | Stage::Metadata(_) => ErrorKind::Unavailable,
            Stage::Hint(_) | Stage::Parameter(_) => ErrorKind::Request,
            Stage::Header(_) | Stage::Random(_) | Stage::Seal(_) | Stage::Session(_) => {
                ErrorKind::Internal
            }
        }
    }

    /// A stable, dotted code: `token.expired`.
    pub fn code(&self) -> &'static str {
        match &*self.0 {
            Stage::Callback(error) => error.code(),
            Stage::Claims(error) => error.code(),
            Stage::Header(_) => "response.header",
            Stage::Hint(error) => error.code(),
            Stage::Keys(error) => error.code(),
            Stage::Metadata(error) => error.code(),
            Stage::Parameter(error) => error.code(),
            Stage::Random(_) => "random.failed",
            Stage::Seal(error) => error.code(),
            Stage::Session(error) => error.code(),
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

const fn callback_kind(error: &CallbackError) -> ErrorKind {
    match error {
        CallbackError::Keys(_) | CallbackError::Metadata(_) => ErrorKind::Unavailable,
        CallbackError::TokenEndpoint(crate::flow::TokenEndpointError::Transport(_)) => {
            ErrorKind::Unavailable
        }
        CallbackError::Parameter(_) | CallbackError::StateMissing => ErrorKind::Request,
        CallbackError::StateMismatch | CallbackError::Transaction => ErrorKind::Transaction,
        CallbackError::Provider {
            cancelled: true, ..
        } => ErrorKind::Cancelled,
        CallbackError::Provider { .. } => ErrorKind::Refused,
        _ => ErrorKind::Provider,
    }
}
