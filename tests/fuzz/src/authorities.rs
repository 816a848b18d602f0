//! Authorities of every form, with the issuer each stands for.

use std::sync::LazyLock;

use ciam_core::{Authority, Config};
use serde_json::json;

/// One authority as it is configured, and what its provider would say.
pub struct Case {
    authority: &'static str,
    tenant_id: Option<&'static str>,
    issuer: Option<&'static str>,
    /// The issuer of an honest document.
    pub honest_issuer: &'static str,
    /// What its endpoints begin with.
    endpoints: &'static str,
}

impl Case {
    fn authority(&self) -> Authority {
        let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        let mut config = Config::web(self.authority, "client", "https://shop.example", secret);
        if let Some(tenant_id) = self.tenant_id {
            config = config.with_tenant_id(tenant_id);
        }
        if let Some(issuer) = self.issuer {
            config = config.with_issuer(issuer);
        }
        let config = config.build().expect("a valid configuration");
        config.authority().clone()
    }

    /// The document of an honest provider.
    pub fn document(&self) -> String {
        let endpoints = self.endpoints;
        json!({
            "issuer": self.honest_issuer,
            "authorization_endpoint": format!("{endpoints}/authorize"),
            "token_endpoint": format!("{endpoints}/token"),
            "jwks_uri": format!("{endpoints}/keys"),
            "userinfo_endpoint": format!("{endpoints}/userinfo"),
            "end_session_endpoint": format!("{endpoints}/logout?p=1"),
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_response_iss_parameter_supported": "true",
        })
        .to_string()
    }
}

/// The authorities of [`CASES`], in their order.
pub static AUTHORITIES: LazyLock<Vec<Authority>> =
    LazyLock::new(|| CASES.iter().map(Case::authority).collect());

/// Each form of the issuer policy, with the tenant known from each place it may be
/// known from.
pub const CASES: [Case; 10] = [
    Case {
        authority: "https://issuer.example",
        tenant_id: None,
        issuer: None,
        honest_issuer: "https://issuer.example",
        endpoints: "https://issuer.example",
    },
    Case {
        authority: "https://contoso.ciamlogin.com",
        tenant_id: None,
        issuer: None,
        honest_issuer: TENANTS_ISSUER,
        endpoints: TENANTS_ENDPOINTS,
    },
    Case {
        authority: "https://aaaabbbb-0000-cccc-1111-dddd2222eeee.ciamlogin.com",
        tenant_id: None,
        issuer: None,
        honest_issuer: TENANTS_ISSUER,
        endpoints: TENANTS_ENDPOINTS,
    },
    Case {
        authority: "https://contoso.ciamlogin.com/aaaabbbb-0000-cccc-1111-dddd2222eeee",
        tenant_id: None,
        issuer: None,
        honest_issuer: TENANTS_ISSUER,
        endpoints: TENANTS_ENDPOINTS,
    },
    Case {
        authority: "https://login.contoso.example",
        tenant_id: Some("aaaabbbb-0000-cccc-1111-dddd2222eeee"),
        issuer: None,
        honest_issuer: TENANTS_ISSUER,
        endpoints: "https://login.contoso.example/AAAABBBB-0000-cccc-1111-dddd2222eeee/oauth2",
    },
    Case {
        authority: "http://127.0.0.1:3001",
        tenant_id: None,
        issuer: None,
        honest_issuer: "http://127.0.0.1:3001",
        endpoints: "http://127.0.0.1:3001",
    },
    Case {
        authority: "http://localhost:3001",
        tenant_id: None,
        issuer: None,
        honest_issuer: "http://localhost:3001/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
        endpoints: "http://localhost:3001/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2",
    },
    Case {
        authority: "http://[::1]:3001/aaaabbbb-0000-cccc-1111-dddd2222eeee",
        tenant_id: None,
        issuer: None,
        honest_issuer: "http://[::1]:3001/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
        endpoints: "http://[::1]:3001/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2",
    },
    Case {
        authority: "https://contoso.ciamlogin.com",
        tenant_id: None,
        issuer: Some("https://pinned.example/"),
        honest_issuer: "https://pinned.example/",
        endpoints: "https://elsewhere.example",
    },
    Case {
        authority: "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
        tenant_id: None,
        issuer: None,
        honest_issuer: "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
        endpoints: "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2",
    },
];

const TENANTS_ISSUER: &str = "https://aaaabbbb-0000-cccc-1111-dddd2222eeee.ciamlogin.com/\
                              aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0";
const TENANTS_ENDPOINTS: &str =
    "https://contoso.ciamlogin.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0";
