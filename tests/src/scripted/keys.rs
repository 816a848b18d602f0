//! Keys that sign ID tokens: those of `vectors/keys`, because making RSA keys is slow.

use std::fs;
use std::path::Path;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// How an ID token is signed.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Signing {
    /// With this private key of `vectors/keys`, and this `alg`.
    Key(&'static str, &'static str),
    /// HS256 with this secret.
    Mac(String),
    /// Not at all.
    Unsigned,
}

impl Signing {
    /// The `alg` of its header.
    pub fn alg(&self) -> &'static str {
        match self {
            Self::Key(_, alg) => alg,
            Self::Mac(_) => "HS256",
            Self::Unsigned => "none",
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Key(name, "RS256") => rsa(name, &RSA_PKCS1_SHA256, message),
            Self::Key(name, "PS256") => rsa(name, &RSA_PSS_SHA256, message),
            Self::Key(name, "ES256") => {
                let signature = p256(name).sign(&SystemRandom::new(), message);
                signature.expect("a signature").as_ref().to_vec()
            }
            Self::Key(name, "EdDSA") => ed25519(name).sign(message).as_ref().to_vec(),
            Self::Key(_, alg) => panic!("nothing here signs with {alg}"),
            Self::Mac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Self::Unsigned => Vec::new(),
        }
    }
}

/// The public half of a key of `vectors/keys`: no `kid`, `use` or `alg`.
pub fn public_jwk(name: &str) -> Value {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
    if name.starts_with("rsa") {
        let key = RsaKeyPair::from_pkcs8(&private_key(name)).expect("an RSA key");
        let key = key.public_key();
        let modulus = key.modulus().big_endian_without_leading_zero();
        let exponent = key.exponent().big_endian_without_leading_zero();
        json!({"kty": "RSA", "n": text(modulus), "e": text(exponent)})
    } else if name.starts_with("p256") {
        let key = p256(name);
        let point = key.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
    } else {
        let key = ed25519(name);
        json!({"kty": "OKP", "crv": "Ed25519", "x": text(key.public_key().as_ref())})
    }
}

fn rsa(name: &str, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(&private_key(name)).expect("an RSA key");
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message, &mut signature)
        .expect("a signature");
    signature
}

fn p256(name: &str) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private_key(name))
        .expect("a P-256 key")
}

fn ed25519(name: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_pkcs8(&private_key(name)).expect("an Ed25519 key")
}

fn private_key(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/keys");
    let pem = fs::read_to_string(folder.join(format!("{name}.pem"))).expect("a key");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode_to_vec(base64).expect("base64")
}
