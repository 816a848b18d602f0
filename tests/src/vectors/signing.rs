//! Signatures of vectors, with the keys of `vectors/keys`.

use std::fs;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64_simd::STANDARD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

use super::folder;

pub(super) fn sign(alg: &str, key: &str, message: &[u8]) -> Vec<u8> {
    let rsa = |encoding: &'static dyn RsaEncoding| {
        let pair = RsaKeyPair::from_pkcs8(&private_key(key)).expect("an RSA key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .expect("an RSA signature");
        signature
    };
    let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm, key: &str| {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &private_key(key)).expect("an EC key");
        let signature = pair.sign(&SystemRandom::new(), message);
        signature.expect("an EC signature").as_ref().to_vec()
    };
    match (alg, key) {
        (_, "none") => Vec::new(),
        // A published key taken for a shared secret.
        (_, "hmac-jwks") => {
            let secret = fs::read(folder().join("keys/jwks.json")).expect("a key set");
            mac(&secret, message)
        }
        (_, "hmac-pem") => mac(&public_pem(), message),
        (_, "hmac-empty") => mac(b"", message),
        ("PS256", _) => rsa(&RSA_PSS_SHA256),
        ("PS384", _) => rsa(&RSA_PSS_SHA384),
        ("PS512", _) => rsa(&RSA_PSS_SHA512),
        ("RS384", _) => rsa(&RSA_PKCS1_SHA384),
        ("RS512", _) => rsa(&RSA_PKCS1_SHA512),
        (_, "rsa" | "rsa-other") => rsa(&RSA_PKCS1_SHA256),
        (_, "p256-der") => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, "p256"),
        (_, "p256" | "p256-other") => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, key),
        (_, "p384") => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, key),
        (_, "ed25519") => {
            let pair = Ed25519KeyPair::from_pkcs8(&private_key(key)).expect("an Ed25519 key");
            pair.sign(message).as_ref().to_vec()
        }
        (_, key) => panic!("there is no key {key}"),
    }
}

pub(super) fn usual_key(alg: &str) -> &'static str {
    match alg {
        "ES256" => "p256",
        "ES384" => "p384",
        "Ed25519" | "EdDSA" => "ed25519",
        "HS256" | "HS384" | "HS512" => "hmac-jwks",
        "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512" => "rsa",
        _ => "none",
    }
}

pub(super) fn usual_kid(key: &str) -> Option<&'static str> {
    match key {
        "ed25519" => Some("ed25519-1"),
        "hmac-empty" | "hmac-jwks" | "hmac-pem" | "none" | "rsa" | "rsa-other" => Some("rsa-1"),
        "p256" | "p256-der" | "p256-other" => Some("p256-1"),
        "p384" => Some("p384-1"),
        _ => None,
    }
}

fn mac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&secret, message).as_ref().to_vec()
}

/// The public half of `rsa`, as a file that a program might read as a secret.
fn public_pem() -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(&private_key("rsa")).expect("an RSA key");
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key");
    let base64 = STANDARD.encode_to_string(der.as_ref());
    let lines = base64.as_bytes().chunks(64);
    let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n").into_bytes()
}

fn private_key(name: &str) -> Vec<u8> {
    let pem = PrivatePkcs8KeyDer::from_pem_file(folder().join(format!("keys/{name}.pem")));
    pem.expect("a PKCS#8 key").secret_pkcs8_der().to_vec()
}
