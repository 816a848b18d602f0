//! Who signed a token, with what, and of which kind it says it is.

use ciam_tests::scripted::{Script, Signing, public_jwk};
use ciam_tests::{Framework, cases};
use serde_json::{Value, json};

use super::Scene;

cases! {
    at Misbehaving:
        a_token_without_a_signature_is_refused,
        a_secret_that_everybody_knows_signs_nothing,
        a_key_that_is_not_in_the_set_signs_nothing,
        what_a_header_says_beyond_the_key_is_not_followed,
        only_types_of_access_tokens_are_accepted,
        with_rfc9068_only_one_type_is_accepted;
}

async fn a_token_without_a_signature_is_refused(on: Framework) {
    let scene = Scene::new(on).await;
    let honest = scene.provider.access_token(&json!({}), &json!({}));
    let (signed, _) = honest.rsplit_once('.').expect("three parts");
    for (token, code) in [
        (format!("{signed}."), "token.signature"),
        (signed.to_owned(), "token.malformed"),
        (format!("{signed}.AAAA"), "token.signature"),
        (format!("{signed}.A"), "token.malformed"),
    ] {
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", code);
    }
    scene
        .provider
        .script(|script| script.signing = Some(Signing::Unsigned));
    for name in ["none", "None", "NONE", "nOnE"] {
        let token = scene
            .provider
            .access_token(&json!({"alg": name}), &json!({}));
        assert!(token.ends_with('.'), "unsigned: {token}");
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", "token.alg_none");
        let without_a_dot = token.trim_end_matches('.');
        let answer = scene.get(without_a_dot).await;
        answer.expect_refused(401, "invalid_token", "token.malformed");
    }
    for header in [json!({"alg": null}), json!({"alg": ""}), json!({"alg": 7})] {
        let token = scene.provider.access_token(&header, &json!({}));
        let answer = scene.get(&token).await;
        assert_eq!(answer.status, 401, "{header}: {answer:?}");
        assert_eq!(answer.body, r#"{"error":"invalid_token"}"#, "{header}");
    }
}

async fn a_secret_that_everybody_knows_signs_nothing(on: Framework) {
    let scene = Scene::new(on).await;
    let key = scene.provider.public_key();
    let secrets = [
        key.to_string(),
        text(&key, "x"),
        format!("{}{}", text(&key, "x"), text(&key, "y")),
        "orders".to_owned(),
        String::new(),
    ];
    for secret in secrets {
        let sign = |script: &mut Script| script.signing = Some(Signing::Mac(secret));
        scene.provider.script(sign);
        for header in [json!({}), json!({"kid": null}), json!({"alg": "ES256"})] {
            let token = scene.provider.access_token(&header, &json!({}));
            let answer = scene.get(&token).await;
            let code = match header["alg"] {
                Value::Null => "token.alg_symmetric",
                _ => "token.signature",
            };
            answer.expect_refused(401, "invalid_token", code);
        }
    }
}

async fn a_key_that_is_not_in_the_set_signs_nothing(on: Framework) {
    let scene = Scene::new(on).await;
    let honest = scene.provider.access_token(&json!({}), &json!({}));
    assert_eq!(scene.get(&honest).await.status, 200);
    for (signing, header, code) in [
        (es256("p256-other"), json!({}), "token.signature"),
        (es256("p256-other"), json!({"kid": null}), "token.signature"),
        (
            es256("p256-other"),
            json!({"kid": "two"}),
            "key.unknown_kid",
        ),
        // The key of that name is of another family.
        (Signing::Key("rsa", "RS256"), json!({}), "key.algorithm"),
        (
            es256("p256-other"),
            json!({"jwk": public_jwk("p256-other")}),
            "token.signature",
        ),
    ] {
        scene
            .provider
            .script(|script| script.signing = Some(signing));
        let token = scene.provider.access_token(&header, &json!({}));
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", code);
    }
    scene.provider.script(|script| {
        script.signing = None;
        script.corrupt = true;
    });
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let answer = scene.get(&token).await;
    answer.expect_refused(401, "invalid_token", "token.signature");
    assert_eq!(scene.get(&honest).await.status, 200);
}

async fn what_a_header_says_beyond_the_key_is_not_followed(on: Framework) {
    let scene = Scene::new(on).await;
    for (header, code) in [
        (json!({"crit": ["exp"]}), "token.crit"),
        (json!({"crit": []}), "token.crit"),
        (json!({"b64": false}), "token.header_parameter"),
        (json!({"zip": "DEF"}), "token.header_parameter"),
        (json!({"enc": "A256GCM"}), "token.header_parameter"),
        (json!({"nonce": "n"}), "token.for_graph"),
        (json!({"kid": 1}), "token.header_malformed"),
        (json!({"kid": ["one"]}), "token.header_malformed"),
        (json!({"typ": 1}), "token.header_malformed"),
    ] {
        let token = scene.provider.access_token(&header, &json!({}));
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", code);
    }
    // Addresses that a token names are asked for nothing.
    let jku = format!("{}/elsewhere", scene.provider.issuer());
    let header = json!({"jku": jku, "x5u": jku, "x5c": ["AAAA"], "x5t": "AAAA"});
    let token = scene.provider.access_token(&header, &json!({}));
    assert_eq!(scene.get(&token).await.status, 200);
    let asked = scene.provider.asked(ciam_tests::scripted::Place::Metadata);
    assert_eq!(asked.len(), 1);
}

async fn only_types_of_access_tokens_are_accepted(on: Framework) {
    let scene = Scene::new(on).await;
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "JWT",
        "jwt",
        "application/jwt",
    ] {
        let token = scene
            .provider
            .access_token(&json!({"typ": typ}), &json!({}));
        let answer = scene.get(&token).await;
        assert_eq!(answer.status, 200, "{typ}: {answer:?}");
    }
    let untyped = scene
        .provider
        .access_token(&json!({"typ": null}), &json!({}));
    assert_eq!(scene.get(&untyped).await.status, 200);
    for typ in [
        "",
        "at+jwt ",
        "text/at+jwt",
        "at",
        "JOSE",
        "logout+jwt",
        "secevent+jwt",
        "dpop+jwt",
        "entity-statement+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
    ] {
        let token = scene
            .provider
            .access_token(&json!({"typ": typ}), &json!({}));
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", "token.type");
    }
    // A type of any token is not enough: nothing else says that it is an access token.
    let plain = json!({"scope": null});
    for typ in [json!("JWT"), Value::Null] {
        let token = scene.provider.access_token(&json!({"typ": typ}), &plain);
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", "token.not_an_access_token");
    }
    let token = scene.provider.access_token(&json!({}), &plain);
    assert_eq!(scene.get(&token).await.status, 200, "its type says it");
    // And what ID tokens, logout tokens and others have is too much, whatever the type.
    for claims in [
        json!({"nonce": "n-0S6_WzA2Mj"}),
        json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}),
        json!({"c_hash": "77QmUPtjPfzWtF2AnpK9RQ"}),
        json!({"s_hash": "77QmUPtjPfzWtF2AnpK9RQ"}),
        json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
        json!({"typ": "ID"}),
        json!({"typ": "Refresh"}),
        json!({"typ": "Offline"}),
        json!({"typ": "Logout"}),
    ] {
        for typ in ["JWT", "at+jwt"] {
            let token = scene.provider.access_token(&json!({"typ": typ}), &claims);
            let answer = scene.get(&token).await;
            answer.expect_refused(401, "invalid_token", "token.not_an_access_token");
        }
    }
}

async fn with_rfc9068_only_one_type_is_accepted(on: Framework) {
    let scene = Scene::serving(on, super::ORDERS, |config| config.with_rfc9068()).await;
    for typ in ["at+jwt", "At+Jwt", "application/at+jwt"] {
        let token = scene
            .provider
            .access_token(&json!({"typ": typ}), &json!({}));
        assert_eq!(scene.get(&token).await.status, 200, "{typ}");
    }
    for typ in [json!("JWT"), json!(""), json!("at+jwt2"), Value::Null] {
        let token = scene
            .provider
            .access_token(&json!({"typ": typ}), &json!({}));
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", "token.type");
    }
}

fn es256(key: &'static str) -> Signing {
    Signing::Key(key, "ES256")
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().expect("a text").to_owned()
}
