//! Applications: what one registers, and what one gets back.

mod api;
mod error;
mod registered;

pub use api::AccessTokenVersion;
pub use error::RegisterError;

pub(crate) use api::{Api, Permission};
pub(crate) use registered::Registered;

use std::fmt;

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
    pub(crate) logout_url: Option<String>,
    pub(crate) optional_claims: Vec<String>,
    pub(crate) id_tokens_at_authorize: bool,
    pub(crate) api: Api,
    pub(crate) permissions: Vec<Permission>,
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

    /// Sets the front-channel logout URL, which a hidden frame loads with `?sid=…` when a user
    /// who signed in to this application signs out of another one. Default: none.
    ///
    /// A registration has exactly one: `web.logoutUrl`. It needs `https`, but on localhost.
    pub fn front_channel_logout_url(mut self, url: impl Into<String>) -> Self {
        self.logout_url = Some(url.into());
        self
    }

    /// Adds an optional claim to the ID tokens: `auth_time`, `family_name`, `given_name`,
    /// `login_hint` or `sid`. Default: none; `sid` is there all the same.
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

    /// Exposes a scope, as under "Expose an API": a client asks for it as
    /// `api://CLIENT-ID/orders.read` or `CLIENT-ID/orders.read`. Default: none.
    ///
    /// The application itself may ask for it too; others need a
    /// [`delegated_permission`](Self::delegated_permission).
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.api.scopes.push(name.into());
        self
    }

    /// Adds an app role of this API, for users and for applications. Default: none.
    ///
    /// An access token for this API has those roles of its user that are app roles here. An
    /// application gets them by
    /// [`application_permission`](Self::application_permission).
    pub fn app_role(mut self, value: impl Into<String>) -> Self {
        self.api.roles.push(value.into());
        self
    }

    /// Sets `requestedAccessTokenVersion`: what access tokens for this API look like. Default:
    /// [`AccessTokenVersion::V2`].
    pub fn access_token_version(mut self, version: AccessTokenVersion) -> Self {
        self.api.version = version;
        self
    }

    /// Adds an optional claim to the access tokens for this API: `auth_time`, `email`,
    /// `family_name`, `given_name`, `idtyp`, `login_hint` or `xms_cc`. Default: none.
    ///
    /// Other names are refused by [`register`](crate::Tenant::register).
    pub fn access_token_claim(mut self, name: impl Into<String>) -> Self {
        self.api.claims.push(name.into());
        self
    }

    /// Lets this application ask for a scope of another API in the name of its users, consent
    /// given by an administrator. Default: none.
    ///
    /// The API has to be registered before, and to expose the scope.
    pub fn delegated_permission(
        mut self,
        api_client_id: impl Into<String>,
        scope: impl Into<String>,
    ) -> Self {
        let permission = Permission::delegated(api_client_id.into(), scope.into());
        self.permissions.push(permission);
        self
    }

    /// Gives this application an app role of an API: it is in the tokens that the application gets
    /// in its own name. Default: none.
    ///
    /// The API has to be registered before, and to have the role; it may be the application
    /// itself, if its client id is set.
    pub fn application_permission(
        mut self,
        api_client_id: impl Into<String>,
        role: impl Into<String>,
    ) -> Self {
        let permission = Permission::application(api_client_id.into(), role.into());
        self.permissions.push(permission);
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
            logout_url: None,
            optional_claims: Vec::new(),
            id_tokens_at_authorize: false,
            api: Api::default(),
            permissions: Vec::new(),
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
    /// The object id of its service principal: `oid` and `sub` of the tokens that it gets in its
    /// own name.
    pub object_id: String,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Where an application runs, which decides whether it can keep a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Public,
    Web,
}
