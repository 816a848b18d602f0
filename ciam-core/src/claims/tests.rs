use serde::Deserialize;
use serde_json::json;

use super::*;

fn claims(value: &Value) -> Claims {
    Claims::parse(value.to_string()).expect("an object")
}

fn user(value: &Value) -> User {
    User::from_claims(claims(value)).expect("iss and sub")
}

fn ada() -> Value {
    json!({
        "iss": "https://issuer.example", "sub": "ada", "tid": "t-1", "oid": "o-1",
        "name": "Ada Lovelace", "email": "ada@example.com", "preferred_username": "ada@example.com",
        "roles": ["Admin", "Reader"], "groups": ["g-1"], "auth_time": 1, "sid": "s-1",
        "aud": "client", "exp": 2, "iat": 1, "nbf": 1, "nonce": "n", "at_hash": "h",
    })
}

#[test]
fn a_user_has_the_common_claims() {
    let user = user(&ada());
    assert_eq!(user.id(), &UserId::new("https://issuer.example", "ada"));
    assert_eq!(user.id().to_string(), "https://issuer.example#ada");
    let directory_id = user.directory_id().expect("tid and oid");
    assert_eq!(directory_id.to_string(), "t-1/o-1");
    assert_eq!(user.name(), Some("Ada Lovelace"));
    assert_eq!(user.email(), Some("ada@example.com"));
    assert_eq!(user.preferred_username(), Some("ada@example.com"));
    assert_eq!(user.roles(), ["Admin", "Reader"]);
    assert_eq!(user.groups(), ["g-1"]);
}

#[test]
fn an_id_survives_storage() {
    let id = UserId::new("https://issuer.example", "ada");
    let stored = serde_json::to_string(&id).expect("plain data");
    assert_eq!(
        stored,
        r#"{"issuer":"https://issuer.example","subject":"ada"}"#
    );
    assert_eq!(serde_json::from_str::<UserId>(&stored).expect("same"), id);
}

#[test]
fn odd_optional_claims_are_absent() {
    let user = user(&json!({
        "iss": "https://issuer.example", "sub": "ada", "tid": "t-1", "oid": null,
        "name": "unknown", "email": ["a@example.com"], "preferred_username": "",
        "roles": "Admin", "groups": [1, "g-1", null, {"a": 1}, ["g-2"], true, -1, 0.5],
    }));
    assert_eq!(user.directory_id(), None);
    assert_eq!(user.name(), None);
    assert_eq!(user.email(), None);
    assert_eq!(user.preferred_username(), None);
    assert_eq!(user.roles(), ["Admin"]);
    assert_eq!(user.groups(), ["g-1"]);
    for odd in [
        json!(null),
        json!(1),
        json!(-1),
        json!(0.5),
        json!(false),
        json!({"a": {}}),
    ] {
        let user = self::user(&json!({
            "iss": "i", "sub": "s", "name": odd, "roles": odd, "groups": odd,
        }));
        assert_eq!(
            (user.name(), user.roles(), user.groups()),
            (None, &[][..], &[][..])
        );
    }
}

#[test]
fn nobody_is_a_user_without_issuer_and_subject() {
    for odd in [
        json!({}),
        json!({"iss": "i"}),
        json!({"sub": "s"}),
        json!({"iss": "i", "sub": ""}),
        json!({"iss": "", "sub": "s"}),
        json!({"iss": "i", "sub": 1}),
        json!({"iss": ["i"], "sub": "s"}),
        json!({"iss": "i", "sub": null}),
    ] {
        let error = User::from_claims(claims(&odd)).expect_err("no identity");
        assert_eq!(error.code(), "claims.identity", "{odd}");
    }
}

#[test]
fn claims_are_one_object_with_unique_names() {
    let code = |json: &str| {
        Claims::parse(json.to_owned())
            .map_err(|error| error.code())
            .err()
    };
    assert_eq!(code("{}"), None);
    assert_eq!(code("[]"), Some("claims.malformed"));
    assert_eq!(code(""), Some("claims.malformed"));
    assert_eq!(code(r#"{"sub":"a","sub":"b"}"#), Some("claims.repeated"));
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_CLAIMS_BYTES));
    assert_eq!(code(&long), Some("claims.too_large"));
    let not_utf8 = Claims::parse(&b"{\"a\":\"\xff\"}"[..]).expect_err("not UTF-8");
    assert_eq!(not_utf8.code(), "claims.malformed");
}

#[test]
fn claims_become_the_applications_type() {
    #[derive(Debug, Deserialize)]
    struct Department {
        department: String,
    }
    let shop = claims(&json!({"department": "shop"}));
    assert_eq!(
        shop.to::<Department>().expect("its shape").department,
        "shop"
    );
    let odd = claims(&json!({"department": ["secret@example.com"]}));
    let error = odd.to::<Department>().expect_err("another shape");
    assert_eq!(error.code(), "claims.shape");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn contains_compares_whole_strings() {
    let claims = claims(&json!({
        "acrs": ["c1", "c2"], "idp": "google.com", "n": 1, "nested": [["c1"]],
    }));
    assert!(claims.contains("acrs", "c1"));
    assert!(!claims.contains("acrs", "c"));
    assert!(claims.contains("idp", "google.com"));
    assert!(!claims.contains("idp", "google"));
    assert!(!claims.contains("n", "1"));
    assert!(!claims.contains("nested", "c1"));
    assert!(!claims.contains("absent", ""));
}

#[test]
fn the_session_keeps_everything_but_protocol_claims() {
    let kept = claims(&ada()).without_protocol_claims();
    let mut expected = ada();
    for name in ["aud", "exp", "iat", "nbf", "nonce", "at_hash"] {
        expected.as_object_mut().expect("an object").remove(name);
    }
    assert_eq!(kept.to::<Value>().expect("an object"), expected);
}

#[test]
fn kept_claims_are_kept_as_they_stand() {
    let odd = concat!(
        r#"{ "a\"\n" : 1.50, "iat": 1, "é\u0000": [ "\u00e9" ], "#,
        r#""big": 123456789012345678901234567890 }"#,
    );
    let kept = Claims::parse(odd)
        .expect("an object")
        .without_protocol_claims();
    assert_eq!(
        kept.json(),
        "{\"a\\\"\\n\":1.50,\"é\\u0000\":[ \"\\u00e9\" ],\"big\":123456789012345678901234567890}"
    );
    assert!(Claims::parse(kept.json().clone()).is_ok());
    let none = claims(&json!({"iat": 1})).without_protocol_claims();
    assert_eq!(none.json(), "{}");
}

#[test]
fn userinfo_adds_and_never_replaces() {
    let merged = claims(&ada())
        .merge_userinfo(&claims(&json!({
            "sub": "ada", "name": "Eve", "city": "London", "iss": "https://evil.example",
            "acr": "high", "amr": ["mfa"], "idp": "x", "jti": "j", "roles": ["Owner"],
        })))
        .expect("the same subject");
    let mut expected = ada();
    expected["city"] = json!("London");
    assert_eq!(merged.to::<Value>().expect("an object"), expected);
}

#[test]
fn userinfo_about_someone_else_is_refused() {
    let code = |userinfo: Value| {
        let merged = claims(&ada()).merge_userinfo(&claims(&userinfo));
        merged.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(code(json!({"sub": "ada"})), Ok(()));
    assert_eq!(code(json!({"sub": "Ada"})), Err("userinfo.subject"));
    assert_eq!(code(json!({"sub": ""})), Err("userinfo.subject"));
    assert_eq!(code(json!({})), Err("userinfo.subject_missing"));
    assert_eq!(code(json!({"sub": null})), Err("userinfo.subject_missing"));
    assert_eq!(code(json!({"sub": 1})), Err("userinfo.subject_missing"));
    let nobody = claims(&json!({"iss": "i"}));
    let error = nobody
        .merge_userinfo(&nobody)
        .expect_err("no subject at all");
    assert_eq!(error.code(), "userinfo.subject_missing");
}

#[test]
fn the_largest_claims_are_named() {
    let claims = claims(&json!({"a": "12345678", "b": [1, 2], "c": "1", "d": "2"}));
    assert_eq!(
        claims.largest(3),
        [("a".into(), 10), ("b".into(), 5), ("c".into(), 3)]
    );
}

#[test]
fn debug_shows_names_only() {
    let user = user(&ada());
    let shown = format!("{user:?}");
    assert!(shown.contains("preferred_username"), "{shown}");
    assert!(
        !shown.contains("Lovelace") && !shown.contains("example.com\""),
        "{shown}"
    );
    assert!(!shown.contains("ada@"), "{shown}");
}

#[test]
fn sealed_claims_that_are_none_are_nobodys() {
    let broken = Claims::from_sealed(Bytes::from_static(b"{\"iss\":"));
    assert_eq!(broken.value("iss"), None);
    assert_eq!(broken.without_protocol_claims().json(), "{}");
    assert!(User::from_claims(broken).is_err());
}
