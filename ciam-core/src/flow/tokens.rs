//! Why there is no token for an API.

use super::callback::CallbackError;
use super::token_endpoint::{Refusal, TokenEndpointError};
use crate::metadata::MetadataError;
use crate::random::RandomError;
use crate::secret::Secret;
use crate::session::SessionError;
use crate::session::scopes::ScopesError;
use crate::session::seal::SealError;
use crate::store::StoreError;

/// Why there is no token for an API.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum TokensError {
    /// Another instance refreshes, and does not come to an end.
    #[error("another instance of the application has been refreshing the tokens for {seconds} s")]
    Busy {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The refresh token has ended, and the session with it.
    #[error("the session has ended: {0}")]
    Ended(TokenEndpointError),
    /// The session was ended meanwhile.
    #[error("the session was ended while its tokens were refreshed")]
    Gone,
    /// The ID token that came with newer tokens was refused.
    #[error("the ID token of the refresh: {0}")]
    IdToken(#[from] CallbackError),
    /// The user has to sign in once more for this.
    #[error("the user has to sign in once more: {error}")]
    Interaction {
        /// What the provider wants to read then.
        claims: Option<Secret>,
        /// What it said.
        error: TokenEndpointError,
    },
    /// The task was stopped with the runtime.
    #[error("the request for tokens was interrupted")]
    Interrupted,
    /// The metadata could not be had.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A caller's token of another provider than the application's own.
    #[error("the caller's token is of another provider, which does not know this application")]
    OtherProvider,
    /// Nobody knows who asks.
    #[error("an application needs a client secret for this: set CIAM_CLIENT_SECRET")]
    PublicClient,
    /// A session without tokens.
    #[error(
        "the session has no refresh token: add offline_access to CIAM_SCOPES, and the user \
         signs in once more"
    )]
    NotKept,
    /// The ID token that came with newer tokens is of somebody else.
    #[error("the ID token of the refresh is not of the user of the session")]
    OtherUser,
    /// No id could be made.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Scopes that cannot be asked for.
    #[error(transparent)]
    Scopes(#[from] ScopesError),
    /// The session could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The session could not be written.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token endpoint gave no tokens.
    #[error(transparent)]
    TokenEndpoint(#[from] TokenEndpointError),
}

impl TokensError {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "tokens.busy",
            Self::Ended(_) => "tokens.ended",
            Self::Gone => "tokens.gone",
            Self::IdToken(error) => error.code(),
            Self::Interaction { .. } => "tokens.interaction",
            Self::Interrupted => "tokens.interrupted",
            Self::Metadata(error) => error.code(),
            Self::NotKept => "tokens.not_kept",
            Self::OtherProvider => "tokens.other_provider",
            Self::OtherUser => "tokens.other_user",
            Self::PublicClient => "tokens.public_client",
            Self::Random(_) => "random.failed",
            Self::Scopes(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Session(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::TokenEndpoint(error) => error.code(),
        }
    }

    /// What the token endpoint said.
    pub(crate) fn asked(error: TokenEndpointError) -> Self {
        match error.refusal() {
            Some(Refusal::Interaction { claims }) => Self::Interaction {
                claims: claims.clone().map(Secret::new),
                error,
            },
            _ => Self::TokenEndpoint(error),
        }
    }

    /// Whether the refresh token is worth nothing any more: the one failure that ends a
    /// session.
    pub(crate) const fn ends_session(&self) -> bool {
        matches!(self.refusal(), Some(Refusal::Grant))
    }

    pub(crate) const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::TokenEndpoint(error) => error.refusal(),
            _ => None,
        }
    }
}
