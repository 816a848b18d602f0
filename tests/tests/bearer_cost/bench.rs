//! An API, a provider in memory, and tokens.

use std::cell::{Cell, RefCell};
use std::future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use ciam_core::{Ciam, Clock, Config, HttpClient, ManualClock, ResponseFuture, Timestamp};
use ciam_tests::scripted::public_jwk;
use ciam_tests::workspace;
use http::{Request, Response};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Bench {
    pub(crate) ciam: Ciam,
    provider: Arc<Provider>,
    runtime: Runtime,
    rsa: RsaKeyPair,
    ed25519: Ed25519KeyPair,
    number: Cell<usize>,
    /// Claims that are so much longer, with any number.
    template: RefCell<(usize, String)>,
}

/// Counts what it is asked.
#[derive(Debug, Default)]
struct Provider {
    requests: AtomicUsize,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let provider = Arc::new(Provider::default());
        let clock = ManualClock::new(Timestamp::from_unix(NOW));
        let config = Config::api(ISSUER, AUDIENCE)
            .with_clock(Arc::new(clock) as Arc<dyn Clock>)
            .with_http_client(Arc::clone(&provider) as Arc<dyn HttpClient>);
        let rsa = RsaKeyPair::from_pkcs8(&pkcs8("rsa"));
        let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8("ed25519"));
        let bench = Self {
            ciam: Ciam::new(config.build().expect("a valid configuration")),
            provider,
            runtime: Builder::new_current_thread().build().expect("a runtime"),
            rsa: rsa.expect("an RSA key"),
            ed25519: ed25519.expect("an Ed25519 key"),
            number: Cell::new(0),
            template: RefCell::default(),
        };
        bench.runtime.block_on(bench.ciam.ready()).expect("keys");
        bench
    }

    pub(crate) fn requests(&self) -> usize {
        self.provider.requests.load(Ordering::Relaxed)
    }

    /// Whether whoever sends these `Authorization` headers is let in; the status otherwise.
    pub(crate) fn call(&self, authorization: &[&[u8]], query: Option<&str>) -> Result<(), u16> {
        let visit = self.ciam.visit_read_only(std::iter::empty());
        // Where a handler runs: a fetch that it causes is a task of its own.
        let _inside = self.runtime.enter();
        let pending = visit.pending(true, authorization.iter().copied(), query);
        if let Some(pending) = pending {
            self.runtime.block_on(pending);
        }
        match visit.require_caller() {
            Ok(_) => Ok(()),
            Err(rejection) => Err(rejection.into_response().status().as_u16()),
        }
    }

    /// A header with a valid token that was not seen before, about as long as a customer
    /// tenant's, and with so many bytes more in its claims.
    pub(crate) fn fast(&self, more: usize) -> String {
        let header = r#"{"typ":"JWT","alg":"EdDSA","kid":"ed25519"}"#;
        let mut template = self.template.borrow_mut();
        if template.0 != more || template.1.is_empty() {
            *template = (more, self.claims(more).to_string());
        }
        let (start, end) = template.1.split_once(UTI).expect("its number");
        let number = self.number.replace(self.number.get() + 1);
        let payload = format!("{start}{UTI}{number:010}{}", &end[10..]);
        self.signed(header, &payload, |message| {
            self.ed25519.sign(message).as_ref().to_vec()
        })
    }

    /// The same, signed as Entra does.
    pub(crate) fn usual(&self, more: usize) -> String {
        let payload = self.claims(more).to_string();
        self.rs256(r#"{"typ":"JWT","alg":"RS256","kid":"rsa"}"#, &payload)
    }

    /// Any header and payload with a good signature.
    pub(crate) fn rs256(&self, header: &str, payload: &str) -> String {
        self.signed(header, payload, |message| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            let random = SystemRandom::new();
            let signed = self
                .rsa
                .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
            signed.expect("a signature");
            signature
        })
    }

    pub(crate) fn claims(&self, more: usize) -> Value {
        let number = self.number.replace(self.number.get() + 1);
        let mut claims = json!({
            "aud": AUDIENCE,
            "iss": ISSUER,
            "iat": NOW - 300,
            "nbf": NOW - 300,
            "exp": NOW + 3600,
            "aio": "AWQAm/8ZAAAAq3Xw",
            "azp": "55556666-ffff-7777-aaaa-8888bbbb9999",
            "azpacr": "1",
            "groups": ["33334444-dddd-5555-eeee-6666ffff7777"],
            "name": "Ada Lovelace",
            "oid": "11112222-bbbb-3333-cccc-4444dddd5555",
            "preferred_username": "ada@example.com",
            "rh": "0.AQEAqqqqu7sAAMwR",
            "roles": ["Buyer"],
            "scp": "Orders.Read Orders.Write",
            "sid": "22223333-cccc-4444-dddd-5555eeee6666",
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
            "uti": format!("{UTI}{number:010}"),
            "ver": "2.0",
        });
        if more > 0 {
            claims["more"] = "m".repeat(more).into();
        }
        claims
    }

    fn signed(&self, header: &str, payload: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let encode = |text: &[u8]| URL_SAFE_NO_PAD.encode_to_string(text);
        let message = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(payload.as_bytes())
        );
        let signature = encode(&sign(message.as_bytes()));
        format!("Bearer {message}.{signature}")
    }
}

impl HttpClient for Provider {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let body = match request.uri().path() {
            "/keys" => json!({ "keys": [jwk("rsa"), jwk("ed25519")] }),
            _ => json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/authorize"),
                "token_endpoint": format!("{ISSUER}/token"),
                "jwks_uri": format!("{ISSUER}/keys"),
                "id_token_signing_alg_values_supported": ["RS256"],
            }),
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert("content-type", json);
        Box::pin(future::ready(Ok(response)))
    }
}

fn jwk(name: &str) -> Value {
    let mut key = public_jwk(name);
    key["kid"] = name.into();
    key
}

fn pkcs8(name: &str) -> Vec<u8> {
    let keys = workspace().join(Path::new("tests/vectors/keys"));
    let pem = std::fs::read(keys.join(format!("{name}.pem"))).expect("a key");
    let pem = PrivatePkcs8KeyDer::from_pem_slice(&pem).expect("a PEM file");
    pem.secret_pkcs8_der().to_vec()
}

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://issuer.example";
const UTI: &str = "fqiBqXLPj0eQ";
const AUDIENCE: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
