//! ID tokens. A digit chooses: any text, three parts with any signature, or parts that
//! a key of the provider signs here; another one what is expected.

#![no_main]

use std::sync::LazyLock;

use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::token::{ExpectedIdToken, MAX_TOKEN_BYTES, VerifiedIdToken, verify_id_token};
use ciam_fuzz::tokens::{
    EXPECTATIONS, KEYS, NOW, Signer, assert_as_expected, encoded, expectation,
};
use ciam_fuzz::{choose, line};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = choose(data, 4) else {
        return;
    };
    let Some((choice, rest)) = choose(rest, EXPECTATIONS) else {
        return;
    };
    let expected = expectation(choice);
    match mode {
        0 => unsigned(&String::from_utf8_lossy(rest), &expected),
        1 => {
            let (header, rest) = line(rest);
            let (payload, signature) = line(rest);
            let parts = [header, payload, signature].map(encoded);
            unsigned(&parts.join("."), &expected);
        }
        2 => signed(Signer::Ed25519, rest, &expected),
        _ => signed(Signer::P256, rest, &expected),
    }
});

/// Nothing verifies but what the provider's key signed. The signature alone may differ:
/// ECDSA has two for one message.
fn unsigned(token: &str, expected: &ExpectedIdToken<'_>) {
    if let Some(verified) = verify(token, expected) {
        let signed = GENUINE.iter().any(|genuine| {
            let input = |token: &str| token.rsplit_once('.').map(|(input, _)| input.to_owned());
            input(genuine) == input(token)
        });
        assert!(signed, "{verified:?}");
    }
}

/// What is signed verifies where the claims are what was expected, and only there.
fn signed(signer: Signer, data: &[u8], expected: &ExpectedIdToken<'_>) {
    let (header, payload) = line(data);
    let header = match header {
        b"" => signer.header().as_bytes(),
        header => header,
    };
    if let Some(verified) = verify(&signer.sign(header, payload), expected) {
        let claims: Value = serde_json::from_slice(payload).expect("they were read");
        assert_as_expected(&claims, expected);
        assert_eq!(claims["sub"], verified.subject());
        assert_eq!(verified.claims().json(), payload);

        let header: Value = serde_json::from_slice(header).expect("it was read");
        let algorithm = match signer {
            Signer::Ed25519 => ["EdDSA", "Ed25519"].as_slice(),
            Signer::P256 => &["ES256"],
        };
        assert!(
            header["alg"]
                .as_str()
                .is_some_and(|alg| algorithm.contains(&alg))
        );
        assert!(header.get("typ").is_none_or(|typ| {
            let typ = typ.as_str().unwrap_or_default().to_ascii_lowercase();
            typ == "jwt" || typ == "application/jwt"
        }));
        for never in ["b64", "crit", "enc", "zip"] {
            assert!(header.get(never).is_none(), "{header}");
        }
    }
}

fn verify(token: &str, expected: &ExpectedIdToken<'_>) -> Option<VerifiedIdToken> {
    match verify_id_token(token, &KEYS, expected, NOW) {
        Ok(verified) => {
            assert!(token.len() <= MAX_TOKEN_BYTES);
            assert_eq!(verified.raw().expose(), token);
            let payload = token.split('.').nth(1).expect("three parts");
            let payload = URL_SAFE_NO_PAD.decode_to_vec(payload).expect("it was read");
            let claims: Value = serde_json::from_slice(&payload).expect("they were read");
            assert_as_expected(&claims, expected);
            Some(verified)
        }
        Err(refusal) => {
            let shown = refusal.to_string();
            assert!(shown.len() < 2000, "{shown}");
            assert!(!shown.contains(char::is_control), "{shown:?}");
            None
        }
    }
}

/// What the seeds of the first two modes are made of.
static GENUINE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let seeds = [
        include_str!("../seeds/compact_token/text_eddsa"),
        include_str!("../seeds/compact_token/text_es256"),
    ];
    seeds.iter().map(|seed| seed[2..].to_owned()).collect()
});
