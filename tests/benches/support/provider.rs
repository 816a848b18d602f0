//! A provider whose answers are made beforehand: asking it costs the way and nothing else.

use std::path::Path;
use std::sync::OnceLock;
use std::{fs, future};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ciam_core::{Clock as _, HttpClient, ResponseFuture, SystemClock};
use ciam_tests::workspace;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// The application's id at the provider.
pub(crate) const CLIENT_ID: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";

/// Metadata, keys, by default two of RSA, and one ID token, all of them fixed.
#[derive(Debug)]
pub(crate) struct FixedProvider {
    origin: String,
    metadata: Bytes,
    keys: Bytes,
    tokens: OnceLock<Bytes>,
}

impl FixedProvider {
    pub(crate) fn new(origin: &str) -> Self {
        Self::with_keys(origin, bytes(&keys()))
    }

    pub(crate) fn with_keys(origin: &str, keys: Bytes) -> Self {
        Self {
            origin: origin.to_owned(),
            metadata: bytes(&metadata(origin)),
            keys,
            tokens: OnceLock::new(),
        }
    }

    /// Signs the one ID token there will be, for the one sign-in with this nonce.
    pub(crate) fn sign(&self, nonce: &str) {
        let tokens = json!({
            "token_type": "Bearer",
            "scope": "openid profile email",
            "expires_in": 3599,
            "id_token": id_token(&self.origin, nonce),
        });
        self.tokens
            .set(bytes(&tokens))
            .expect("the token was signed before");
    }

    pub(crate) fn answer(&self, path: &str) -> Response<Bytes> {
        let body = if path.ends_with(METADATA) {
            &self.metadata
        } else if path.ends_with(KEYS) {
            &self.keys
        } else {
            self.tokens.get().expect("a token was signed")
        };
        let mut response = Response::new(body.clone());
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

impl HttpClient for FixedProvider {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        Box::pin(future::ready(Ok(self.answer(request.uri().path()))))
    }
}

fn metadata(origin: &str) -> Value {
    json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{origin}{TOKEN}"),
        "jwks_uri": format!("{origin}{KEYS}"),
        "end_session_endpoint": format!("{origin}/logout"),
        "userinfo_endpoint": format!("{origin}/userinfo"),
        "response_types_supported": ["code", "id_token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "name", "tid", "email"],
    })
}

/// Two, as a customer tenant has, neither with `alg`; the token's is the second.
fn keys() -> Value {
    let set: Value = serde_json::from_slice(&key_file("jwks.json")).expect("a key set");
    let keys = set["keys"].as_array().expect("keys");
    let mut signing = keys
        .iter()
        .find(|key| key["kid"] == KEY_ID)
        .expect("the key is there")
        .clone();
    let second = signing.clone();
    signing["kid"] = "rsa-0".into();
    json!({ "keys": [signing, second] })
}

fn id_token(issuer: &str, nonce: &str) -> String {
    signed(&id_claims(issuer, nonce), &rsa_key())
}

/// The claims that stay in the session are those of [`Profile`](super::profile::Profile).
pub(crate) fn id_claims(issuer: &str, nonce: &str) -> Value {
    let now = SystemClock.now().unix();
    json!({
        "aud": CLIENT_ID,
        "exp": now + 3600,
        "iat": now - 300,
        "nbf": now - 300,
        "nonce": nonce,
        "ver": "2.0",
        "uti": "fqiBqXLPj0eQa82S-IYFAA",
        "rh": "0.AQEAqqqqu7sAAMwREd3dIiLu7gAAAQAAqqoiILu7MzPMzERETdQ",
        "iss": issuer,
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
        "oid": "11112222-bbbb-3333-cccc-4444dddd5555",
        "name": super::sign_in::NAME,
        "given_name": "Ada",
        "family_name": "Lovelace",
        "email": "ada@example.com",
        "email_verified": true,
        "preferred_username": "ada@example.com",
        "roles": ["Admin", "Buyer"],
        "groups": ["33334444-dddd-5555-eeee-6666ffff7777"],
        "auth_time": now - 300,
        "acr": "urn:shop:password",
        "sid": "22223333-cccc-4444-dddd-5555eeee6666",
        "idp": "mail",
        "city": "London",
        "country": "United Kingdom",
        "postalCode": "SW1Y 4LB",
        "jobTitle": "Analyst",
    })
}

/// A token with these claims, signed with the key that the provider publishes.
pub(crate) fn signed(claims: &Value, pair: &RsaKeyPair) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID});
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode_to_string(json.to_string());
    let message = format!("{}.{}", encode(&header), encode(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode_to_string(signature))
}

/// The one that signs.
pub(crate) fn rsa_key() -> RsaKeyPair {
    let pem = PrivatePkcs8KeyDer::from_pem_slice(&key_file("rsa.pem")).expect("a PEM file");
    RsaKeyPair::from_pkcs8(pem.secret_pkcs8_der()).expect("an RSA key")
}

pub(crate) fn key_file(name: &str) -> Vec<u8> {
    let path = workspace().join(Path::new("tests/vectors/keys")).join(name);
    fs::read(path).expect("the vectors' keys are there")
}

fn bytes(json: &Value) -> Bytes {
    Bytes::from(json.to_string())
}

pub(crate) const METADATA: &str = "/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "/keys";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const KEY_ID: &str = "rsa-1";
