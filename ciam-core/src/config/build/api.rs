//! What only an API is configured with: whose tokens it accepts, and for whom they are.

use super::Reader;
use crate::config::OtherSource;
use crate::config::authority::{self, Authority, Tenants};
use crate::config::builder::AcceptedTenants;
use crate::config::choices;
use crate::config::problem::Fault;
use crate::config::setting::Setting;

impl Reader<'_> {
    /// Whose access tokens are accepted, each by its GUID.
    pub(super) fn tenants(
        &mut self,
        is_api: bool,
        tenants: Option<AcceptedTenants>,
    ) -> Option<Tenants> {
        let tenants = tenants?;
        if !is_api {
            let fault = Fault::new(
                "config.tenants_of_web",
                "is given tenants to accept, which only an API can",
                "sign in at one tenant; make the API a handle of its own with Config::api",
            );
            self.findings.problem(Setting::Authority, fault);
        }
        let AcceptedTenants::These(ids) = tenants else {
            return Some(Tenants::Any);
        };
        let ids = ids.iter().map(|id| authority::tenant_id(id)).collect();
        let ids = self.findings.accept(Setting::TenantId, ids)?;
        Some(Tenants::AnyOf(ids))
    }

    /// The further providers of an API.
    pub(super) fn other_sources(
        &mut self,
        is_api: bool,
        others: &[(String, String)],
    ) -> Vec<OtherSource> {
        let mut sources = Vec::new();
        for (authority, audience) in others {
            if !is_api {
                let fault = Fault::new(
                    "config.providers_of_web",
                    "is one of several, which only an API can have",
                    "make the API a handle of its own with Config::api",
                );
                self.findings.problem(Setting::Authority, fault);
            }
            let authority = Authority::new(authority.trim(), None, None, None);
            let authority = self.findings.accept(Setting::Authority, authority);
            let audiences = choices::audiences(audience);
            let audiences = self.findings.accept(Setting::Audience, audiences);
            if let (Some(authority), Some(audiences)) = (authority, audiences) {
                sources.push(OtherSource {
                    authority,
                    audiences,
                });
            }
        }
        sources
    }

    /// Separated by spaces; none where it is not set, and the client id says it.
    pub(super) fn audiences(&mut self, is_api: bool) -> Vec<String> {
        let audiences = if is_api && !self.values.contains(Setting::ClientId) {
            self.required(Setting::Audience, AUDIENCE_FIX, choices::audiences)
        } else {
            self.optional(Setting::Audience, choices::audiences)
        };
        audiences.unwrap_or_default()
    }
}

const AUDIENCE_FIX: &str =
    "set it to what the access tokens are for: the client id of the API's registration";
