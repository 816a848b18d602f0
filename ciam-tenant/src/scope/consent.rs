//! What an application may ask for: an administrator consented to it for all users.

use std::sync::Arc;

use crate::application::Registered;
use crate::error::Aadsts;

/// An application that asks, and the tenant's other applications, which may be APIs.
pub(crate) struct Consent<'a> {
    pub(crate) client: &'a Registered,
    pub(crate) find: &'a dyn Fn(&str) -> Option<Arc<Registered>>,
    pub(crate) tenant: &'a str,
}

impl Consent<'_> {
    /// The API with this client id; `asked` is how the request names it.
    pub(crate) fn api(&self, client_id: &str, asked: &str) -> Result<Arc<Registered>, Aadsts> {
        (self.find)(client_id)
            .filter(|found| found.api.is_exposed())
            .ok_or_else(|| self.unknown_resource(asked))
    }

    /// The one scope of an API, if it has it and the application may ask for it.
    pub(crate) fn check(&self, api: &Registered, scope: &str) -> Result<(), Aadsts> {
        if !api.api.has_scope(scope) {
            return Err(Aadsts::new(
                "invalid_client",
                650053,
                format!(
                    "The application '{}' asked for scope '{scope}' that doesn't exist on the \
                     resource '{}'. Contact the app vendor.",
                    self.client.name, api.client_id
                ),
            ));
        }
        if !self.client.scopes_of(api).contains(&scope) {
            return Err(self.missing());
        }
        Ok(())
    }

    pub(crate) fn unknown_resource(&self, asked: &str) -> Aadsts {
        Aadsts::new(
            "invalid_resource",
            500011,
            format!(
                "The resource principal named {asked} was not found in the tenant named {}. This \
                 can happen if the application has not been installed by the administrator of the \
                 tenant or consented to by any user in the tenant. You might have sent your \
                 authentication request to the wrong tenant.",
                self.tenant
            ),
        )
    }

    /// Customers cannot consent, so no page would help.
    pub(crate) fn missing(&self) -> Aadsts {
        let Registered {
            client_id, name, ..
        } = self.client;
        let error = Aadsts::new(
            "consent_required",
            65001,
            format!(
                "The user or administrator has not consented to use the application with ID \
                 '{client_id}' named '{name}'. Send an interactive authorization request for this \
                 user and resource."
            ),
        );
        error.with_suberror("consent_required")
    }
}
