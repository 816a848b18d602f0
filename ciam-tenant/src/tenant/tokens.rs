//! What tests arrange at the token endpoint, and read from it.

use std::fmt;

use super::Tenant;
use crate::requests::TokenRequests;
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
