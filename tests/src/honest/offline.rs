//! Refresh tokens, and sign-outs that applications are told of.

use std::time::Duration;

use ciam_tenant::{Application, Rotation, Tenant, TokenPolicy};
use serde_json::{Value, json};

use super::{Honest, Setup};

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // of the tests only
pub struct Lifetimes {
    /// Access tokens.
    pub access: Duration,
    /// Refresh tokens, each.
    pub refresh: Duration,
}

impl Setup {
    /// Tells the application who signed out, as the provider can: in a frame the tenant,
    /// with a logout token `oidc-provider`.
    #[must_use]
    pub const fn telling_of_sign_out(mut self) -> Self {
        self.tells = true;
        self
    }

    /// Gives refresh tokens to the application if it asks for `offline_access`, each good
    /// once: used twice, it ends what came of its sign-in. `oidc-provider` does not wait to
    /// be asked.
    #[must_use]
    pub const fn with_refresh_tokens(mut self, lifetimes: Lifetimes) -> Self {
        self.offline = Some(lifetimes);
        self
    }

    /// At the tenant.
    pub(super) fn arrange(&self, tenant: &Tenant, application: Application) -> Application {
        if let Some(lifetimes) = self.offline {
            let policy = TokenPolicy::default()
                .access_token_lifetime(lifetimes.access)
                .refresh_token_lifetime(lifetimes.refresh)
                .rotation(Rotation::Once);
            tenant.set_token_policy(policy);
        }
        if self.tells {
            let url = format!("{}/frontchannel-logout", self.routes);
            return application.front_channel_logout_url(url);
        }
        application
    }

    /// At `oidc-provider`.
    pub(super) fn add_to(&self, options: &mut Value) {
        if let Some(lifetimes) = self.offline {
            let grant_types = json!(["authorization_code", "refresh_token"]);
            options["clients"][0]["grant_types"] = grant_types;
            options["offline"] = true.into();
            options["lifetimes"] = json!({
                "AccessToken": lifetimes.access.as_secs(),
                "RefreshToken": lifetimes.refresh.as_secs(),
            });
        }
        if self.tells {
            let uri = format!("{}/backchannel-logout", self.routes);
            options["clients"][0]["backchannel_logout_uri"] = uri.into();
            options["clients"][0]["backchannel_logout_session_required"] = true.into();
            options["configuration"]["features"] = json!({"backchannelLogout": {"enabled": true}});
        }
    }
}

impl Honest {
    /// How many refreshes were asked for; at `oidc-provider` those of clients that proved
    /// themselves.
    pub async fn refreshes(&mut self) -> u64 {
        match self {
            Self::LocalTenant(tenant) => tenant.token_requests().refresh_token,
            Self::OidcProvider(provider) => provider.count("/token for refresh_token").await,
        }
    }

    /// Ends what somebody has there: sessions, and refresh tokens of before.
    pub async fn revoke(&mut self, login: &str) {
        match self {
            Self::LocalTenant(tenant) => {
                let revoked = tenant.revoke_sign_in_sessions(&format!("{login}@example.com"));
                revoked.expect("an account");
            }
            Self::OidcProvider(provider) => provider.revoke(login).await,
        }
    }
}

impl Default for Lifetimes {
    /// An hour and a day.
    fn default() -> Self {
        Self {
            access: Duration::from_secs(3600),
            refresh: Duration::from_secs(86_400),
        }
    }
}
