//! Every file in `vectors/access_token` is one access token and what becomes of it: on
//! its own, and as the credentials of a request to an API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ciam_core::token::{
    Algorithm, ExpectedAccessToken, ExpectedTenant, parse_algorithm, verify_access_token,
};
use ciam_core::{
    Caller, Ciam, Config, Guid, HttpClient, Incoming, ManualClock, ResponseFuture, Visit,
};
use ciam_tests::Logs;
use ciam_tests::vectors::{Kind, Vector};
use http::{HeaderMap, Method, Request, Response, Uri};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;

/// What a vector may say of the API; `vectors/README.md` explains each word.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    algorithms: Option<Vec<String>>,
    alone: Option<String>,
    audience: Option<Vec<String>>,
    authority: Option<String>,
    caller: ExpectedCaller,
    clock_tolerance: Option<u64>,
    issuer: Option<String>,
    other_providers: Vec<String>,
    rfc9068: bool,
    tenant: Option<TenantWord>,
}

/// What the API knows of the caller then, as far as the vector says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExpectedCaller {
    application: Option<String>,
    is_application: Option<bool>,
    roles: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum TenantWord {
    /// `none`, `any` or a GUID.
    One(String),
    Several(Vec<String>),
}

#[test]
fn every_vector_of_an_access_token_meets_its_fate() {
    let runtime = Runtime::new().expect("a runtime");
    Kind::AccessToken.check(600, |vector, base| {
        let token = vector.token(base);
        let api = Api::of(vector, base);
        let alone = api.alone(&token);
        let expected = vector.expected.alone.as_ref().unwrap_or(&vector.expect);
        if alone != *expected {
            return format!("{alone} alone");
        }
        // An API accepts every algorithm that its keys are for.
        if vector.expected.algorithms.is_some() {
            return alone;
        }
        runtime.block_on(api.fate(&token))
    });
}

#[test]
fn every_code_of_an_access_token_has_a_vector() {
    let missing = Kind::AccessToken.codes_without_a_vector::<Expected>();
    assert!(missing.is_empty(), "no vector expects {missing:?}");
}

/// The API of a vector, with its clock and its provider.
struct Api<'a> {
    vector: &'a Vector<Expected>,
    base: &'a Vector<Expected>,
}

impl<'a> Api<'a> {
    const fn of(vector: &'a Vector<Expected>, base: &'a Vector<Expected>) -> Self {
        Self { vector, base }
    }

    /// What [`verify_access_token`] says, to which any audience is as good as another.
    fn alone(&self, token: &str) -> String {
        let several: Vec<_> = match self.tenant() {
            TenantWord::One(_) => Vec::new(),
            TenantWord::Several(ids) => ids.iter().filter_map(|id| Guid::parse(id)).collect(),
        };
        let algorithms: Vec<_> = match &self.vector.expected.algorithms {
            None => ALGORITHMS.to_vec(),
            Some(names) => names.iter().map(|name| known(name)).collect(),
        };
        let expected = ExpectedAccessToken {
            issuer: self.issuer(),
            tenant: match self.tenant() {
                TenantWord::One(word) if word == "any" => ExpectedTenant::Any,
                TenantWord::One(word) if word == "none" => ExpectedTenant::None,
                TenantWord::One(id) => ExpectedTenant::One(id),
                TenantWord::Several(_) => ExpectedTenant::AnyOf(&several),
            },
            algorithms: &algorithms,
            rfc9068: self.vector.expected.rfc9068,
            clock_tolerance: self.clock_tolerance(),
        };
        let now = self.vector.now(self.base);
        match verify_access_token(token, &self.vector.key_set(), &expected, now) {
            Ok(verified) => {
                assert!(verified.claims().contains("iss", verified.issuer()));
                assert!(verified.claims().contains("sub", verified.subject()));
                "valid".into()
            }
            Err(error) => {
                assert_hidden(token, &format!("{error} {error:?}"));
                error.code().into()
            }
        }
    }

    /// Presents the token twice: what is remembered makes no difference.
    async fn fate(&self, token: &str) -> String {
        let ciam = Ciam::new(self.config());
        let first = present(&ciam, token).await;
        let second = present(&ciam, token).await;
        match (first, second) {
            (Ok(caller), Ok(again)) => {
                assert_eq!(format!("{caller:?}"), format!("{again:?}"));
                self.vector.expected.caller.assert_is(&caller);
                "valid".into()
            }
            (Err(first), Err(second)) => {
                assert_eq!(first, second, "{}", self.vector.comment);
                first
            }
            (first, second) => panic!("first {first:?}, then {second:?}"),
        }
    }

    fn config(&self) -> Config {
        let expected = &self.vector.expected;
        let usual = &self.base.expected;
        let audience = expected.audience.as_ref().or(usual.audience.as_ref());
        let (first, others) = audience
            .and_then(|audience| audience.split_first())
            .expect("an audience");
        let authority = self.authority();
        let mut config = Config::api(&authority, first)
            .with_clock(Arc::new(ManualClock::new(self.vector.now(self.base))))
            .with_clock_tolerance(self.clock_tolerance())
            .with_http_client(Arc::new(self.provider()));
        for other in others {
            config = config.with_audience(other);
        }
        for provider in &expected.other_providers {
            config = config.with_api_provider(provider, first);
        }
        if expected.rfc9068 {
            config = config.with_rfc9068();
        }
        config = match self.tenant() {
            TenantWord::One(word) if word == "any" => config.with_any_tenant(),
            TenantWord::One(_) => config,
            TenantWord::Several(ids) => config.with_tenants(ids),
        };
        config.build().expect("a good configuration")
    }

    /// What answers at the addresses of the API's providers.
    fn provider(&self) -> Provider {
        let mut metadata = BTreeMap::new();
        let authority = self.authority();
        let mut publish = |authority: &str, issuer: &str| {
            let path = match self.tenant() {
                TenantWord::One(id) if Guid::parse(id).is_some() => format!("/{id}"),
                _ => String::new(),
            };
            let origin = Url::parse(authority).expect("an address").origin();
            let base = format!("{}{path}", origin.ascii_serialization());
            let document = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
                "token_endpoint": format!("{base}/oauth2/v2.0/token"),
                "jwks_uri": format!("{base}{KEYS}"),
            });
            let url = authority.trim_end_matches('/');
            metadata.insert(format!("{url}{METADATA}"), document);
        };
        publish(&authority, self.issuer());
        for other in &self.vector.expected.other_providers {
            publish(other, other);
        }
        Provider {
            metadata,
            keys: self.vector.key_set_text(),
        }
    }

    /// Where the API looks for the metadata of its provider.
    fn authority(&self) -> String {
        let (ours, usual) = (&self.vector.expected, &self.base.expected);
        match (&ours.authority, &ours.issuer) {
            (Some(authority), _) => authority.clone(),
            (None, Some(issuer)) => issuer.replace("{tenantid}", "organizations"),
            (None, None) => usual.authority.clone().expect("an authority"),
        }
    }

    fn issuer(&self) -> &str {
        let ours = self.vector.expected.issuer.as_deref();
        let issuer = ours.or(self.base.expected.issuer.as_deref());
        issuer.expect("an issuer")
    }

    fn tenant(&self) -> &TenantWord {
        let ours = self.vector.expected.tenant.as_ref();
        let tenant = ours.or(self.base.expected.tenant.as_ref());
        tenant.expect("a tenant, or that there is none")
    }

    fn clock_tolerance(&self) -> Duration {
        let ours = self.vector.expected.clock_tolerance;
        let seconds = ours.or(self.base.expected.clock_tolerance);
        Duration::from_secs(seconds.expect("a tolerance"))
    }
}

impl ExpectedCaller {
    fn assert_is(&self, caller: &Caller) {
        if let Some(application) = &self.application {
            assert_eq!(caller.application().unwrap_or_default(), application);
        }
        if let Some(is_application) = self.is_application {
            assert_eq!(caller.is_application(), is_application, "{caller:?}");
        }
        if let Some(roles) = &self.roles {
            assert_eq!(caller.roles(), roles);
        }
        if let Some(scopes) = &self.scopes {
            assert_eq!(caller.scopes(), scopes);
        }
    }
}

/// A provider in memory.
#[derive(Debug)]
struct Provider {
    metadata: BTreeMap<String, Value>,
    keys: Vec<u8>,
}

impl HttpClient for Provider {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        let url = request.uri().to_string();
        let body = match self.metadata.get(&url) {
            Some(metadata) => Bytes::from(metadata.to_string()),
            None if url.ends_with(KEYS) => Bytes::from(self.keys.clone()),
            None => panic!("nothing is at {url}, but at {:?}", self.metadata.keys()),
        };
        Box::pin(async move { Ok(Response::new(body)) })
    }
}

/// One request with this token: who calls, or the code of the refusal. What the log says
/// is checked, and what the caller is told.
async fn present(ciam: &Ciam, token: &str) -> Result<Caller, String> {
    let logs = Logs::capture();
    let before = logs.count();
    let visit = visit(ciam);
    let credentials = format!("Bearer {token}");
    let values = std::iter::once(credentials.as_bytes());
    if let Some(pending) = visit.pending(true, values, None) {
        pending.await;
    }
    let rejection = match visit.require_caller() {
        Ok(caller) => return Ok(caller.clone()),
        Err(rejection) => rejection.into_response(),
    };
    let refused = logs.own_after(before, REFUSED);
    let [line] = refused.as_slice() else {
        panic!("one line says why: {refused:?}");
    };
    for line in logs.own_after(before, "") {
        assert_hidden(token, &line.text);
    }
    let code = line.text.split_once("code=").expect("a code").1;
    let code = code.split(' ').next().expect("a code").to_owned();
    let (status, error) = match code.split_once('.') {
        Some(("bearer", _)) => (400, "invalid_request"),
        _ => (401, "invalid_token"),
    };
    assert_eq!(rejection.status(), status, "{code}");
    let challenge = &rejection.headers()["www-authenticate"];
    assert_eq!(challenge, &format!("Bearer error=\"{error}\""), "{code}");
    let body = format!("{{\"error\":\"{error}\"}}");
    assert_eq!(*rejection.body(), body, "{code}");
    Err(code)
}

fn visit(ciam: &Ciam) -> Visit {
    let incoming = Incoming {
        method: &Method::GET,
        uri: &Uri::from_static("/api/orders"),
        headers: &HeaderMap::new(),
    };
    ciam.visit(incoming).expect("a request of nobody's site")
}

fn assert_hidden(token: &str, shown: &str) {
    for segment in token.split('.').filter(|segment| segment.len() > 40) {
        assert!(!shown.contains(segment), "the token is shown: {shown}");
    }
}

fn known(name: &str) -> Algorithm {
    parse_algorithm(name).expect("an algorithm")
}

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

const KEYS: &str = "/discovery/v2.0/keys";
const METADATA: &str = "/.well-known/openid-configuration";
const REFUSED: &str = "a caller was refused";
