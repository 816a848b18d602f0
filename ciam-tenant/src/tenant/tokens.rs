//! What tests arrange at the token endpoint, and read from it.

use std::fmt;

use serde_json::json;

use super::Tenant;
use crate::directory::UserError;
use crate::faults::{Challenge, TokenFault};
use crate::requests::{GrantType, TokenRequests};
use crate::state::lock;
use crate::token_policy::TokenPolicy;

impl Tenant {
    /// How long tokens live that are issued from now on, and what becomes of refresh tokens that
    /// are used from now on. Refresh tokens age by the policy of the moment they are used at.
    pub fn set_token_policy(&self, policy: TokenPolicy) {
        *lock(&self.state.token_policy) = policy;
    }

    /// How many token requests arrived, by grant type; refused ones count too.
    pub fn token_requests(&self) -> TokenRequests {
        self.state.token_requests.read()
    }

    /// Makes the next token request of this grant type fail; called again, the one after it too.
    pub fn fail_next(&self, grant_type: GrantType, fault: TokenFault) {
        lock(&self.state.faults).next.push_back((grant_type, fault));
    }

    /// Asks for an authentication context, such as `c1`, before anybody gets a token for this scope
    /// of an API, as a Conditional Access policy does: without it the token endpoint answers
    /// `interaction_required`, with `claims` for the authorization endpoint. Client credentials are
    /// not asked.
    pub fn require_auth_context(&self, api_client_id: &str, scope: &str, id: &str) {
        let claims = json!({"access_token": {"acrs": {"essential": true, "value": id}}});
        let challenge = Challenge {
            api: api_client_id.to_ascii_lowercase(),
            scope: scope.to_owned(),
            claims: claims.to_string(),
        };
        lock(&self.state.faults).challenges.push(challenge);
    }

    /// Refuses the code of everybody who signs up from now on with AADSTS131010 (`invalid_grant`,
    /// suberror `bad_token`), as a real tenant does now and then. The next sign-in works.
    pub fn refuse_code_after_sign_up(&self) {
        lock(&self.state.faults).after_sign_up = true;
    }

    /// Ends every session of a user at the tenant, and makes codes and refresh tokens of before
    /// `invalid_grant` (AADSTS50173), as Microsoft Graph's `revokeSignInSessions` does. Access
    /// tokens stay good until they expire.
    pub fn revoke_sign_in_sessions(&self, email: &str) -> Result<(), UserError> {
        self.state.revoke_sign_in_sessions(email)
    }

    /// Holds back every answer to a refresh from now on, until the value is dropped or
    /// [released](HeldRefreshes::release).
    ///
    /// The tenant has done its part before: the refresh token is rotated, the tokens are issued.
    /// A client that hangs up meanwhile never learns of them. Held by two at once, the first that
    /// lets go lets all go.
    pub fn hold_refreshes(&self) -> HeldRefreshes<'_> {
        self.state.refreshes.close();
        HeldRefreshes { tenant: self }
    }
}

/// Answers to refreshes that wait; see [`Tenant::hold_refreshes`].
#[must_use = "dropping it lets the answers go"]
pub struct HeldRefreshes<'a> {
    tenant: &'a Tenant,
}

impl HeldRefreshes<'_> {
    /// Returns once so many answers wait, or have waited: those whose clients hung up count.
    pub async fn until_held(&self, count: usize) {
        self.tenant.state.refreshes.until_arrived(count).await;
    }

    /// Lets them go.
    pub fn release(self) {}
}

impl Drop for HeldRefreshes<'_> {
    fn drop(&mut self) {
        self.tenant.state.refreshes.open();
    }
}

impl fmt::Debug for HeldRefreshes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldRefreshes").finish_non_exhaustive()
    }
}
