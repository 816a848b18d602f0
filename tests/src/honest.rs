//! An honest provider, the local tenant or `oidc-provider`, where Ada has an account.

mod api;
mod offline;

use std::net::{Ipv4Addr, SocketAddr};

use ciam_core::{Config, ConfigBuilder};
use ciam_tenant::{Application, NewUser, Requests, Tenant};
use serde_json::{Map, Value, json};
use url::Url;

pub use self::api::{Api, Client, Tokens};
pub use self::offline::Lifetimes;

use crate::suite::ProviderKind;
use crate::visitor::{Page, Visitor};
use crate::{OidcProvider, finish_sign_in};

/// A provider that knows one application, and some people.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums)] // of the tests only
pub enum Honest {
    /// `ciam-tenant`.
    LocalTenant(Tenant),
    /// npm `oidc-provider`.
    OidcProvider(OidcProvider),
}

/// What a provider is told before it starts.
#[derive(Clone, Debug)]
pub struct Setup {
    routes: String,
    port: u16,
    accounts: Vec<Account>,
    /// What access tokens for the APIs are signed with, where there are some.
    apis: Option<&'static str>,
    tells: bool,
    offline: Option<Lifetimes>,
}

/// Somebody whose e-mail address is `LOGIN@example.com`, and who has one password
/// with everybody else.
#[derive(Clone, Debug, Default)]
#[allow(clippy::exhaustive_structs)] // tests make them
pub struct Account {
    /// In lower case.
    pub login: &'static str,
    /// The claim `name`.
    pub name: &'static str,
    /// The claim `roles`.
    pub roles: Vec<String>,
    /// The claim `bio`, where it is not empty.
    pub bio: String,
}

/// What becomes of the key that signed so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum OldKey {
    /// It is published no longer.
    Gone,
    /// It is published beside the new one.
    Kept,
}

impl Honest {
    /// Starts one that knows the application at `base_url`, and begins its configuration.
    pub async fn start(kind: ProviderKind, base_url: &str) -> (Self, ConfigBuilder) {
        let provider = Setup::new(&format!("{base_url}/auth")).start(kind).await;
        let config = provider.config(base_url);
        (provider, config)
    }

    /// Begins the configuration of the application that it knows.
    pub fn config(&self, base_url: &str) -> ConfigBuilder {
        Config::web(self.authority(), CLIENT_ID, base_url, "").with_client_secret(CLIENT_SECRET)
    }

    /// What the application is configured with.
    pub fn authority(&self) -> String {
        match self {
            Self::LocalTenant(tenant) => tenant.authority(),
            Self::OidcProvider(provider) => provider.issuer().to_owned(),
        }
    }

    /// The `iss` of its tokens.
    pub fn issuer(&self) -> String {
        match self {
            Self::LocalTenant(tenant) => tenant.issuer(),
            Self::OidcProvider(provider) => provider.issuer().to_owned(),
        }
    }

    /// Whether it is in `kind`.
    pub const fn kind(&self) -> ProviderKind {
        match self {
            Self::LocalTenant(_) => ProviderKind::LocalTenant,
            Self::OidcProvider(_) => ProviderKind::OidcProvider,
        }
    }

    /// Signs in as Ada where `page` asks who somebody is, and consents if it asks that too.
    pub async fn sign_in(&self, visitor: &mut Visitor, page: Page) -> Page {
        self.sign_in_as("ada", visitor, page).await
    }

    /// The same as somebody else.
    pub async fn sign_in_as(&self, login: &str, visitor: &mut Visitor, page: Page) -> Page {
        match self {
            Self::LocalTenant(_) => {
                let form = page.form_with("password");
                let form = form.fill("email", &format!("{login}@example.com"));
                let form = form.fill("password", PASSWORD).press("Sign in");
                visitor.submit(&form).await
            }
            Self::OidcProvider(_) => {
                // Whatever the password is: it takes any.
                let form = page.form_with("login");
                let form = form.fill("login", login).fill("password", PASSWORD);
                let page = visitor.submit(&form).await;
                finish_sign_in(visitor, page, login).await
            }
        }
    }

    /// Whether `page` asks who somebody is.
    pub fn asks(&self, page: &Page) -> bool {
        page.forms().iter().any(|form| form.has(self.name_field()))
    }

    /// Whom `page` expects, where it asks who somebody is.
    pub fn expects(&self, page: &Page) -> Option<String> {
        let form = page.form_with(self.name_field());
        form.value(self.name_field()).map(str::to_owned)
    }

    /// Says no where `page` asks who somebody is.
    pub async fn cancel(&self, visitor: &mut Visitor, page: &Page) -> Page {
        match self {
            Self::LocalTenant(_) => {
                let form = page.form_with("password").press("Cancel");
                visitor.submit(&form).await
            }
            Self::OidcProvider(_) => visitor.follow(page, "[ Cancel ]").await,
        }
    }

    /// Says yes where it asks whether somebody wants to sign out.
    pub async fn sign_out(&self, visitor: &mut Visitor, page: Page) -> Page {
        match self {
            // It does not ask; but where applications are told, a script goes on.
            Self::LocalTenant(_) if page.frames().is_empty() => page,
            Self::LocalTenant(_) => {
                visitor.load_frames(&page).await;
                visitor.follow(&page, "Continue").await
            }
            Self::OidcProvider(_) => {
                assert!(page.text().contains("Do you want to sign-out"), "{page}");
                let form = page.form_with("xsrf").press("Yes, sign me out");
                visitor.submit(&form).await
            }
        }
    }

    /// The last request for a sign-in that the visitor carried to it.
    pub fn authorization(&self, visitor: &Visitor) -> Url {
        self.last_to("/oauth2/v2.0/authorize", "/auth", visitor)
    }

    /// The last request to sign out that the visitor carried to it.
    pub fn end_session(&self, visitor: &Visitor) -> Url {
        self.last_to("/oauth2/v2.0/logout", "/session/end", visitor)
    }

    /// How many requests arrived. At `oidc-provider` those for a sign-in count again
    /// when their visitor has answered.
    pub async fn requests(&mut self) -> Requests {
        match self {
            Self::LocalTenant(tenant) => tenant.requests(),
            Self::OidcProvider(provider) => {
                let stats = provider.stats().await;
                let count = |path: &str| stats.get(path).copied().unwrap_or(0);
                let mut requests = Requests::default();
                requests.authorize = count("/auth");
                requests.discovery = count("/.well-known/openid-configuration");
                requests.keys = count("/jwks");
                requests.logout = count("/session/end");
                requests.token = count("/token");
                requests.userinfo = count("/me");
                requests
            }
        }
    }

    /// How many token requests arrived.
    pub async fn token_requests(&mut self) -> u64 {
        self.requests().await.token
    }

    /// Signs with a new key from now on.
    pub async fn rotate_keys(&mut self, old: OldKey) {
        match self {
            Self::LocalTenant(tenant) => {
                tenant.rotate_keys();
                if old == OldKey::Gone {
                    // It publishes the key before the current one, as Entra does.
                    tenant.rotate_keys();
                }
            }
            Self::OidcProvider(provider) if old == OldKey::Kept => {
                provider.rotate_and_keep_keys().await;
            }
            Self::OidcProvider(provider) => provider.rotate_keys().await,
        }
    }

    /// Stops it: nobody listens any longer.
    pub async fn stop(self) {
        match self {
            Self::LocalTenant(tenant) => tenant.stop().await,
            Self::OidcProvider(provider) => drop(provider),
        }
    }

    fn name_field(&self) -> &'static str {
        match self {
            Self::LocalTenant(_) => "email",
            Self::OidcProvider(_) => "login",
        }
    }

    fn last_to(&self, of_tenant: &str, of_oidc_provider: &str, visitor: &Visitor) -> Url {
        let endpoint = self.endpoint(of_tenant, of_oidc_provider).to_string();
        let mut asked = visitor.history().iter().rev().map(|exchange| &exchange.url);
        let asked = asked.find(|url| url[..url::Position::AfterPath] == endpoint);
        asked.expect("the provider was asked").clone()
    }
}

impl Setup {
    /// An application whose routes of the library are below `routes`, and the
    /// accounts of Ada, who has the role `Admin`, and of Bob.
    pub fn new(routes: &str) -> Self {
        let ada = Account {
            login: "ada",
            name: "Ada",
            roles: vec!["Admin".to_owned()],
            ..Account::default()
        };
        let bob = Account {
            login: "bob",
            name: "Bob",
            ..Account::default()
        };
        Self {
            routes: routes.to_owned(),
            port: 0,
            accounts: vec![ada, bob],
            apis: None,
            tells: false,
            offline: None,
        }
    }

    /// The application is the [`Api::Orders`] too, beside [`Api::Stock`]; and
    /// [`Client::TILL`] may call both.
    #[must_use]
    pub const fn with_apis(self) -> Self {
        self.with_apis_signed_with("RS256")
    }

    /// The same with another algorithm of their access tokens, at `oidc-provider`.
    #[must_use]
    pub const fn with_apis_signed_with(mut self, algorithm: &'static str) -> Self {
        self.apis = Some(algorithm);
        self
    }

    /// Listens here, and not on any port that is free.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Somebody else.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Starts it.
    pub async fn start(self, kind: ProviderKind) -> Honest {
        match kind {
            ProviderKind::LocalTenant => self.local_tenant().await,
            ProviderKind::OidcProvider => self.oidc_provider().await,
            ProviderKind::Misbehaving => panic!("not an honest one"),
        }
    }

    async fn local_tenant(self) -> Honest {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let tenant = Tenant::builder().listen(address).start().await;
        let tenant = tenant.expect("loopback has a free port");
        for account in &self.accounts {
            let email = format!("{}@example.com", account.login);
            let user = NewUser::new(email, PASSWORD).display_name(account.name);
            let user = account.roles.iter().fold(user, NewUser::role);
            let user = match account.bio.as_str() {
                "" => user,
                bio => user.attribute("bio", bio),
            };
            tenant.add_user(user).await.expect("a new account");
        }
        let application = Application::web("Application")
            .client_id(CLIENT_ID)
            .client_secret(CLIENT_SECRET)
            .redirect_uri(format!("{}/callback", self.routes))
            .post_logout_redirect_uri(format!("{}/signed-out", self.routes));
        let application = self.arrange(&tenant, application);
        match self.apis {
            None => {
                tenant.register(application).expect("valid addresses");
            }
            Some(_) => api::register(&tenant, application),
        }
        Honest::LocalTenant(tenant)
    }

    async fn oidc_provider(self) -> Honest {
        let accounts: Map<String, Value> = self.accounts.iter().map(Account::claims).collect();
        let mut options = json!({
            "accounts": accounts,
            "clients": [{
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": [format!("{}/callback", self.routes)],
                "post_logout_redirect_uris": [format!("{}/signed-out", self.routes)],
            }],
            "configuration": {
                "claims": {
                    "openid": ["sub"],
                    "profile": ["name", "roles", "bio"],
                    "email": ["email"],
                },
                // As the tenant does: what was asked for is in the ID token.
                "conformIdTokenClaims": false,
            },
            "port": self.port,
        });
        self.add_to(&mut options);
        if let Some(algorithm) = self.apis {
            api::add_to(&mut options, algorithm);
        }
        Honest::OidcProvider(OidcProvider::start(options).await)
    }
}

impl Account {
    fn claims(&self) -> (String, Value) {
        let mut claims = json!({"name": self.name});
        if !self.roles.is_empty() {
            claims["roles"] = json!(self.roles);
        }
        if !self.bio.is_empty() {
            claims["bio"] = json!(self.bio);
        }
        (self.login.to_owned(), claims)
    }
}

/// What one on this port is configured with, before it is there.
pub fn authority_on(kind: ProviderKind, port: u16) -> String {
    match kind {
        ProviderKind::LocalTenant => format!("http://127.0.0.1:{port}/contoso.onmicrosoft.com"),
        _ => format!("http://127.0.0.1:{port}"),
    }
}

/// Ada's address.
pub const EMAIL: &str = "ada@example.com";

/// Everybody's.
pub const PASSWORD: &str = "Analytical-Engine-1843";

/// The application's: a GUID, as a tenant has them.
pub const CLIENT_ID: &str = "11112222-aaaa-3333-bbbb-4444cccc5555";

/// The application's: in a form, its `+` and its space mean something else. No part of it
/// is in any sentence.
pub const CLIENT_SECRET: &str = "the+s3cret 0f+th3 appl1cat10n";
