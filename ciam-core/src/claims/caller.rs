//! The caller of an API: whom an access token speaks for, and what it allows.

use std::fmt;
use std::sync::Arc;

use super::{Claims, DirectoryId, UserId};
use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::token::VerifiedAccessToken;

/// Whoever calls an API with an access token. Cheap to clone.
///
/// `Debug` prints the id, the application, the scopes, and the names of the claims.
#[derive(Clone)]
pub struct Caller(Arc<Known>);

/// What is known of a caller.
struct Known {
    id: UserId,
    directory_id: Option<DirectoryId>,
    claims: Claims,
    token: VerifiedAccessToken,
    /// As it came, to be recognised, and to be exchanged for another API's.
    raw: Arc<[u8]>,
}

impl Caller {
    pub(crate) fn from_token(mut token: VerifiedAccessToken, raw: &[u8]) -> Self {
        let directory_id = token.take_directory();
        Self(Arc::new(Known {
            id: UserId::new(token.issuer(), token.subject()),
            directory_id: directory_id.map(|(tenant, object)| DirectoryId::new(tenant, object)),
            claims: token.claims(),
            token,
            raw: raw.into(),
        }))
    }

    /// The token itself.
    pub(crate) fn token(&self) -> Secret {
        // It was verified, so that it is text.
        Secret::new(String::from_utf8_lossy(&self.0.raw))
    }

    /// Its bytes.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.0.raw
    }

    /// Whom the token speaks for: issuer and subject. A user, or the application
    /// itself where [`is_application`](Self::is_application) says so.
    ///
    /// The subject of a Microsoft token is another one in each application; use
    /// [`directory_id`](Self::directory_id) to find the account of a session.
    pub fn id(&self) -> &UserId {
        &self.0.id
    }

    /// Who this is in the directory, the same in all applications of a tenant.
    pub fn directory_id(&self) -> Option<&DirectoryId> {
        self.0.directory_id.as_ref()
    }

    /// The client id of the application that calls, if the token says it.
    pub fn application(&self) -> Option<&str> {
        self.0.token.application()
    }

    /// Whether an application calls for itself, and no user.
    pub fn is_application(&self) -> bool {
        self.0.token.is_application()
    }

    /// For which APIs the token is; one of them is this one.
    pub fn audience(&self) -> &[String] {
        self.0.token.audience()
    }

    /// What the user let the application do.
    pub fn scopes(&self) -> &[String] {
        self.0.token.scopes()
    }

    /// The roles of the user, or of the application that calls for itself.
    pub fn roles(&self) -> &[String] {
        self.0.token.roles()
    }

    /// Until when the token is valid.
    pub fn expires_at(&self) -> Timestamp {
        self.0.token.expires_at()
    }

    /// Everything the token says.
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }

    /// Whether the client said that it can act on a claims challenge: `xms_cc` has
    /// `cp1`.
    pub(crate) fn understands_challenges(&self) -> bool {
        self.0.token.understands_challenges()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("id", self.id())
            .field("application", &self.application())
            .field("scopes", &self.scopes())
            .field("claims", self.claims())
            .finish_non_exhaustive()
    }
}

impl VerifiedAccessToken {
    /// All claims of the token.
    pub fn claims(&self) -> Claims {
        Claims {
            json: self.payload().clone(),
        }
    }
}
