//! What the claims of a token that is well signed say.

use ciam_tests::{Framework, cases};
use serde_json::{Value, json};

use super::{Scene, get};

cases! {
    at Misbehaving:
        a_token_is_valid_between_its_times,
        a_token_is_for_this_api_and_of_this_provider,
        a_claim_of_another_type_is_a_failure,
        a_token_that_is_bound_to_a_key_is_refused,
        a_payload_that_two_readers_read_differently_is_refused,
        rights_are_compared_exactly;
}

async fn a_token_is_valid_between_its_times(on: Framework) {
    let scene = Scene::new(on).await;
    let now = scene.provider.claims()["iat"].as_u64().expect("seconds");
    // A minute of tolerance; these stay well away from its ends.
    are_refused(
        &scene,
        &[
            (json!({"exp": now - 120}), "token.expired"),
            (json!({"exp": 0}), "token.expired"),
            (json!({"exp": null}), "token.expiry_missing"),
            (json!({"exp": (now + 3600).to_string()}), "token.claim_type"),
            (json!({"exp": true}), "token.claim_type"),
            (json!({"exp": -1}), "token.claim_type"),
            (json!({"nbf": now + 120}), "token.not_yet_valid"),
            (json!({"nbf": "now"}), "token.claim_type"),
            (json!({"iat": now + 120}), "token.issued_at"),
            (json!({"iat": [now]}), "token.claim_type"),
        ],
    )
    .await;
    for claims in [
        json!({"exp": now - 20}),
        json!({"nbf": now + 20}),
        json!({"iat": now + 20}),
        json!({"nbf": null, "iat": null}),
        json!({"exp": f64::from(u32::MAX) + 0.5}),
    ] {
        is_accepted(&scene, &claims).await;
    }
}

async fn a_token_is_for_this_api_and_of_this_provider(on: Framework) {
    let scene = Scene::new(on).await;
    let issuer = scene.provider.issuer();
    are_refused(
        &scene,
        &[
            (json!({"aud": "another"}), "token.audience"),
            (
                json!({"aud": ["another", "api://orders"]}),
                "token.audience",
            ),
            (json!({"aud": "Orders"}), "token.audience"),
            (json!({"aud": "orders "}), "token.audience"),
            (json!({"aud": "orders another"}), "token.audience"),
            (json!({"aud": ""}), "token.audience"),
            (json!({"aud": []}), "token.audience_missing"),
            (json!({"aud": null}), "token.audience_missing"),
            (json!({"aud": {"orders": true}}), "token.claim_type"),
            (json!({"aud": [["orders"]]}), "token.claim_type"),
            (json!({"aud": ["orders", 7]}), "token.claim_type"),
            (json!({"iss": "https://evil.test"}), "token.issuer"),
            (json!({"iss": format!("{issuer}/")}), "token.issuer"),
            (json!({"iss": issuer.to_uppercase()}), "token.issuer"),
            (json!({"iss": ""}), "token.issuer"),
            (json!({"iss": null}), "token.issuer_missing"),
            (json!({"iss": [issuer]}), "token.claim_type"),
            (json!({"sub": null}), "token.subject_missing"),
            (json!({"sub": ""}), "token.subject"),
            (json!({"sub": 7}), "token.claim_type"),
        ],
    )
    .await;
    for claims in [
        json!({"aud": ["orders"]}),
        json!({"aud": ["another", "orders"]}),
    ] {
        is_accepted(&scene, &claims).await;
    }
}

async fn a_claim_of_another_type_is_a_failure(on: Framework) {
    let scene = Scene::new(on).await;
    for claim in [
        "azp",
        "azpacr",
        "appid",
        "appidacr",
        "client_id",
        "idtyp",
        "oid",
        "tid",
        "typ",
    ] {
        for value in [json!(7), json!(["a"]), json!({}), json!(true)] {
            let refused = [(json!({ claim: value }), "token.claim_type")];
            are_refused(&scene, &refused).await;
        }
    }
    for claim in ["scope", "scp"] {
        for value in [
            json!(7),
            json!({"orders.read": true}),
            json!([1]),
            json!(false),
        ] {
            let refused = [(json!({ claim: value }), "token.claim_type")];
            are_refused(&scene, &refused).await;
        }
    }
    // Okta's is a number: it decides nothing.
    is_accepted(&scene, &json!({"ver": 1})).await;
}

async fn a_token_that_is_bound_to_a_key_is_refused(on: Framework) {
    let scene = Scene::new(on).await;
    for cnf in [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
        json!({}),
        json!("a key"),
        json!(7),
    ] {
        are_refused(&scene, &[(json!({"cnf": cnf}), "token.key_bound")]).await;
    }
}

async fn a_payload_that_two_readers_read_differently_is_refused(on: Framework) {
    let scene = Scene::new(on).await;
    let header = r#"{"alg":"ES256","kid":"one","typ":"at+jwt"}"#;
    let claims = scene.provider.claims().to_string();
    let claims = claims.trim_end_matches('}');
    let signed = |payload: &str| scene.provider.sign(header, payload);
    let answer = scene.get(&signed(&format!("{claims}}}"))).await;
    assert_eq!(answer.status, 200, "as it is: {answer:?}");
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let many: String = (0..1001).map(|n| format!(",\"c{n}\":{n}")).collect();
    for (payload, code) in [
        (format!("{claims},\"aud\":\"orders\"}}"), "token.repeated"),
        (format!("{claims},\"sub\":\"bob\"}}"), "token.repeated"),
        (
            format!("{claims},\"\\u0073ub\":\"bob\"}}"),
            "token.repeated",
        ),
        (format!("{claims},\"a\":1,\"a\":1}}"), "token.repeated"),
        (
            format!("{claims},\"deep\":{}}}", deep(10_000)),
            "token.claims_malformed",
        ),
        (
            format!("{claims},\"deep\":{}}}", deep(128)),
            "token.claims_malformed",
        ),
        (format!("{claims}{many}}}"), "token.claims_malformed"),
        (format!("{claims}}} {{}}"), "token.claims_malformed"),
        (format!("{claims},}}"), "token.claims_malformed"),
        (claims.to_owned(), "token.claims_malformed"),
        (format!("[{claims}}}]"), "token.claims_malformed"),
        ("null".to_owned(), "token.claims_malformed"),
        (String::new(), "token.claims_malformed"),
        (format!("\u{feff}{claims}}}"), "token.claims_malformed"),
    ] {
        let answer = scene.get(&signed(&payload)).await;
        answer.expect_refused(401, "invalid_token", code);
    }
    for (header, code) in [
        (
            r#"{"alg":"ES256","alg":"ES256","kid":"one"}"#,
            "token.repeated",
        ),
        (
            r#"{"alg":"ES256","kid":"two","kid":"one"}"#,
            "token.repeated",
        ),
        (
            r#"{"alg":"ES256","kid":"one"} "#,
            "token.not_an_access_token",
        ),
        (r#"["ES256"]"#, "token.header_malformed"),
        ("", "token.header_malformed"),
    ] {
        let claims = scene.provider.claims();
        let mut claims = claims.as_object().expect("an object").clone();
        claims.remove("scope");
        let payload = Value::from(claims).to_string();
        let answer = scene.get(&scene.provider.sign(header, &payload)).await;
        answer.expect_refused(401, "invalid_token", code);
    }
    let deep = format!(r#"{{"alg":"ES256","deep":{}}}"#, deep(2000));
    let answer = scene.get(&scene.provider.sign(&deep, "{}")).await;
    answer.expect_refused(401, "invalid_token", "token.header_malformed");
}

async fn rights_are_compared_exactly(on: Framework) {
    let scene = Scene::new(on).await;
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"orders.read\"";
    for claims in [
        json!({"scope": "orders.readonly"}),
        json!({"scope": "Orders.Read"}),
        json!({"scope": "orders"}),
        json!({"scope": "api://orders/orders.read"}),
        json!({"scope": "orders.read,orders.write"}),
        json!({"scope": "orders.read\torders.write"}),
        json!({"scope": "orders\\.read"}),
        json!({"scope": ""}),
        json!({"scope": null}),
        json!({"scope": null, "scopes": "orders.read"}),
        json!({"scope": null, "roles": ["orders.read"]}),
    ] {
        let token = scene.provider.access_token(&json!({}), &claims);
        let answer = get(&scene.site, "/api/read", &token).await;
        answer.expect_challenge(403, challenge, "insufficient_scope");
    }
    for claims in [
        json!({"scope": "orders.write  orders.read "}),
        json!({"scope": ["orders.write", "orders.read"]}),
        json!({"scope": null, "scp": "orders.write orders.read"}),
        json!({"scope": "orders.write", "scp": ["orders.read"]}),
    ] {
        let token = scene.provider.access_token(&json!({}), &claims);
        let answer = get(&scene.site, "/api/read", &token).await;
        assert_eq!(answer.status, 200, "{claims}: {answer:?}");
    }
    let role = "Orders.Read.All";
    for (roles, status) in [
        (json!([role]), 200),
        (json!(["Other", role]), 200),
        (json!([role.to_lowercase()]), 403),
        (json!([[role]]), 403),
        (json!({"role": role}), 403),
        (json!(null), 403),
    ] {
        let token = scene
            .provider
            .access_token(&json!({}), &json!({"roles": roles}));
        let answer = get(&scene.site, "/api/all", &token).await;
        assert_eq!(answer.status, status, "{roles}: {answer:?}");
    }
}

async fn are_refused(scene: &Scene, rows: &[(Value, &str)]) {
    for (claims, code) in rows {
        let token = scene.provider.access_token(&json!({}), claims);
        let answer = scene.get(&token).await;
        println!("{claims}: {:?}", answer.logged);
        answer.expect_refused(401, "invalid_token", code);
    }
}

async fn is_accepted(scene: &Scene, claims: &Value) {
    let token = scene.provider.access_token(&json!({}), claims);
    let answer = scene.get(&token).await;
    assert_eq!(answer.status, 200, "{claims}: {answer:?}");
}
