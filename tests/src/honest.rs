//! An honest provider, the local tenant or `oidc-provider`, where Ada has an account.

use ciam_core::{Config, ConfigBuilder};
use ciam_tenant::{Application, NewUser, Tenant};
use serde_json::json;

use crate::suite::ProviderKind;
use crate::visitor::{Page, Visitor};
use crate::{OidcProvider, finish_sign_in};

/// A provider that knows one application, and Ada, who has the role `Admin`.
#[derive(Debug)]
pub enum Honest {
    /// `ciam-tenant`.
    LocalTenant(Tenant),
    /// npm `oidc-provider`.
    OidcProvider(OidcProvider),
}

impl Honest {
    /// Starts one that knows the application at `base_url`, and begins its configuration.
    pub async fn start(kind: ProviderKind, base_url: &str) -> (Self, ConfigBuilder) {
        match kind {
            ProviderKind::LocalTenant => Self::local_tenant(base_url).await,
            ProviderKind::OidcProvider => Self::oidc_provider(base_url).await,
            ProviderKind::Misbehaving => panic!("not an honest one"),
        }
    }

    /// Signs in as Ada where `page` asks who somebody is, and consents if it asks that too.
    pub async fn sign_in(&self, visitor: &mut Visitor, page: Page) -> Page {
        match self {
            Self::LocalTenant(_) => {
                let form = page.form_with("password").fill("email", EMAIL);
                let form = form.fill("password", PASSWORD).press("Sign in");
                visitor.submit(&form).await
            }
            Self::OidcProvider(_) => finish_sign_in(visitor, page, "ada").await,
        }
    }

    /// Whether `page` asks who somebody is.
    pub fn asks(&self, page: &Page) -> bool {
        let field = match self {
            Self::LocalTenant(_) => "password",
            Self::OidcProvider(_) => "login",
        };
        page.forms().iter().any(|form| form.has(field))
    }

    /// How many token requests arrived.
    pub async fn token_requests(&mut self) -> u64 {
        match self {
            Self::LocalTenant(tenant) => tenant.requests().token,
            Self::OidcProvider(provider) => provider.count("/token").await,
        }
    }

    async fn local_tenant(base_url: &str) -> (Self, ConfigBuilder) {
        let tenant = Tenant::start().await.expect("loopback has a free port");
        let ada = NewUser::new(EMAIL, PASSWORD)
            .display_name("Ada")
            .role("Admin");
        tenant.add_user(ada).await.expect("a new account");
        let application = Application::web("Application")
            .redirect_uri(format!("{base_url}/auth/callback"))
            .post_logout_redirect_uri(format!("{base_url}/auth/signed-out"));
        let application = tenant.register(application).expect("valid addresses");
        let secret = application.client_secret.expect("a web application's");
        let config = Config::web(tenant.authority(), application.client_id, base_url, "")
            .with_client_secret(secret);
        (Self::LocalTenant(tenant), config)
    }

    async fn oidc_provider(base_url: &str) -> (Self, ConfigBuilder) {
        let provider = OidcProvider::start(json!({
            "accounts": {"ada": {"name": "Ada", "email": EMAIL, "roles": ["Admin"]}},
            "clients": [OidcProvider::client("application", SECRET, base_url)],
            "configuration": {
                "claims": {
                    "openid": ["sub"],
                    "profile": ["name", "roles"],
                    "email": ["email"],
                },
                // As the tenant does: what was asked for is in the ID token.
                "conformIdTokenClaims": false,
            },
        }))
        .await;
        let config =
            Config::web(provider.issuer(), "application", base_url, "").with_client_secret(SECRET);
        (Self::OidcProvider(provider), config)
    }
}

/// Ada's address.
pub const EMAIL: &str = "ada@example.com";

const PASSWORD: &str = "Analytical-Engine-1843";
const SECRET: &str = "the secret of the application";
