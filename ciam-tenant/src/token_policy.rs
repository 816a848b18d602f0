//! How long tokens live, and how often a refresh token is good.

use std::time::Duration;

use crate::random;

/// What the token endpoint gives out; see
/// [`Tenant::set_token_policy`](crate::Tenant::set_token_policy).
///
/// ```
/// use std::time::Duration;
///
/// use ciam_tenant::{Rotation, TokenPolicy};
///
/// let policy = TokenPolicy::default()
///     .access_token_lifetime(Duration::from_secs(120))
///     .rotation(Rotation::Once);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct TokenPolicy {
    access_token: Option<Duration>,
    refresh_token: Duration,
    rotation: Rotation,
}

/// What becomes of a refresh token that was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// It stays good, beside the new one: what Microsoft does ("Refresh tokens in the Microsoft
    /// identity platform", section "Token revocation").
    #[default]
    KeepsOld,
    /// It was good once. Used again, it is `invalid_grant`, and so is every one that came of the
    /// same sign-in from then on ([RFC 9700], section 4.14.2): what other providers do.
    ///
    /// [RFC 9700]: https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
    Once,
}

impl TokenPolicy {
    /// Sets how long access tokens live, in whole seconds. Default: an hour for an API's; 60 to
    /// 90 minutes at random for Microsoft Graph's, as all real ones.
    ///
    /// It does not hold for [`Tenant::access_token`](crate::Tenant::access_token).
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_token = Some(lifetime);
        self
    }

    /// Sets how long a refresh token is good after it was issued, in whole seconds. Default:
    /// 90 days.
    ///
    /// Where users sign in with an e-mail code, real ones live for 24 hours ("Refresh tokens in
    /// the Microsoft identity platform", section "Token lifetime").
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_token = lifetime;
        self
    }

    /// Sets what becomes of a refresh token that was used. Default: [`Rotation::KeepsOld`].
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    pub(crate) fn refresh_token_seconds(&self) -> u64 {
        self.refresh_token.as_secs()
    }

    pub(crate) fn is_once(&self) -> bool {
        self.rotation == Rotation::Once
    }

    /// For an API: for as long as an ID token.
    pub(crate) fn api_token_seconds(&self) -> u64 {
        self.access_token
            .map_or(API_TOKEN_SECONDS, |lifetime| lifetime.as_secs())
    }

    /// For Microsoft Graph: at random, so that no client counts on a number.
    pub(crate) fn graph_token_seconds(&self) -> u64 {
        self.access_token.map_or_else(
            || {
                let [a, b] = random::bytes::<2>();
                let spread = u64::from(u16::from_be_bytes([a, b])) % TOKEN_SPREAD_SECONDS;
                MIN_TOKEN_SECONDS + spread
            },
            |lifetime| lifetime.as_secs(),
        )
    }
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self {
            access_token: None,
            refresh_token: Duration::from_secs(REFRESH_TOKEN_SECONDS),
            rotation: Rotation::default(),
        }
    }
}

pub(crate) const API_TOKEN_SECONDS: u64 = 3600;
/// Microsoft: "Configurable token lifetimes": between 60 and 90 minutes.
const MIN_TOKEN_SECONDS: u64 = 3600;
const TOKEN_SPREAD_SECONDS: u64 = 1800;
const REFRESH_TOKEN_SECONDS: u64 = 90 * 86_400;
