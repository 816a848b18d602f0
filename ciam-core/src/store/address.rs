//! Where a store is, on its way from the settings to whoever opens it.

use std::fmt;

use crate::secret::Secret;

/// The value of `CIAM_SESSION_STORE`, and what comes with it.
#[derive(Clone)]
pub struct StoreAddress {
    address: Secret,
    ca_pem: Option<Vec<u8>>,
}

impl StoreAddress {
    pub(crate) const fn new(address: Secret, ca_pem: Option<Vec<u8>>) -> Self {
        Self { address, ca_pem }
    }

    /// The address, which may hold a password.
    pub const fn address(&self) -> &Secret {
        &self.address
    }

    /// The certificates of `CIAM_CA_FILE`: at least one, to be trusted beside the machine's.
    pub fn ca_pem(&self) -> Option<&[u8]> {
        self.ca_pem.as_deref()
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreAddress").finish_non_exhaustive()
    }
}
