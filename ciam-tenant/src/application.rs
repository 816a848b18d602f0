//! Applications: what one registers, and what one gets back.

use std::fmt;

use crate::{random, redirect_uri};

/// An application to register, as under "App registrations" of a tenant.
///
/// ```
/// use ciam_tenant::Application;
///
/// let shop = Application::web("Shop")
///     .redirect_uri("http://localhost:3000/auth/callback")
///     .post_logout_redirect_uri("http://localhost:3000/auth/signed-out");
/// ```
#[derive(Clone)]
pub struct Application {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) optional_claims: Vec<String>,
    pub(crate) id_tokens_at_authorize: bool,
}

impl Application {
    /// A web application: it runs on a server, and has a client secret.
    pub fn web(name: impl Into<String>) -> Self {
        Self::new(name.into(), Platform::Web)
    }

    /// A public client: it runs on its user's machine, has no secret, and must use PKCE.
    pub fn public(name: impl Into<String>) -> Self {
        Self::new(name.into(), Platform::Public)
    }

    /// Adds an address that users may be sent back to. Default: none.
    ///
    /// [`register`](crate::Tenant::register) refuses what Microsoft refuses.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Adds an address that users may be sent to after sign-out. Default: none.
    ///
    /// Every redirect URI is one as well. A real tenant knows redirect URIs only: register this
    /// address as one there.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Adds an optional claim to the ID tokens: `auth_time`, `login_hint`, `given_name` or
    /// `family_name`. Default: none.
    ///
    /// Other names are refused by [`register`](crate::Tenant::register).
    pub fn optional_claim(mut self, name: impl Into<String>) -> Self {
        self.optional_claims.push(name.into());
        self
    }

    /// Lets the authorization endpoint give out ID tokens (`response_type` `id_token` and
    /// `code id_token`), as the setting "ID tokens (used for implicit and hybrid flows)" does.
    /// Default: only the token endpoint does.
    pub fn id_tokens_at_authorize(mut self) -> Self {
        self.id_tokens_at_authorize = true;
        self
    }

    /// Sets the application (client) id, a GUID. Default: random.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the client secret of a web application. Default: random.
    pub fn client_secret(mut self, client_secret: impl Into<String>) -> Self {
        self.client_secret = Some(client_secret.into());
        self
    }

    fn new(name: String, platform: Platform) -> Self {
        Self {
            name,
            platform,
            client_id: None,
            client_secret: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            optional_claims: Vec::new(),
            id_tokens_at_authorize: false,
        }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("name", &self.name)
            .field("platform", &self.platform)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// What a registered application configures itself with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Registration {
    /// The application (client) id.
    pub client_id: String,
    /// The client secret; `None` for a public client.
    pub client_secret: Option<String>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why an application was not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// The client id is no GUID.
    ClientId(String),
    /// An application with this client id is registered already.
    Duplicate(String),
    /// A public client has no secret.
    PublicSecret,
    /// A customer tenant would refuse this redirect URI.
    RedirectUri {
        /// The address as given.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There are more applications, or more addresses on one, than a tenant takes.
    TooMany(&'static str),
    /// The optional claim is not one the local tenant knows.
    UnknownClaim(String),
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientId(id) => write!(f, "the client id `{id}` is no GUID"),
            Self::Duplicate(id) => write!(f, "an application `{id}` is registered already"),
            Self::PublicSecret => f.write_str("a public client has no client secret"),
            Self::RedirectUri { uri, reason } => {
                write!(f, "the redirect URI `{uri}` cannot be registered: {reason}")
            }
            Self::TooMany(what) => write!(f, "there are too many {what}"),
            Self::UnknownClaim(name) => write!(
                f,
                "the optional claim `{name}` is not one of {}",
                OPTIONAL_CLAIMS.join(", ")
            ),
        }
    }
}

impl std::error::Error for RegisterError {}

/// An application of the tenant, its values checked.
#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) optional_claims: Vec<String>,
    pub(crate) id_tokens_at_authorize: bool,
}

impl Registered {
    pub(crate) fn new(application: Application) -> Result<Self, RegisterError> {
        let platform = application.platform;
        let client_id = application.client_id.unwrap_or_else(random::guid);
        if !random::is_guid(&client_id) {
            return Err(RegisterError::ClientId(client_id));
        }
        let addresses = || {
            let signed_out = &application.post_logout_redirect_uris;
            application.redirect_uris.iter().chain(signed_out)
        };
        if addresses().count() > MAX_REDIRECT_URIS {
            return Err(RegisterError::TooMany("redirect URIs"));
        }
        for uri in addresses() {
            if let Some(reason) = redirect_uri::refusal(uri, platform) {
                let uri = uri.clone();
                return Err(RegisterError::RedirectUri { uri, reason });
            }
        }
        for name in &application.optional_claims {
            if !OPTIONAL_CLAIMS.contains(&name.as_str()) {
                return Err(RegisterError::UnknownClaim(name.clone()));
            }
        }
        let client_secret = match platform {
            Platform::Public if application.client_secret.is_some() => {
                return Err(RegisterError::PublicSecret);
            }
            Platform::Public => None,
            // Like the real ones, with characters that form encoding changes.
            Platform::Web => Some(
                application
                    .client_secret
                    .unwrap_or_else(|| format!("~{}+/", random::token())),
            ),
        };
        Ok(Self {
            name: application.name,
            platform,
            client_id: client_id.to_ascii_lowercase(),
            client_secret,
            redirect_uris: application.redirect_uris,
            post_logout_redirect_uris: application.post_logout_redirect_uris,
            optional_claims: application.optional_claims,
            id_tokens_at_authorize: application.id_tokens_at_authorize,
        })
    }

    pub(crate) fn registration(&self) -> Registration {
        Registration {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
        }
    }

    pub(crate) fn has_redirect_uri(&self, requested: &str) -> bool {
        let mut known = self.redirect_uris.iter();
        known.any(|uri| redirect_uri::matches(uri, requested))
    }

    pub(crate) fn has_post_logout_redirect_uri(&self, requested: &str) -> bool {
        let mut known = self.post_logout_redirect_uris.iter();
        known.any(|uri| redirect_uri::matches(uri, requested)) || self.has_redirect_uri(requested)
    }

    pub(crate) fn wants(&self, claim: &str) -> bool {
        self.optional_claims.iter().any(|name| name == claim)
    }
}

/// Where an application runs, which decides whether it can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Public,
    Web,
}

const OPTIONAL_CLAIMS: [&str; 4] = ["auth_time", "family_name", "given_name", "login_hint"];

/// Microsoft: "Service limits and restrictions" of External ID.
const MAX_REDIRECT_URIS: usize = 100;
