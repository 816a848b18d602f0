//! The provider behind the bench.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::rand::SystemRandom as AwsRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::{Url, form_urlencoded};

use crate::clock::{Clock, ManualClock, Timestamp};
use crate::transport::{HttpClient, ResponseFuture, TransportError};

pub(super) const ISSUER: &str = "https://issuer.example";

/// A provider in memory. Its claims and answers can be changed between requests.
#[derive(Debug)]
pub(super) struct FakeProvider {
    clock: Arc<ManualClock>,
    state: Mutex<State>,
    /// Answers of the token endpoint wait for it, once they are decided.
    held_back: Semaphore,
    is_slow: AtomicBool,
}

#[derive(Debug)]
pub(super) struct State {
    key: Ed25519KeyPair,
    kid: u32,
    nonce: Option<String>,
    /// Added to or put in place of the header of the next ID tokens.
    pub(super) header: Value,
    /// The keys that are published, in place of the one that signs.
    pub(super) published: Option<Vec<Value>>,
    /// Added to or put in place of the claims of the next ID tokens.
    pub(super) claims: Value,
    /// Added to or put in place of the members of the metadata.
    pub(super) metadata: Value,
    /// In place of the userinfo answer.
    pub(super) userinfo: Value,
    /// Paths that are not reached.
    pub(super) down: Vec<&'static str>,
    /// Paths asked for.
    pub(super) requests: Vec<String>,
    /// Forms that reached the token endpoint.
    pub(super) forms: Vec<String>,
    /// Forms that reached the revocation endpoint.
    pub(super) revoked: Vec<String>,
    /// The one refresh token that is good: each is taken once.
    pub(super) refresh_token: u32,
    /// Added to or put in place of the members of the next token answers.
    pub(super) answer: Value,
    /// In place of the next token answers: the status, headers and body.
    pub(super) refusal: Option<Answer>,
}

impl FakeProvider {
    pub(super) fn new(clock: Arc<ManualClock>) -> Self {
        let state = State {
            key: new_key(),
            kid: 1,
            nonce: None,
            header: json!({}),
            published: None,
            claims: json!({}),
            metadata: json!({}),
            userinfo: json!({}),
            down: Vec::new(),
            requests: Vec::new(),
            forms: Vec::new(),
            revoked: Vec::new(),
            refresh_token: 0,
            answer: json!({}),
            refusal: None,
        };
        Self {
            clock,
            state: Mutex::new(state),
            held_back: Semaphore::new(0),
            is_slow: AtomicBool::new(false),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no test panics while it holds this")
    }

    /// Answers of the token endpoint arrive when they are [let go](Self::let_go).
    pub(super) fn hold_back(&self) {
        self.is_slow.store(true, Ordering::SeqCst);
    }

    pub(super) fn let_go(&self) {
        self.is_slow.store(false, Ordering::SeqCst);
        self.held_back.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Refreshes that reached the provider.
    pub(super) fn refreshes(&self) -> usize {
        let state = self.state();
        let forms = state.forms.iter();
        forms
            .filter(|form| form.starts_with("grant_type=refresh_token"))
            .count()
    }

    pub(super) fn rotate_keys(&self) {
        let mut state = self.state();
        state.key = new_key();
        state.kid += 1;
    }

    pub(super) fn count(&self, path: &str) -> usize {
        self.state()
            .requests
            .iter()
            .filter(|asked| *asked == path)
            .count()
    }

    /// An access token for a scope of the application's API, with these differences.
    pub(super) fn access_token(&self, header: &Value, claims: &Value) -> String {
        self.state().access_token(self.clock.now(), header, claims)
    }

    /// A logout token of Alice's session `s1`, with these differences.
    pub(super) fn logout_token(&self, header: &Value, claims: &Value) -> String {
        self.state().logout_token(self.clock.now(), header, claims)
    }

    /// The ID token of the last sign-in, made once more.
    pub(super) fn last_id_token(&self) -> String {
        self.state().id_token(self.clock.now())
    }

    /// The provider knows the nonce of each code; this one knows one code only.
    pub(super) fn swap_nonce(&self, nonce: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.state().nonce, nonce)
    }

    /// What the visitor's browser is sent back with.
    pub(super) fn authorize(&self, url: &Url) -> String {
        let parameter = |name: &str| {
            let found = url.query_pairs().find(|(n, _)| n == name);
            found
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        self.state().nonce = Some(parameter("nonce"));
        let mut callback = Url::parse(&parameter("redirect_uri")).expect("an address");
        callback
            .query_pairs_mut()
            .append_pair("code", "the code")
            .append_pair("state", &parameter("state"));
        callback[url::Position::BeforePath..].to_owned()
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Answer, TransportError> {
        let path = request.uri().path().to_owned();
        let mut state = self.state();
        state.requests.push(path.clone());
        if state.down.contains(&path.as_str()) {
            let host = "issuer.example".to_owned();
            return Err(TransportError::Connect {
                host,
                detail: "refused".to_owned(),
            });
        }
        let body = match path.as_str() {
            "/.well-known/openid-configuration" => {
                let mut document = metadata();
                if request.uri().host() == Some("partner.example") {
                    document["issuer"] = json!("https://partner.example");
                }
                merged(document, &state.metadata)
            }
            "/organizations/v2.0/.well-known/openid-configuration" => {
                merged(metadata(), &state.metadata)
            }
            "/keys" => json!({ "keys": state.keys() }),
            "/token" => {
                let form = String::from_utf8_lossy(request.body()).into_owned();
                state.forms.push(form.clone());
                if let Some(refusal) = state.refusal.clone() {
                    return Ok(refusal);
                }
                return Ok(state.token_answer(&form, self.clock.now()));
            }
            "/revoke" => {
                let form = String::from_utf8_lossy(request.body()).into_owned();
                state.revoked.push(form);
                Value::Null
            }
            "/userinfo" => state.userinfo.clone(),
            other => panic!("the provider has no {other}"),
        };
        Ok((200, Vec::new(), body))
    }
}

/// The status, headers and body.
pub(super) type Answer = (u16, Vec<(&'static str, &'static str)>, Value);

impl HttpClient for FakeProvider {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        Box::pin(async move {
            let (status, headers, body) = self.answer(&request)?;
            if request.uri().path() == "/token" && self.is_slow.load(Ordering::SeqCst) {
                let permit = self.held_back.acquire().await;
                permit.expect("never closed").forget();
            }
            let mut response = Response::new(Bytes::from(body.to_string()));
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            for (name, value) in headers {
                let value = HeaderValue::from_static(value);
                response.headers_mut().insert(name, value);
            }
            Ok(response)
        })
    }
}

impl State {
    /// What is published.
    pub(super) fn keys(&self) -> Vec<Value> {
        let own = || vec![self.jwk()];
        self.published.clone().unwrap_or_else(own)
    }

    /// The public key of what signs.
    pub(super) fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.kid.to_string(),
            "x": URL_SAFE_NO_PAD.encode_to_string(self.key.public_key()),
        })
    }

    /// For a code always; for a refresh token if it is the last one that was given.
    fn token_answer(&mut self, form: &str, now: Timestamp) -> Answer {
        let parameters: Vec<_> = form_urlencoded::parse(form.as_bytes()).collect();
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(found, _)| found == name);
            found.map_or("", |(_, value)| value.as_ref())
        };
        let refreshes = parameter("grant_type") == "refresh_token";
        let good = format!("refresh {}", self.refresh_token);
        if refreshes && parameter("refresh_token") != good {
            let used = "AADSTS70000: it was used before";
            let body = json!({"error": "invalid_grant", "error_description": used});
            return (400, Vec::new(), body);
        }
        self.refresh_token += 1;
        let number = self.refresh_token;
        let access_token = match parameter("scope") {
            "" if refreshes => format!("access {number}"),
            "" => "the access token".to_owned(),
            scope => format!("access {number} for {scope}"),
        };
        let body = json!({
            "token_type": "Bearer", "access_token": access_token, "expires_in": 3600,
            "refresh_token": format!("refresh {number}"), "id_token": self.id_token(now),
        });
        (200, Vec::new(), merged(body, &self.answer))
    }

    fn id_token(&self, now: Timestamp) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.kid.to_string(), "typ": "JWT" });
        let header = merged(header, &self.header);
        let claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": "client", "nonce": self.nonce,
            "iat": now.unix(), "exp": now.unix() + 3600, "name": "Alice", "email": "a@b.example",
        });
        self.sign(&header, &merged(claims, &self.claims))
    }

    /// An access token for a scope of the application's API, with changes.
    fn access_token(&self, now: Timestamp, header: &Value, claims: &Value) -> String {
        let typical = json!({ "alg": "EdDSA", "kid": self.kid.to_string(), "typ": "JWT" });
        let header = merged(typical, header);
        let typical = json!({
            "iss": ISSUER, "sub": "alice", "aud": "client", "azp": "spa", "scp": "orders.read",
            "iat": now.unix(), "exp": now.unix() + 3600,
        });
        self.sign(&header, &merged(typical, claims))
    }

    fn logout_token(&self, now: Timestamp, header: &Value, claims: &Value) -> String {
        let typical = json!({ "alg": "EdDSA", "kid": self.kid.to_string(), "typ": "logout+jwt" });
        let header = merged(typical, header);
        let typical = json!({
            "iss": ISSUER, "sub": "alice", "aud": "client", "sid": "s1", "jti": "1",
            "iat": now.unix(), "exp": now.unix() + 120,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        self.sign(&header, &merged(typical, claims))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode_to_string(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.key.sign(signed.as_bytes());
        format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode_to_string(signature.as_ref())
        )
    }
}

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "userinfo_endpoint": format!("{ISSUER}/userinfo"),
        "end_session_endpoint": format!("{ISSUER}/logout"),
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })
}

/// With null for a member to leave out.
fn merged(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        object[name] = value.clone();
    }
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    object
}

fn new_key() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&AwsRandom::new()).expect("randomness");
    Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key just made")
}
