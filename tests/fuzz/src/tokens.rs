//! ID tokens: the key pairs and the key set of the vectors, and what a good token says.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use ciam_core::Timestamp;
use ciam_core::keys::{Algorithm, KeySet};
use ciam_core::token::{ExpectedIdToken, ExpectedNonce, KeyIssuer};
use serde_json::Value;

/// When tokens are verified: a minute after the good one was issued.
pub const NOW: Timestamp = Timestamp::from_unix(1_767_225_660);

/// The public keys: `rsa-1`, `p256-1`, `p384-1`, `ed25519-1`, and odd ones.
pub static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let set = include_bytes!("../../vectors/keys/jwks.json");
    KeySet::parse(set).expect("usable keys")
});

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub enum Signer {
    /// `ed25519-1`.
    Ed25519,
    /// `p256-1`.
    P256,
}

impl Signer {
    /// The header of an honest token.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Ed25519 => r#"{"alg":"EdDSA","kid":"ed25519-1","typ":"JWT"}"#,
            Self::P256 => r#"{"alg":"ES256","kid":"p256-1"}"#,
        }
    }

    /// The signed token of a header and a payload.
    pub fn sign(self, header: &[u8], payload: &[u8]) -> String {
        let input = format!("{}.{}", encoded(header), encoded(payload));
        let signature = match self {
            Self::Ed25519 => ED25519.sign(input.as_bytes()).as_ref().to_vec(),
            Self::P256 => {
                let signature = P256.sign(&SystemRandom::new(), input.as_bytes());
                signature.expect("randomness").as_ref().to_vec()
            }
        };
        format!("{input}.{}", encoded(&signature))
    }
}

/// Without padding, as everything of a token is written.
pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// The expectations a target chooses from.
pub fn expectation(choice: usize) -> ExpectedIdToken<'static> {
    let plain = ExpectedIdToken {
        issuer: ISSUER,
        tenant_id: None,
        key_issuer: KeyIssuer::Ignored,
        client_id: "client",
        algorithm: Algorithm::EdDSA,
        nonce: ExpectedNonce::Sent("n-0S6_WzA2Mj"),
        max_age: None,
        clock_tolerance: Duration::from_secs(60),
        access_token: Some("access-token"),
        code: Some("code"),
    };
    match choice % EXPECTATIONS {
        0 => plain,
        1 => ExpectedIdToken {
            tenant_id: Some("aaaabbbb-0000-cccc-1111-dddd2222eeee"),
            ..plain
        },
        2 => ExpectedIdToken {
            max_age: Some(Duration::from_secs(300)),
            access_token: None,
            code: None,
            ..plain
        },
        3 => ExpectedIdToken {
            nonce: ExpectedNonce::Absent,
            clock_tolerance: Duration::ZERO,
            ..plain
        },
        4 => ExpectedIdToken {
            nonce: ExpectedNonce::Original("n-0S6_WzA2Mj"),
            key_issuer: KeyIssuer::Honoured,
            ..plain
        },
        5 => ExpectedIdToken {
            algorithm: Algorithm::ES256,
            ..plain
        },
        6 => ExpectedIdToken {
            algorithm: Algorithm::RS256,
            ..plain
        },
        _ => ExpectedIdToken {
            algorithm: Algorithm::ES384,
            ..plain
        },
    }
}

/// How many there are.
pub const EXPECTATIONS: usize = 8;

/// Fails unless the claims of an accepted token are what was expected: the checks of
/// OpenID Connect Core 1.0, section 3.1.3.7, written down once more.
pub fn assert_as_expected(claims: &Value, expected: &ExpectedIdToken<'_>) {
    let now = NOW.unix() as f64;
    let tolerance = expected.clock_tolerance.as_secs() as f64;
    let number = |name: &str| claims[name].as_f64().unwrap_or_else(|| panic!("{claims}"));

    assert_eq!(claims["iss"], expected.issuer);
    assert!(is_subject(&claims["sub"]), "{claims}");
    let audience = match &claims["aud"] {
        Value::Array(audience) => audience.as_slice(),
        one => std::slice::from_ref(one),
    };
    let client = Value::from(expected.client_id);
    assert!(audience.contains(&client), "{claims}");
    let alone = audience.iter().all(|one| *one == client);
    assert!(
        claims["azp"] == client || (alone && claims.get("azp").is_none()),
        "{claims}"
    );
    assert!(number("exp").floor() + tolerance > now, "{claims}");
    assert!(number("iat").floor() <= now + tolerance, "{claims}");
    if claims.get("nbf").is_some() {
        assert!(number("nbf").floor() <= now + tolerance, "{claims}");
    }
    match expected.nonce {
        ExpectedNonce::Sent(nonce) => assert_eq!(claims["nonce"], nonce),
        ExpectedNonce::Original(nonce) => {
            assert!(claims.get("nonce").is_none_or(|found| found == nonce));
        }
        _ => assert!(claims.get("nonce").is_none(), "{claims}"),
    }
    if let Some(tenant) = expected.tenant_id {
        let found = claims["tid"].as_str().expect("a tenant");
        assert!(found.eq_ignore_ascii_case(tenant), "{claims}");
    }
    if let Some(max_age) = expected.max_age {
        let oldest = now - max_age.as_secs() as f64 - tolerance;
        assert!(number("auth_time").floor() >= oldest, "{claims}");
        assert!(number("auth_time").floor() <= now + tolerance, "{claims}");
    }
    for (claim, text) in [
        ("at_hash", expected.access_token),
        ("c_hash", expected.code),
    ] {
        if let Some(found) = claims.get(claim) {
            let text = text.expect("something to compare the hash with");
            assert_eq!(*found, half_hash(expected.algorithm, text), "{claims}");
        }
    }
}

/// What `at_hash` is of a text.
pub fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDSA => &SHA512,
        Algorithm::ES384 => &SHA384,
        _ => &SHA256,
    };
    let hash = digest(hash, text.as_bytes());
    encoded(&hash.as_ref()[..hash.as_ref().len() / 2])
}

fn is_subject(sub: &Value) -> bool {
    let sub = sub.as_str().unwrap_or_default();
    (1..=255).contains(&sub.len()) && sub.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn private_key(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let base64: String = lines.collect();
    STANDARD.decode_to_vec(base64).expect("a PEM file")
}

static ED25519: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let pkcs8 = private_key(include_str!("../../vectors/keys/ed25519.pem"));
    Ed25519KeyPair::from_pkcs8(&pkcs8).expect("an Ed25519 key")
});

static P256: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let pkcs8 = private_key(include_str!("../../vectors/keys/p256.pem"));
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8);
    pair.expect("an EC key")
});

/// The issuer of the good token.
pub const ISSUER: &str = "https://issuer.example";
