//! Many who signed in, each through the library.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ciam_core::store::SessionStore;
use ciam_core::{Ciam, HttpClient, ResponseFuture};
use http::{Request, Response};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::support::provider::{FixedProvider, TOKEN, id_claims, key_file};
use crate::support::sign_in::{Callback, config};

pub(crate) struct Crowd {
    pub(crate) ciam: Ciam,
    /// `name=value` of each, as the browser sends it back.
    pub(crate) cookies: Vec<Box<str>>,
    provider: Arc<CrowdProvider>,
}

impl Crowd {
    pub(crate) fn new(store: Arc<dyn SessionStore>) -> Self {
        let provider = Arc::new(CrowdProvider::new());
        let config = config(ORIGIN)
            .with_http_client(Arc::clone(&provider) as _)
            .with_id_token_algorithm("EdDSA")
            .with_session_store(store);
        Self {
            ciam: Ciam::new(config.build().expect("a valid configuration")),
            cookies: Vec::new(),
            provider,
        }
    }

    /// Until so many are signed in.
    pub(crate) fn grow(&mut self, runtime: &Runtime, count: usize) {
        self.cookies.reserve_exact(count - self.cookies.len());
        while self.cookies.len() < count {
            let number = self.cookies.len();
            let cookie = runtime.block_on(async {
                let sign = |nonce: &str| self.provider.sign(nonce, number);
                let callback = Callback::prepare_with(&self.ciam, sign).await;
                Callback::session_cookie(&self.ciam.respond(callback.request()).await)
            });
            self.cookies.push(cookie.into());
        }
    }

    /// What the cookies themselves take, in bytes.
    pub(crate) fn bytes_of_cookies(&self) -> usize {
        let each = self.cookies.iter().map(|cookie| cookie.len() + ROUNDED);
        each.sum::<usize>() + self.cookies.capacity() * size_of::<Box<str>>()
    }
}

/// Signs with Ed25519, because a million signatures of RSA would take ten minutes.
#[derive(Debug)]
struct CrowdProvider {
    fixed: FixedProvider,
    pair: Ed25519KeyPair,
    tokens: Mutex<Bytes>,
}

impl CrowdProvider {
    fn new() -> Self {
        let pem = PrivatePkcs8KeyDer::from_pem_slice(&key_file("ed25519.pem"));
        let pem = pem.expect("a PEM file");
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pem.secret_pkcs8_der());
        Self {
            fixed: FixedProvider::with_keys(ORIGIN, key_file("jwks.json").into()),
            pair: pair.expect("an Ed25519 key"),
            tokens: Mutex::default(),
        }
    }

    /// The ID token for the next sign-in, of the user of this number.
    fn sign(&self, nonce: &str, number: usize) {
        let mut claims = id_claims(ORIGIN, nonce);
        claims["sub"] = format!("AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy{number:08}").into();
        claims["sid"] = format!("22223333-cccc-4444-dddd-5555{number:08}").into();
        claims["oid"] = format!("11112222-bbbb-3333-cccc-4444{number:08}").into();
        // With it, no session keeps the ID token for sign-out.
        claims["login_hint"] = "O.CiQxMTExMjIyMi1iYmJi".into();
        let header = json!({"typ": "JWT", "alg": "EdDSA", "kid": "ed25519-1"});
        let encode = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode_to_string(json.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let signature = URL_SAFE_NO_PAD.encode_to_string(self.pair.sign(message.as_bytes()));
        let tokens = json!({
            "token_type": "Bearer",
            "expires_in": 3599,
            "id_token": format!("{message}.{signature}"),
        });
        let mut slot = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = tokens.to_string().into();
    }
}

impl HttpClient for CrowdProvider {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        let path = request.uri().path();
        let response = if path.ends_with(TOKEN) {
            let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            Response::new(tokens.clone())
        } else {
            self.fixed.answer(path)
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// Never asked over a network.
const ORIGIN: &str = "https://aaaabbbb-0000-cccc-1111-dddd2222eeee.login.example/\
    aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0";

/// What the allocator adds to each allocation, about.
const ROUNDED: usize = 16;
