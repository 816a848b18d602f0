//! What every check of a token costs beside its signature alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
};
use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::keys::KeySet;
use ciam_core::token::{Algorithm, ExpectedAccessToken, ExpectedTenant, verify_access_token};
use ciam_core::{Clock as _, SystemClock};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::api::access::ISSUER;
use crate::api::tokens::claims;
use crate::support::provider::{key_file, rsa_key, signed};
use crate::support::rounds::{Run, Samples};

/// A token and its key.
pub(crate) struct Validation {
    name: &'static str,
    /// Of raw verification, at most.
    expected: f64,
    algorithm: Algorithm,
    token: String,
    message: Vec<u8>,
    signature: Vec<u8>,
    key: ParsedPublicKey,
    keys: KeySet,
}

pub(crate) fn all() -> [Validation; 3] {
    let random = SystemRandom::new();
    let rsa = rsa_key();
    let token = signed(&claims(0), &rsa);
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, rsa.public_key());
    let rs256 = Validation::new("RS256", 1.15, Algorithm::RS256, token, key.expect("a key"));

    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8("p256.pem"));
    let pair = pair.expect("a P-256 key");
    let message = message("ES256", "p256-1", 0);
    let signature = pair.sign(&random, message.as_bytes()).expect("a signature");
    let token = token_of(&message, signature.as_ref());
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key());
    let es256 = Validation::new("ES256", 1.07, Algorithm::ES256, token, key.expect("a key"));

    let pair = ed25519_key();
    let token = eddsa_token(&pair, 0);
    let key = ParsedPublicKey::new(&ED25519, pair.public_key());
    let eddsa = Validation::new("EdDSA", 1.07, Algorithm::EdDSA, token, key.expect("a key"));
    [rs256, es256, eddsa]
}

pub(crate) fn measure(validations: &[Validation]) {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for validation in validations {
        runs.push(Box::new(|times| timed(times, || validation.raw())));
        runs.push(Box::new(|times| timed(times, || validation.whole())));
    }
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| samples = Samples::take(&mut runs, ROUNDS, TIMES));
    println!("| | of the signature alone | expected | signature µs | whole µs | allocations |");
    println!("|---|---|---|---|---|---|");
    for (number, validation) in validations.iter().enumerate() {
        let (raw, whole) = (2 * number, 2 * number + 1);
        let counted = allocation_counter::measure(|| validation.whole());
        println!(
            "| {} | {:.3} ({:.3}) | ≤ {:.2} | {:.2} | {:.2} | {} |",
            validation.name,
            samples.min(whole) / samples.min(raw),
            samples.median_of(whole, raw, |one, base| one / base),
            validation.expected,
            samples.min(raw),
            samples.min(whole),
            counted.count_total,
        );
    }
}

impl Validation {
    fn new(
        name: &'static str,
        expected: f64,
        algorithm: Algorithm,
        token: String,
        key: ParsedPublicKey,
    ) -> Self {
        let (message, signature) = token.rsplit_once('.').expect("three segments");
        let signature = URL_SAFE_NO_PAD.decode_to_vec(signature);
        let validation = Self {
            name,
            expected,
            algorithm,
            message: message.as_bytes().to_vec(),
            signature: signature.expect("base64url"),
            token,
            key,
            keys: KeySet::parse(&key_file("jwks.json")).expect("a key set"),
        };
        validation.raw();
        validation.whole();
        validation
    }

    fn raw(&self) {
        let verified = self.key.verify_sig(&self.message, &self.signature);
        verified.expect("its key's signature");
    }

    fn whole(&self) {
        let expected = ExpectedAccessToken {
            issuer: ISSUER,
            tenant: ExpectedTenant::None,
            algorithms: &[self.algorithm],
            rfc9068: false,
            clock_tolerance: Duration::from_secs(60),
        };
        let now = SystemClock.now();
        let verified = verify_access_token(&self.token, &self.keys, &expected, now);
        black_box(verified.expect("a valid token"));
    }
}

fn timed(times: usize, once: impl Fn()) -> Duration {
    let started = Instant::now();
    for _ in 0..times {
        once();
    }
    started.elapsed()
}

pub(crate) fn ed25519_key() -> Ed25519KeyPair {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8("ed25519.pem"));
    pair.expect("an Ed25519 key")
}

/// The token of this number.
pub(crate) fn eddsa_token(pair: &Ed25519KeyPair, number: usize) -> String {
    let message = message("EdDSA", "ed25519-1", number);
    token_of(&message, pair.sign(message.as_bytes()).as_ref())
}

fn message(algorithm: &str, key_id: &str, number: usize) -> String {
    let header = json!({"typ": "JWT", "alg": algorithm, "kid": key_id});
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode_to_string(json.to_string());
    format!("{}.{}", encode(&header), encode(&claims(number)))
}

fn token_of(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", URL_SAFE_NO_PAD.encode_to_string(signature))
}

fn pkcs8(name: &str) -> Vec<u8> {
    let pem = PrivatePkcs8KeyDer::from_pem_slice(&key_file(name)).expect("a PEM file");
    pem.secret_pkcs8_der().to_vec()
}

const ROUNDS: usize = 400;
const TIMES: usize = 20;
