//! What holds for any token; single cases are the vectors of the `tests` package.

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64_simd::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_767_225_600);

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::generate().expect("the system has randomness"));

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let x = URL_SAFE_NO_PAD.encode_to_string(KEY.public_key());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x}]});
    KeySet::parse(set.to_string().as_bytes()).expect("one usable key")
});

static VALID: LazyLock<String> = LazyLock::new(|| sign(HEADER, claims().to_string().as_bytes()));

const HEADER: &str = r#"{"alg":"EdDSA","kid":"1"}"#;

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "sub": "ada", "aud": "client", "nonce": "n-0S6_WzA2Mj",
        "exp": 1_767_229_200, "iat": 1_767_225_600, "email": "ada@example.com",
    })
}

fn sign(header: &str, payload: &[u8]) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode_to_string(header),
        URL_SAFE_NO_PAD.encode_to_string(payload)
    );
    let signature = KEY.sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode_to_string(signature))
}

const fn expected() -> ExpectedIdToken<'static> {
    ExpectedIdToken {
        issuer: "https://issuer.example",
        tenant_id: None,
        key_issuer: KeyIssuer::Ignored,
        client_id: "client",
        algorithm: Algorithm::EdDSA,
        nonce: ExpectedNonce::Sent("n-0S6_WzA2Mj"),
        max_age: None,
        clock_tolerance: Duration::from_secs(60),
        access_token: Some("access-token-text"),
        code: Some("code-text"),
    }
}

fn verify(token: &str) -> Result<VerifiedIdToken, TokenError> {
    verify_id_token(token, &KEYS, &expected(), NOW)
}

#[test]
fn a_verified_token_says_what_was_signed() {
    let verified = verify(&VALID).expect("it is valid");
    assert_eq!(verified.issuer(), "https://issuer.example");
    assert_eq!(verified.subject(), "ada");
    assert_eq!(verified.expires_at().unix(), 1_767_229_200);
    assert_eq!(verified.auth_time(), None);
    assert_eq!(verified.raw().expose(), *VALID);
    let payload: Value = serde_json::from_slice(verified.payload()).expect("an object");
    assert_eq!(payload, claims());
}

#[test]
fn debug_does_not_leak() {
    let verified = verify(&VALID).expect("it is valid");
    let shown = format!("{verified:?} {:#?} {:?}", expected(), expected().nonce);
    assert!(shown.contains("https://issuer.example"), "{shown}");
    for secret in ["n-0S6_WzA2Mj", "access-token", "code-text", "ada@", "eyJ"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn errors_do_not_leak() {
    let mut claims = claims();
    claims["nonce"] = json!("stolen-nonce");
    claims["at_hash"] = json!("stolen-hash");
    let error = verify(&sign(HEADER, claims.to_string().as_bytes())).expect_err("another nonce");
    assert_eq!(error.code(), "token.nonce");
    let shown = format!("{error:?} {error}");
    assert!(
        !shown.contains("stolen") && !shown.contains("n-0S6"),
        "{shown}"
    );
}

#[test]
fn foreign_text_in_errors_is_short_and_on_one_line() {
    let mut claims = claims();
    claims["iss"] = json!(format!("https://evil.example/\r\n{}", "x".repeat(10_000)));
    let error = verify(&sign(HEADER, claims.to_string().as_bytes())).expect_err("another issuer");
    assert_eq!(error.code(), "token.issuer");
    let shown = error.to_string();
    assert!(shown.len() < 400 && !shown.contains('\n'), "{shown}");
}

#[test]
fn newer_keys_may_help_where_the_signing_key_may_be_unknown() {
    let x = URL_SAFE_NO_PAD.encode_to_string(KEY.public_key());
    let spare = Ed25519KeyPair::generate().expect("the system has randomness");
    let spare = URL_SAFE_NO_PAD.encode_to_string(spare.public_key());
    let own = json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": x});
    let other = json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": spare});
    let ec = json!({
        "kty": "EC", "crv": "P-256", "kid": "1",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let (own, other, ec) = (&own, &other, &ec);
    let expired = json!({"exp": 1});
    for (kid, keys, changes, code, may_help) in [
        (None, vec![ec], &Value::Null, "key.none_fits", true),
        (None, vec![own, other], &Value::Null, "key.ambiguous", true),
        (None, vec![other], &Value::Null, "token.signature", true),
        (None, vec![own], &expired, "token.expired", false),
        (Some("2"), vec![own], &Value::Null, "key.unknown_kid", true),
        (Some("1"), vec![ec], &Value::Null, "key.algorithm", false),
        (
            Some("1"),
            vec![own, other],
            &Value::Null,
            "key.ambiguous",
            false,
        ),
        (
            Some("1"),
            vec![other],
            &Value::Null,
            "token.signature",
            false,
        ),
    ] {
        let keys = json!({ "keys": keys }).to_string();
        let keys = KeySet::parse(keys.as_bytes()).expect("usable keys");
        let mut claims = claims();
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        let mut header = json!({"alg": "EdDSA"});
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        let token = sign(&header.to_string(), claims.to_string().as_bytes());
        let error = verify_id_token(&token, &keys, &expected(), NOW).expect_err(code);
        assert_eq!(
            (error.code(), error.is_unknown_key()),
            (code, may_help),
            "{error:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_but_the_token_verifies(token in ".{0,200}") {
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn no_three_segments_verify(token in "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,90}") {
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn no_changed_token_verifies(
        at in any::<prop::sample::Index>(),
        cut in 0_usize..4,
        put in "[A-Za-z0-9_.=+/ -]{0,4}",
    ) {
        let start = at.index(VALID.len());
        let end = VALID.len().min(start + cut);
        let changed = format!("{}{put}{}", &VALID[..start], &VALID[end..]);
        prop_assert_eq!(verify(&changed).is_ok(), changed == *VALID);
    }

    #[test]
    fn no_signed_bytes_that_are_no_claims_verify(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let error = verify(&sign(HEADER, &payload)).expect_err("no claims");
        prop_assert!(error.code().starts_with("token."), "{}", error);
    }

    #[test]
    fn no_signed_header_of_noise_verifies(header in "\\PC{0,60}") {
        prop_assert!(verify(&sign(&header, claims().to_string().as_bytes())).is_err());
    }

    /// Whatever stands in one claim: the token verifies only where it is as good
    /// as what stood there before.
    #[test]
    fn a_claim_of_any_type_never_passes_as_another(
        name in prop::sample::select(vec!["iss", "sub", "aud", "exp", "iat", "nonce"]),
        value in prop::sample::select(vec![
            json!(null), json!(true), json!(-1), json!(0), json!(1e300), json!(""), json!("0"),
            json!("1767229200"), json!([]), json!([[]]), json!([1_767_229_200]), json!({}),
            json!({"client": "client"}), json!([null]), json!(["https://issuer.example"]),
        ]),
    ) {
        // Old enough, an `iat` of 0 is a date as good as another; "0" is a subject.
        let harmless = (name == "iat" && value == json!(0))
            || (name == "sub" && matches!(value.as_str(), Some("0" | "1767229200")));
        let mut claims = claims();
        claims[name] = value;
        let verified = verify(&sign(HEADER, claims.to_string().as_bytes()));
        prop_assert_eq!(verified.is_ok(), harmless, "{}", claims);
    }
}
