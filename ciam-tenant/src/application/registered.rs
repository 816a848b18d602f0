//! An application of the tenant.

use super::{Api, Application, Permission, Platform, RegisterError, Registration};
use crate::{random, redirect_uri};

/// An application of the tenant, its values checked.
#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) name: String,
    pub(crate) platform: Platform,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    pub(crate) logout_url: Option<String>,
    pub(crate) optional_claims: Vec<String>,
    pub(crate) id_tokens_at_authorize: bool,
    /// The object id of the service principal.
    pub(crate) object_id: String,
    pub(crate) api: Api,
    pub(crate) permissions: Vec<Permission>,
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
        if let Some(uri) = &application.logout_url {
            // The rules of a web application's redirect URIs, whatever the platform.
            if let Some(reason) = redirect_uri::refusal(uri, Platform::Web) {
                let uri = uri.clone();
                return Err(RegisterError::LogoutUrl { uri, reason });
            }
        }
        for name in &application.optional_claims {
            if !OPTIONAL_CLAIMS.contains(&name.as_str()) {
                return Err(RegisterError::UnknownClaim(name.clone()));
            }
        }
        application.api.check()?;
        if application.permissions.len() > MAX_PERMISSIONS {
            return Err(RegisterError::TooMany("permissions"));
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
            logout_url: application.logout_url,
            optional_claims: application.optional_claims,
            id_tokens_at_authorize: application.id_tokens_at_authorize,
            object_id: random::guid(),
            api: application.api,
            permissions: application.permissions,
        })
    }

    pub(crate) fn registration(&self) -> Registration {
        Registration {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            object_id: self.object_id.clone(),
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

    /// The scopes of an API that this application may ask for; its own need no permission.
    pub(crate) fn scopes_of<'a>(&'a self, api: &'a Self) -> Vec<&'a str> {
        let permitted = |scope: &&str| {
            let mut known = self.permissions.iter();
            api.client_id == self.client_id
                || known.any(|known| known.is_delegated(&api.client_id, scope))
        };
        let exposed = api.api.scopes.iter().map(String::as_str);
        exposed.filter(permitted).collect()
    }

    /// The app roles of an API that this application has.
    pub(crate) fn roles_of<'a>(&'a self, api: &'a Self) -> Vec<&'a str> {
        let given = |role: &&str| {
            let mut known = self.permissions.iter();
            known.any(|known| known.is_application(&api.client_id, role))
        };
        let roles = api.api.roles.iter().map(String::as_str);
        roles.filter(given).collect()
    }

    /// The value of `azpacr`: how the application proves itself.
    pub(crate) fn authentication_class(&self) -> &'static str {
        match self.platform {
            Platform::Public => "0",
            Platform::Web => "1",
        }
    }

    pub(crate) fn wants(&self, claim: &str) -> bool {
        self.optional_claims.iter().any(|name| name == claim)
    }
}

pub(super) const OPTIONAL_CLAIMS: [&str; 5] = [
    "auth_time",
    "family_name",
    "given_name",
    "login_hint",
    "sid",
];

/// Microsoft: "Service limits and restrictions" of External ID.
const MAX_REDIRECT_URIS: usize = 100;
/// Microsoft Entra's limit of `requiredResourceAccess`.
const MAX_PERMISSIONS: usize = 400;
