//! The caller of an API: whom an access token speaks for, and what it allows.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use super::user::{Text, Texts};
use super::{Claims, ClaimsError, DirectoryId, UserId};
use crate::clock::Timestamp;
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
    roles: Vec<String>,
    understands_challenges: bool,
    claims: Claims,
    token: VerifiedAccessToken,
}

impl Caller {
    /// Reads the common claims; one of an unexpected type counts as absent.
    pub(crate) fn from_token(token: VerifiedAccessToken) -> Result<Self, ClaimsError> {
        let claims = token.claims();
        let wire: Wire<'_> = claims.read().map_err(|error| ClaimsError::shape(&error))?;
        let directory_id = match (wire.tid.0, wire.oid.0) {
            (Some(tenant_id), Some(object_id)) => Some(DirectoryId::new(
                tenant_id.into_owned(),
                object_id.into_owned(),
            )),
            _ => None,
        };
        let roles = wire.roles.0;
        let understands_challenges = wire.xms_cc.0.iter().any(|one| one == "cp1");
        Ok(Self(Arc::new(Known {
            id: UserId::new(token.issuer(), token.subject()),
            directory_id,
            roles,
            understands_challenges,
            claims,
            token,
        })))
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
        &self.0.roles
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
        self.0.understands_challenges
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

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    oid: Text<'a>,
    #[serde(default)]
    roles: Texts,
    #[serde(borrow, default)]
    tid: Text<'a>,
    #[serde(default)]
    xms_cc: Texts,
}
