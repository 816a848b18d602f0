//! Every file in `vectors/id_token` is one ID token and what becomes of it.
//!
//! A vector says what is different from `vectors/id_token.toml`, which is valid.
//! The token is signed here, so that the vectors stay readable.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaKeyPair,
};
use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ciam_core::Timestamp;
use ciam_core::keys::KeySet;
use ciam_core::token::{
    Algorithm, ExpectedIdToken, ExpectedNonce, KeyIssuer, parse_algorithm, verify_id_token,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What a file may say; `README.md` beside the vectors explains each word.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Vector {
    expect: String,
    comment: String,
    source: Option<String>,
    now: Option<u64>,
    alg: Option<String>,
    key: Option<String>,
    jwks: Option<String>,
    token: Option<String>,
    tamper: Option<String>,
    header: Map<String, Value>,
    header_null: Vec<String>,
    header_without: Vec<String>,
    header_append: String,
    header_json: Option<String>,
    header_pad: usize,
    claims: Map<String, Value>,
    claims_null: Vec<String>,
    claims_without: Vec<String>,
    claims_append: String,
    claims_json: Option<String>,
    claims_pad: usize,
    expected: Expected,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    issuer: Option<String>,
    tenant_id: Option<String>,
    key_issuer: Option<String>,
    client_id: Option<String>,
    algorithm: Option<String>,
    nonce: Option<String>,
    nonce_is: Option<String>,
    max_age: Option<u64>,
    clock_tolerance: Option<u64>,
    access_token: Option<String>,
    code: Option<String>,
    without: Vec<String>,
}

#[test]
fn every_vector_meets_its_fate() {
    let base: Vector = read(&folder().join("id_token.toml"));
    let vectors = vectors();
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::<String, usize>::new();
    for (name, vector) in &vectors {
        assert!(!vector.comment.is_empty(), "{name} has no comment");
        let found = fate(vector, &base);
        if found != vector.expect {
            wrong.push(format!("{name}: expected {}, found {found}", vector.expect));
        }
        *counts.entry(found).or_default() += 1;
    }
    for (code, count) in &counts {
        println!("{count:4} {code}");
    }
    println!("{:4} vectors", vectors.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(vectors.len() >= 100, "vectors were lost");
}

#[test]
fn every_code_has_a_vector() {
    let expected: BTreeSet<_> = vectors()
        .into_values()
        .map(|vector| vector.expect)
        .collect();
    let source = |path: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../ciam-core/src")
            .join(path);
        fs::read_to_string(path).expect("the source of the errors")
    };
    let mut codes = BTreeSet::new();
    for path in ["algorithm.rs", "keys/error.rs", "token/error.rs"] {
        // The arms of `fn code`: `=> "token.expired",`. Codes of whole key sets
        // (`key_set.…`) are no fate of a token.
        for arm in source(path).split("=> \"").skip(1) {
            let code = arm.split('"').next().unwrap_or_default();
            if code.starts_with("token.") || code.starts_with("key.") {
                codes.insert(code.to_owned());
            }
        }
    }
    codes.retain(|code| !OF_ACCESS_TOKENS.contains(&code.as_str()));
    assert!(codes.len() > 40, "the source is written differently now");
    let missing: Vec<_> = codes.difference(&expected).collect();
    assert!(missing.is_empty(), "no vector expects {missing:?}");
}

/// Signs the vector's token and verifies it: `valid` or the code of the refusal.
fn fate(vector: &Vector, base: &Vector) -> String {
    let keys = vector.jwks.as_deref().unwrap_or("jwks");
    let keys = fs::read(folder().join(format!("keys/{keys}.json"))).expect("a key set");
    let keys = KeySet::parse(&keys).expect("usable keys");
    let token = vector.token.clone().unwrap_or_else(|| token(vector, base));
    let now = vector.now.or(base.now).expect("a time");
    let now = Timestamp::from_unix(now);
    match verify_id_token(&token, &keys, &expected(vector, base), now) {
        Ok(verified) => {
            assert_eq!(verified.raw().expose(), token);
            assert!(verified.claims().contains("sub", verified.subject()));
            "valid".into()
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            for segment in token.split('.').filter(|segment| segment.len() > 40) {
                assert!(
                    !shown.contains(segment),
                    "the error shows the token: {shown}"
                );
            }
            error.code().into()
        }
    }
}

fn expected<'a>(vector: &'a Vector, base: &'a Vector) -> ExpectedIdToken<'a> {
    let (ours, usual) = (&vector.expected, &base.expected);
    let named = |name: &str| {
        vector
            .expected
            .without
            .iter()
            .any(|without| without == name)
    };
    let text = |name: &str, ours: &'a Option<String>, usual: &'a Option<String>| {
        let value = ours.as_deref().or(usual.as_deref());
        value.filter(|_| !named(name))
    };
    let nonce = text("nonce", &ours.nonce, &usual.nonce);
    let nonce = match (ours.nonce_is.as_deref().unwrap_or("sent"), nonce) {
        (_, None) => ExpectedNonce::Absent,
        ("original", Some(nonce)) => ExpectedNonce::Original(nonce),
        ("sent", Some(nonce)) => ExpectedNonce::Sent(nonce),
        (word, _) => panic!("{word} is no way to expect a nonce"),
    };
    let algorithm = ours.algorithm.as_deref().or(vector.alg.as_deref());
    let algorithm = parse_algorithm(algorithm.unwrap_or("RS256"));
    let tolerance = ours.clock_tolerance.or(usual.clock_tolerance);
    ExpectedIdToken {
        issuer: text("issuer", &ours.issuer, &usual.issuer).expect("an issuer"),
        tenant_id: text("tenant_id", &ours.tenant_id, &usual.tenant_id),
        key_issuer: match ours.key_issuer.as_deref() {
            None => KeyIssuer::Ignored,
            Some("honoured") => KeyIssuer::Honoured,
            Some(word) => panic!("{word} is no way to treat a key's issuer"),
        },
        client_id: text("client_id", &ours.client_id, &usual.client_id).expect("a client id"),
        algorithm: algorithm.unwrap_or(Algorithm::RS256),
        nonce,
        max_age: ours.max_age.map(Duration::from_secs),
        clock_tolerance: Duration::from_secs(tolerance.expect("a tolerance")),
        access_token: text("access_token", &ours.access_token, &usual.access_token),
        code: text("code", &ours.code, &usual.code),
    }
}

fn token(vector: &Vector, base: &Vector) -> String {
    let alg = vector.alg.as_deref().unwrap_or("RS256");
    let key = vector.key.as_deref().unwrap_or_else(|| usual_key(alg));
    let header = vector.header_json.clone().unwrap_or_else(|| {
        let mut header = base.header.clone();
        header.insert("alg".into(), json!(alg));
        if let Some(kid) = usual_kid(key) {
            header.insert("kid".into(), json!(kid));
        }
        object(
            header,
            &vector.header,
            &vector.header_null,
            &vector.header_without,
            vector.header_pad,
            &vector.header_append,
        )
    });
    let claims = vector.claims_json.clone().unwrap_or_else(|| {
        object(
            base.claims.clone(),
            &vector.claims,
            &vector.claims_null,
            &vector.claims_without,
            vector.claims_pad,
            &vector.claims_append,
        )
    });
    let header = URL_SAFE_NO_PAD.encode_to_string(header);
    let payload = URL_SAFE_NO_PAD.encode_to_string(claims);
    let signature = sign(alg, key, format!("{header}.{payload}").as_bytes());
    tamper(vector.tamper.as_deref(), header, payload, signature)
}

fn object(
    mut members: Map<String, Value>,
    other: &Map<String, Value>,
    null: &[String],
    without: &[String],
    pad: usize,
    append: &str,
) -> String {
    members.extend(other.clone());
    members.extend(null.iter().map(|name| (name.clone(), Value::Null)));
    members.retain(|name, _| !without.contains(name));
    if pad > 0 {
        members.insert("pad".into(), json!("x".repeat(pad)));
    }
    let mut text = Value::from(members).to_string();
    text.insert_str(text.len() - 1, append);
    text
}

/// Changes a token after it was signed.
fn tamper(how: Option<&str>, header: String, payload: String, mut signature: Vec<u8>) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
    let decode = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode_to_vec(text).expect("just encoded");
        String::from_utf8(bytes).expect("JSON")
    };
    let whole = format!("{header}.{payload}.{}", encode(&signature));
    match how {
        None => return whole,
        Some("dots") => return ".".repeat(60_000),
        Some("five_segments") => return format!("{whole}.AAAA.AAAA"),
        Some("four_segments") => return format!("{whole}.AAAA"),
        Some("two_segments") => return format!("{header}.{payload}"),
        Some("newline") => return format!("{whole}\n"),
        Some("padding") => return format!("{whole}=="),
        Some("standard_alphabet") => {
            return format!(
                "{header}.{payload}.{}",
                STANDARD_NO_PAD.encode_to_string(&signature)
            );
        }
        Some("stray_bits") => return stray_bits(&whole),
        Some("header") => {
            let header = decode(&header).replacen('{', "{ ", 1);
            return format!(
                "{}.{payload}.{}",
                encode(header.as_bytes()),
                encode(&signature)
            );
        }
        Some("payload") => {
            let payload = decode(&payload).replacen("\"roles\":[]", "\"roles\":[\"Admin\"]", 1);
            return format!(
                "{header}.{}.{}",
                encode(payload.as_bytes()),
                encode(&signature)
            );
        }
        Some("signature_bit") => {
            let middle = signature.len() / 2;
            signature[middle] ^= 1;
        }
        Some("signature_cut") => signature.truncate(signature.len() - 1),
        Some("signature_empty") => signature.clear(),
        Some("signature_longer") => signature.push(0),
        Some("signature_zero") => signature.fill(0),
        Some(how) => panic!("{how} is no way to tamper"),
    }
    format!("{header}.{payload}.{}", encode(&signature))
}

/// Another text for the same bytes: the unused bits of the last character set.
fn stray_bits(token: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().next_back().expect("a signature");
    let value = alphabet.find(last).expect("base64url");
    let other = alphabet[value | 1..].chars().next().expect("64 characters");
    assert_ne!(last, other, "the signature's length leaves no bits unused");
    format!("{}{other}", &token[..token.len() - 1])
}

fn sign(alg: &str, key: &str, message: &[u8]) -> Vec<u8> {
    let rsa = |encoding: &'static dyn aws_lc_rs::signature::RsaEncoding| {
        let pair = RsaKeyPair::from_pkcs8(&private_key(key)).expect("an RSA key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
            .expect("an RSA signature");
        signature
    };
    let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &private_key(key)).expect("an EC key");
        let signature = pair.sign(&SystemRandom::new(), message);
        signature.expect("an EC signature").as_ref().to_vec()
    };
    match (alg, key) {
        (_, "none") => Vec::new(),
        // A published key taken for a shared secret.
        (_, "hmac-jwks") => {
            let secret = fs::read(folder().join("keys/jwks.json")).expect("a key set");
            let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            hmac::sign(&secret, message).as_ref().to_vec()
        }
        ("PS256", _) => rsa(&RSA_PSS_SHA256),
        ("PS384", _) => rsa(&RSA_PSS_SHA384),
        ("PS512", _) => rsa(&RSA_PSS_SHA512),
        ("RS384", _) => rsa(&RSA_PKCS1_SHA384),
        ("RS512", _) => rsa(&RSA_PKCS1_SHA512),
        (_, "rsa" | "rsa-other") => rsa(&RSA_PKCS1_SHA256),
        (_, "p256-der") => {
            let pkcs8 = private_key("p256");
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8);
            let signature = pair.expect("an EC key").sign(&SystemRandom::new(), message);
            signature.expect("an EC signature").as_ref().to_vec()
        }
        (_, "p256" | "p256-other") => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        (_, "p384") => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        (_, "ed25519") => {
            let pair = Ed25519KeyPair::from_pkcs8(&private_key(key)).expect("an Ed25519 key");
            pair.sign(message).as_ref().to_vec()
        }
        (_, key) => panic!("there is no key {key}"),
    }
}

fn usual_key(alg: &str) -> &'static str {
    match alg {
        "ES256" => "p256",
        "ES384" => "p384",
        "Ed25519" | "EdDSA" => "ed25519",
        "HS256" | "HS384" | "HS512" => "hmac-jwks",
        "PS256" | "PS384" | "PS512" | "RS256" | "RS384" | "RS512" => "rsa",
        _ => "none",
    }
}

fn usual_kid(key: &str) -> Option<&'static str> {
    match key {
        "ed25519" => Some("ed25519-1"),
        "hmac-jwks" | "none" | "rsa" | "rsa-other" => Some("rsa-1"),
        "p256" | "p256-der" | "p256-other" => Some("p256-1"),
        "p384" => Some("p384-1"),
        _ => None,
    }
}

fn private_key(name: &str) -> Vec<u8> {
    let pem = PrivatePkcs8KeyDer::from_pem_file(folder().join(format!("keys/{name}.pem")));
    pem.expect("a PKCS#8 key").secret_pkcs8_der().to_vec()
}

fn vectors() -> BTreeMap<String, Vector> {
    let files = fs::read_dir(folder().join("id_token")).expect("the vectors");
    files
        .map(|file| file.expect("a file").path())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, read(&path))
        })
        .collect()
}

fn read(path: &Path) -> Vector {
    let text = fs::read_to_string(path).expect("a vector");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// No ID token meets these: the core's own tests of callers have them.
const OF_ACCESS_TOKENS: [&str; 6] = [
    "token.alg_not_allowed",
    "token.for_graph",
    "token.key_bound",
    "token.not_an_access_token",
    "token.unknown_issuer",
    "token.version",
];
