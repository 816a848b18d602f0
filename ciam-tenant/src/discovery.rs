//! The discovery document and the key set.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::parameters::Parameters;
use crate::random;
use crate::state::State;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`
pub(crate) async fn document(
    FromState(tenant): FromState<Arc<State>>,
    request: Request,
) -> Response {
    tenant.requests.discovery.count();
    let base = tenant.base(request.headers());
    let here = |path: &str| format!("{base}/{}/{path}", tenant.tenant_id);
    let mut jwks_uri = here("discovery/v2.0/keys");
    let parameters = Parameters::parse(request.uri().query().unwrap_or_default());
    if let Some(app) = parameters.unwrap_or_default().get("appid") {
        // The real tenant repeats it, for applications with keys of their own.
        if random::is_guid(app) {
            jwks_uri = format!("{jwks_uri}?appid={app}");
        }
    }
    let document = Document {
        token_endpoint: here("oauth2/v2.0/token"),
        token_endpoint_auth_methods_supported: [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        jwks_uri,
        response_modes_supported: ["query", "fragment", "form_post"],
        subject_types_supported: ["pairwise"],
        id_token_signing_alg_values_supported: ["RS256"],
        response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
        scopes_supported: ["openid", "profile", "email", "offline_access"],
        issuer: tenant.issuer(),
        request_uri_parameter_supported: false,
        userinfo_endpoint: format!("{base}/oidc/userinfo"),
        authorization_endpoint: here("oauth2/v2.0/authorize"),
        device_authorization_endpoint: here("oauth2/v2.0/devicecode"),
        http_logout_supported: true,
        frontchannel_logout_supported: true,
        end_session_endpoint: here("oauth2/v2.0/logout"),
        claims_supported: CLAIMS,
        kerberos_endpoint: here("kerberos"),
        tenant_region_scope: "NA",
        cloud_instance_name: "microsoftonline.com",
        cloud_graph_host_name: "graph.windows.net",
        msgraph_host: "graph.microsoft.com",
        rbac_url: "https://pas.windows.net",
    };
    (PUBLIC, Json(document)).into_response()
}

/// `GET /{tenant}/discovery/v2.0/keys`
pub(crate) async fn keys(FromState(tenant): FromState<Arc<State>>) -> Response {
    tenant.requests.keys.count();
    let keys = tenant.keys().public(&tenant.issuer());
    (PUBLIC, Json(keys)).into_response()
}

impl State {
    /// The authority to configure: the tenant's name in the path.
    pub(crate) fn authority(&self) -> String {
        let base = self.base(&HeaderMap::new());
        format!("{base}/{}", self.domain())
    }

    /// An endpoint under the tenant's own name, `token` for example.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        let base = self.base(&HeaderMap::new());
        format!("{base}/{}/oauth2/v2.0/{name}", self.tenant_id)
    }

    /// The issuer: always the GUID, in the host too where there is a host name.
    pub(crate) fn issuer(&self) -> String {
        let id = &self.tenant_id;
        if self.tls {
            format!("https://{id}.ciamlogin.com/{id}/v2.0")
        } else {
            format!("http://{}/{id}/v2.0", self.address)
        }
    }

    /// The origin of the endpoints: the one that was asked, if it is one of the tenant's.
    pub(crate) fn base(&self, headers: &HeaderMap) -> String {
        if !self.tls {
            return format!("http://{}", self.address);
        }
        let asked = host(headers);
        let mut names = self.host_names();
        let name = asked
            .and_then(|asked| names.find(|name| name.eq_ignore_ascii_case(asked)))
            .unwrap_or_else(|| format!("{}.ciamlogin.com", self.name));
        format!("https://{name}")
    }

    /// The host names of TLS mode.
    pub(crate) fn host_names(&self) -> impl Iterator<Item = String> {
        [&self.name, &self.tenant_id]
            .map(|label| format!("{label}.ciamlogin.com"))
            .into_iter()
            .chain(self.custom_domains.iter().cloned())
    }
}

/// The host a request is for, without its port.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    })
}

/// As captured: members and their order, and nothing that is absent there (so no
/// `code_challenge_methods_supported`, although PKCE works).
#[derive(Serialize)]
struct Document {
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    jwks_uri: String,
    response_modes_supported: [&'static str; 3],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    response_types_supported: [&'static str; 4],
    scopes_supported: [&'static str; 4],
    issuer: String,
    request_uri_parameter_supported: bool,
    userinfo_endpoint: String,
    authorization_endpoint: String,
    device_authorization_endpoint: String,
    http_logout_supported: bool,
    frontchannel_logout_supported: bool,
    end_session_endpoint: String,
    claims_supported: [&'static str; 19],
    kerberos_endpoint: String,
    tenant_region_scope: &'static str,
    cloud_instance_name: &'static str,
    cloud_graph_host_name: &'static str,
    msgraph_host: &'static str,
    rbac_url: &'static str,
}

const CLAIMS: [&str; 19] = [
    "sub",
    "iss",
    "cloud_instance_name",
    "cloud_instance_host_name",
    "cloud_graph_host_name",
    "msgraph_host",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "acr",
    "nonce",
    "preferred_username",
    "name",
    "tid",
    "ver",
    "at_hash",
    "c_hash",
    "email",
];

/// Both documents say this in the real tenant: a cached key set is the usual state of a client.
const PUBLIC: [(HeaderName, HeaderValue); 2] = [
    (
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=86400, private"),
    ),
    (
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ),
];
