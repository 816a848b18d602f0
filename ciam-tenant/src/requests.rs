//! How many requests arrived, by endpoint.

use std::sync::atomic::{AtomicU64, Ordering};

/// Requests that arrived since the tenant started; see [`Tenant::requests`](crate::Tenant::requests).
///
/// Refused ones count too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// Authorization requests.
    pub authorize: u64,
    /// Fetches of the discovery document.
    pub discovery: u64,
    /// Fetches of the key set.
    pub keys: u64,
    /// Sign-out requests.
    pub logout: u64,
    /// Sign-in forms sent, cancelled ones too.
    pub sign_in: u64,
    /// Sign-up forms sent, cancelled ones too.
    pub sign_up: u64,
    /// Token requests.
    pub token: u64,
    /// Userinfo requests.
    pub userinfo: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) authorize: Counter,
    pub(crate) discovery: Counter,
    pub(crate) keys: Counter,
    pub(crate) logout: Counter,
    pub(crate) sign_in: Counter,
    pub(crate) sign_up: Counter,
    pub(crate) token: Counter,
    pub(crate) userinfo: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Requests {
        Requests {
            authorize: self.authorize.read(),
            discovery: self.discovery.read(),
            keys: self.keys.read(),
            logout: self.logout.read(),
            sign_in: self.sign_in.read(),
            sign_up: self.sign_up.read(),
            token: self.token.read(),
            userinfo: self.userinfo.read(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
