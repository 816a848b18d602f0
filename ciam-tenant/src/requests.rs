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

/// Token requests that arrived since the tenant started, by grant type; see
/// [`Tenant::token_requests`](crate::Tenant::token_requests).
///
/// Refused ones count too; those of another grant type, or of none, do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequests {
    /// With `authorization_code`.
    pub authorization_code: u64,
    /// With `client_credentials`.
    pub client_credentials: u64,
    /// With `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    pub on_behalf_of: u64,
    /// With `refresh_token`.
    pub refresh_token: u64,
}

/// How a client asks for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code`
    AuthorizationCode,
    /// `client_credentials`
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`, with `requested_token_use=on_behalf_of`
    OnBehalfOf,
    /// `refresh_token`
    RefreshToken,
}

impl GrantType {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "authorization_code" => Self::AuthorizationCode,
            "client_credentials" => Self::ClientCredentials,
            "refresh_token" => Self::RefreshToken,
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => Self::OnBehalfOf,
            _ => return None,
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct GrantCounters {
    authorization_code: Counter,
    client_credentials: Counter,
    on_behalf_of: Counter,
    refresh_token: Counter,
}

impl GrantCounters {
    pub(crate) fn count(&self, grant_type: GrantType) {
        match grant_type {
            GrantType::AuthorizationCode => self.authorization_code.count(),
            GrantType::ClientCredentials => self.client_credentials.count(),
            GrantType::OnBehalfOf => self.on_behalf_of.count(),
            GrantType::RefreshToken => self.refresh_token.count(),
        }
    }

    pub(crate) fn read(&self) -> TokenRequests {
        TokenRequests {
            authorization_code: self.authorization_code.read(),
            client_credentials: self.client_credentials.read(),
            on_behalf_of: self.on_behalf_of.read(),
            refresh_token: self.refresh_token.read(),
        }
    }
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
