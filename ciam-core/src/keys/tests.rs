use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

// RFC 7515, appendix A.2: a key, what it signed, its signature.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrc\
    S2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63k\
    paSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5\
    IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RS256_INPUT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh\
    0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuH\
    Im4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6\
    xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ\
    1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

// RFC 7515, appendix A.3.
const EC_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const EC_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const ES256_INPUT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh\
    0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const ES256_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ\
    xfKTUJqPP3-Kg6NU1Q";

// RFC 8037, appendix A.4.
const ED_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const EDDSA_INPUT: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const EDDSA_SIGNATURE: &str = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt\
    9g7sVvpAr_MuM0KAg";

fn rsa() -> Value {
    json!({"kty": "RSA", "n": RSA_N, "e": "AQAB"})
}

fn ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": EC_X, "y": EC_Y})
}

fn ed() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": ED_X})
}

/// `key` with other members in it.
fn with(mut key: Value, members: &Value) -> Value {
    let key_members = key.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object") {
        key_members.insert(name.clone(), value.clone());
    }
    key
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a usable key")
}

fn skip_reason(json: &str) -> SkipReason {
    let body = format!(r#"{{"keys":[{json},{}]}}"#, ed());
    let set = KeySet::parse(body.as_bytes()).expect("one usable key");
    assert_eq!(set.keys().len(), 1, "taken: {json}");
    set.skipped()[0].reason()
}

fn selected<'a>(set: &'a KeySet, kid: Option<&str>, algorithm: Algorithm) -> &'a PreparedKey {
    set.select(kid, algorithm).expect("one key fits")
}

fn refused(set: &KeySet, kid: Option<&str>, algorithm: Algorithm) -> &'static str {
    set.select(kid, algorithm).expect_err("no key fits").code()
}

#[test]
fn verifies_the_examples_of_the_standards() {
    for (key, algorithm, input, signature) in [
        (rsa(), Algorithm::RS256, RS256_INPUT, RS256_SIGNATURE),
        (ec(), Algorithm::ES256, ES256_INPUT, ES256_SIGNATURE),
        (ed(), Algorithm::EdDSA, EDDSA_INPUT, EDDSA_SIGNATURE),
    ] {
        let set = set(&[key]);
        let key = selected(&set, None, algorithm);
        let mut signature = URL_SAFE_NO_PAD.decode_to_vec(signature).expect("base64url");
        let verify = |signature: &[u8]| key.verify(algorithm, input.as_bytes(), signature);
        assert!(verify(&signature).is_ok(), "{algorithm:?}");
        assert!(verify(&[]).is_err());
        assert!(verify(&vec![0; signature.len()]).is_err());
        assert!(verify(&signature[1..]).is_err());
        signature.push(0);
        assert!(verify(&signature).is_err());
        signature.pop();
        signature[7] ^= 1;
        assert!(verify(&signature).is_err());
    }
}

#[test]
fn a_key_serves_its_own_family_only() {
    let set = set(&[rsa()]);
    let key = &set.keys()[0];
    for algorithm in [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ] {
        assert!(key.serves(algorithm));
    }
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS256] {
        assert!(!key.serves(algorithm));
        assert!(key.verify(algorithm, b"", b"").is_err());
    }
    assert_eq!(
        format!("{key:?}"),
        "PreparedKey { kid: None, issuer: None, \
         algorithms: [RS256, RS384, RS512, PS256, PS384, PS512], .. }"
    );
}

#[test]
fn alg_narrows_what_a_key_serves() {
    let set = set(&[with(rsa(), &json!({"alg": "PS256"}))]);
    assert!(selected(&set, None, Algorithm::PS256).serves(Algorithm::PS256));
    assert_eq!(refused(&set, None, Algorithm::RS256), "key.none_fits");
}

#[test]
fn ed25519_goes_by_both_its_names() {
    for name in ["EdDSA", "Ed25519"] {
        let set = set(&[with(ed(), &json!({"alg": name}))]);
        selected(&set, None, Algorithm::EdDSA);
    }
}

#[test]
fn skips_what_cannot_verify() {
    let long = "A".repeat(1401);
    for (key, reason) in [
        (with(rsa(), &json!({"use": "enc"})), SkipReason::Use),
        (
            with(rsa(), &json!({"use": "", "kid": "k"})),
            SkipReason::Use,
        ),
        (with(rsa(), &json!({"key_ops": ["sign"]})), SkipReason::Use),
        (with(rsa(), &json!({"key_ops": []})), SkipReason::Use),
        (
            with(rsa(), &json!({"alg": "RSA-OAEP"})),
            SkipReason::Algorithm,
        ),
        (with(rsa(), &json!({"alg": "none"})), SkipReason::Algorithm),
        (with(rsa(), &json!({"alg": "HS256"})), SkipReason::Algorithm),
        (
            with(rsa(), &json!({"alg": "ES256"})),
            SkipReason::AlgorithmMismatch,
        ),
        (
            with(ec(), &json!({"alg": "ES384"})),
            SkipReason::AlgorithmMismatch,
        ),
        (
            with(ed(), &json!({"alg": "RS256"})),
            SkipReason::AlgorithmMismatch,
        ),
        (with(ec(), &json!({"crv": "secp256k1"})), SkipReason::Curve),
        (with(ec(), &json!({"crv": "P-521"})), SkipReason::Curve),
        (with(ed(), &json!({"crv": "X25519"})), SkipReason::Curve),
        (with(ed(), &json!({"crv": "Ed448"})), SkipReason::Curve),
        (with(rsa(), &json!({"d": "AQAB"})), SkipReason::Private),
        (with(ec(), &json!({"d": EC_X})), SkipReason::Private),
        (
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            SkipReason::Symmetric,
        ),
        (
            json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": ""}),
            SkipReason::Type,
        ),
        (with(rsa(), &json!({"kty": "rsa"})), SkipReason::Type),
        // RSA numbers: 1024 bits, an exponent that makes any signature valid,
        // an even one, one of 40 bits, too long to look at, even modulus.
        (with(rsa(), &json!({"n": &RSA_N[..172]})), SkipReason::Size),
        (with(rsa(), &json!({"e": "AQ"})), SkipReason::Size),
        (with(rsa(), &json!({"e": "AAAB"})), SkipReason::Size),
        (with(rsa(), &json!({"e": "AQAA"})), SkipReason::Size),
        (with(rsa(), &json!({"e": "AQAAAAE"})), SkipReason::Size),
        (with(rsa(), &json!({"n": long})), SkipReason::Size),
        (
            with(rsa(), &json!({"n": RSA_N.replace("XpoQ", "XpoA")})),
            SkipReason::Malformed,
        ),
        (with(rsa(), &json!({"n": ""})), SkipReason::Malformed),
        (with(rsa(), &json!({"e": "AA"})), SkipReason::Size),
        (
            with(rsa(), &json!({"n": format!("{RSA_N}==")})),
            SkipReason::Malformed,
        ),
        (with(rsa(), &json!({"n": 3})), SkipReason::Malformed),
        (with(rsa(), &json!({"kid": 3})), SkipReason::Malformed),
        (
            with(rsa(), &json!({"kid": "k".repeat(513)})),
            SkipReason::Malformed,
        ),
        (
            with(rsa(), &json!({"issuer": "i".repeat(2049)})),
            SkipReason::Malformed,
        ),
        // Off the curve, the point at infinity, a short and a swapped coordinate.
        (with(ec(), &json!({"y": EC_X})), SkipReason::Malformed),
        (
            with(ec(), &json!({"x": "A".repeat(43), "y": "A".repeat(43)})),
            SkipReason::Malformed,
        ),
        (
            with(ec(), &json!({"x": &EC_X[..42]})),
            SkipReason::Malformed,
        ),
        (with(ec(), &json!({"crv": "P-384"})), SkipReason::Malformed),
        (
            with(ed(), &json!({"x": &ED_X[..40]})),
            SkipReason::Malformed,
        ),
        (json!({"kty": "RSA"}), SkipReason::Malformed),
        (json!({"kty": "EC", "crv": "P-256"}), SkipReason::Malformed),
        (json!({"kty": "OKP"}), SkipReason::Malformed),
        (json!({}), SkipReason::Malformed),
        (json!(null), SkipReason::Malformed),
        (json!("RSA"), SkipReason::Malformed),
        (json!([]), SkipReason::Malformed),
    ] {
        assert_eq!(skip_reason(&key.to_string()), reason, "{key}");
    }
    let twice = format!(r#"{{"kty":"RSA","n":"{RSA_N}","e":"AQAB","e":"Aw"}}"#);
    assert_eq!(skip_reason(&twice), SkipReason::Malformed);
    let positional = format!(
        r#"["RSA",null,null,null,null,null,null,"{RSA_N}","AQAB",null,null,null,null,null]"#
    );
    assert_eq!(skip_reason(&positional), SkipReason::Malformed);
}

#[test]
fn tolerates_what_harms_nobody() {
    let zero_in_front = URL_SAFE_NO_PAD
        .decode_to_vec(RSA_N)
        .map(|n| URL_SAFE_NO_PAD.encode_to_string([&[0], n.as_slice()].concat()))
        .expect("base64url");
    let set = set(&[
        with(rsa(), &json!({"n": zero_in_front, "kid": "1"})),
        with(
            rsa(),
            &json!({"x5c": ["nonsense"], "x5t": "1", "use": "sig", "kid": "2"}),
        ),
        with(
            rsa(),
            &json!({"key_ops": ["verify"], "use": null, "kid": "3"}),
        ),
    ]);
    assert_eq!(set.keys().len(), 3);
}

#[test]
fn a_key_is_chosen_by_id_and_algorithm() {
    let set = set(&[
        with(rsa(), &json!({"kid": "shared"})),
        with(ec(), &json!({"kid": "shared"})),
        with(ed(), &json!({"issuer": "https://issuer.example"})),
    ]);
    let rsa = selected(&set, Some("shared"), Algorithm::RS256);
    assert!(rsa.serves(Algorithm::PS512));
    let ec = selected(&set, Some("shared"), Algorithm::ES256);
    assert!(!ec.serves(Algorithm::RS256));
    // Without an id: the one that fits, whether or not it has one.
    assert_eq!(selected(&set, None, Algorithm::ES256).kid(), Some("shared"));
    let ed = selected(&set, None, Algorithm::EdDSA);
    assert_eq!(
        (ed.kid(), ed.issuer()),
        (None, Some("https://issuer.example"))
    );
    // With one: no other key, however alone.
    assert_eq!(
        refused(&set, Some("new"), Algorithm::EdDSA),
        "key.unknown_kid"
    );
    assert_eq!(refused(&set, Some(""), Algorithm::EdDSA), "key.unknown_kid");
    assert_eq!(
        refused(&set, Some("shared"), Algorithm::EdDSA),
        "key.algorithm"
    );
    assert_eq!(refused(&set, None, Algorithm::ES384), "key.none_fits");
    assert_eq!(refused(&set, None, Algorithm::HS256), "key.none_fits");
}

#[test]
fn two_keys_that_fit_are_one_too_many() {
    // Another modulus of the same size: the last characters changed.
    let other = with(rsa(), &json!({"n": RSA_N.replace("XpoQ", "Xpow")}));
    let nameless = set(&[rsa(), other.clone()]);
    assert_eq!(refused(&nameless, None, Algorithm::RS256), "key.ambiguous");
    let kid = json!({"kid": "1"});
    let twice = set(&[with(rsa(), &kid), with(other, &kid)]);
    assert_eq!(
        refused(&twice, Some("1"), Algorithm::RS256),
        "key.ambiguous"
    );
    // Narrowed to different algorithms, they are told apart.
    let narrowed = set(&[
        with(rsa(), &json!({"kid": "1", "alg": "RS256"})),
        with(rsa(), &json!({"kid": "1", "alg": "PS256"})),
    ]);
    selected(&narrowed, Some("1"), Algorithm::PS256);
    // The same key listed twice is one key.
    assert_eq!(set(&[rsa(), rsa()]).keys().len(), 1);
}

#[test]
fn a_set_without_use_is_refused_as_a_whole() {
    let code = |body: &str| KeySet::parse(body.as_bytes()).expect_err("refused").code();
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[]"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]} x"#,
        r#"[[{"kty":"RSA"}]]"#,
        "<html>",
    ] {
        assert_eq!(code(body), "key_set.malformed", "{body}");
    }
    assert_eq!(code(r#"{"keys":[]}"#), "key_set.unusable");
    assert_eq!(code(r#"{"keys":[{"kty":"oct"}]}"#), "key_set.unusable");
    let many = vec![ed(); MAX_KEYS + 1];
    assert_eq!(
        code(&json!({ "keys": many }).to_string()),
        "key_set.too_many"
    );
    let long = format!(r#"{{"keys":[]}}{}"#, " ".repeat(MAX_KEY_SET_BYTES));
    assert_eq!(code(&long), "key_set.too_large");
    let deep = format!(r#"{{"keys":[{}]}}"#, "[".repeat(100_000));
    assert_eq!(code(&deep), "key_set.malformed");
}

#[test]
fn what_is_kept_for_the_log_is_short() {
    let set = set(&[
        rsa(),
        json!({"kty": "\n", "kid": format!("\r\n{}", "k".repeat(500))}),
    ]);
    let [skipped] = set.skipped() else {
        panic!("one is skipped");
    };
    assert_eq!(skipped.reason(), SkipReason::Type);
    let kid = skipped.kid().expect("it has one");
    assert!(kid.starts_with("\\r\\nkk") && kid.chars().count() <= 128);
}
