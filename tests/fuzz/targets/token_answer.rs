//! Answers of the token and userinfo endpoints: a status line, headers, an empty line,
//! a body.

#![no_main]

use std::sync::LazyLock;

use base64_simd::STANDARD_NO_PAD;
use bytes::Bytes;
use ciam_core::fuzzing::{token_answer, userinfo_answer};
use ciam_core::token::{VerifiedIdToken, verify_id_token};
use ciam_fuzz::tokens::{KEYS, NOW, Signer, expectation};
use ciam_fuzz::wire;
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|data: &[u8]| {
    if let Some(response) = wire::response(data) {
        tokens(&response);
        userinfo(&response);
    }
});

fn tokens(response: &Response<Bytes>) {
    match token_answer(response, CLIENT_SECRET, CODE, VERIFIER) {
        Ok((id_token, access_token)) => {
            assert_eq!(response.status(), 200);
            // Members that are not looked at may be no text.
            let body = String::from_utf8_lossy(response.body());
            let body: Value = serde_json::from_str(&body).expect("it was read");
            assert_eq!(body["id_token"], id_token);
            // One without a value was not sent: RFC 6749, section 3.2.
            let sent = body.get("access_token").and_then(Value::as_str);
            let sent = sent.filter(|token| !token.is_empty());
            assert_eq!(sent, access_token.as_deref());
            assert!(body.get("error").is_none_or(Value::is_null), "{body}");
            let token_type = body["token_type"].as_str().expect("a text");
            assert!(token_type.eq_ignore_ascii_case("bearer"), "{body}");
        }
        Err(refusal) => {
            assert!(refusal.len() < 8000, "{refusal}");
            assert!(!refusal.contains(char::is_control), "{refusal:?}");
            for secret in [CLIENT_SECRET, CODE, VERIFIER] {
                for copy in copies(secret) {
                    assert!(!refusal.contains(&copy), "{copy} is in {refusal}");
                }
            }
        }
    }
}

/// Userinfo adds to the ID token and takes nothing of it away.
fn userinfo(response: &Response<Bytes>) {
    let Ok(claims) = userinfo_answer(response, &ID_TOKEN) else {
        return;
    };
    assert_eq!(response.status(), 200);
    let merged: Map<String, Value> = serde_json::from_slice(claims.json()).expect("an object");
    let added: Map<String, Value> = serde_json::from_slice(response.body()).expect("an object");
    let own: Map<String, Value> =
        serde_json::from_slice(ID_TOKEN.claims().json()).expect("an object");
    assert_eq!(added["sub"], own["sub"]);
    for (name, value) in &own {
        assert_eq!(merged[name], *value, "{name}");
    }
    for (name, value) in merged.iter().filter(|(name, _)| !own.contains_key(*name)) {
        assert_eq!(added[name], *value, "{name}");
        assert!(!SIGNED.contains(&name.as_str()), "{name}");
    }
}

/// A secret as it is, in the forms a repeated request has it in.
fn copies(secret: &str) -> [String; 3] {
    let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut base64 = STANDARD_NO_PAD.encode_to_string(secret);
    // Of the last character, what follows the secret has a part.
    base64.truncate(secret.len() * 8 / 6);
    [secret.to_owned(), form, base64]
}

static ID_TOKEN: LazyLock<VerifiedIdToken> = LazyLock::new(|| {
    let signer = Signer::Ed25519;
    let payload = include_bytes!("../seeds/token_answer/claims.json");
    let token = signer.sign(signer.header().as_bytes(), payload);
    verify_id_token(&token, &KEYS, &expectation(0), NOW).expect("a good token")
});

/// Claims that only an ID token may say.
const SIGNED: [&str; 13] = [
    "acr",
    "acrs",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "exp",
    "idp",
    "iss",
    "nonce",
    "oid",
    "sid",
    "tid",
];

const CLIENT_SECRET: &str = "a8Q~client-secret/+&=";
const CODE: &str = "the-code-of-this-sign-in/+";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
