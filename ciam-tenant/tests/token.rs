//! Every refusal of the token endpoint.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use ciam_tenant::Application;
use common::{CALLBACK, CHALLENGE, VERIFIER, World, client, encode, json};
use reqwest::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn refusals() {
    let world = World::new().await;
    let other = Application::web("Other").redirect_uri(CALLBACK);
    let other = world.tenant.register(other).unwrap();
    let (other_id, other_secret) = (other.client_id, other.client_secret.unwrap());
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (changes, expected, error, number) in [
        (&[("grant_type", "")][..], 400, "invalid_request", 900144),
        (&[("code", "")], 400, "invalid_request", 900144),
        (&[("client_id", "")], 400, "invalid_request", 900144),
        (&[("redirect_uri", "")], 400, "invalid_request", 900144),
        (
            &[("grant_type", "password")],
            400,
            "unsupported_grant_type",
            70003,
        ),
        (
            &[("client_id", unknown)],
            400,
            "unauthorized_client",
            700016,
        ),
        (
            &[("client_secret", "wrong")],
            401,
            "invalid_client",
            7000215,
        ),
        (&[("client_secret", "")], 401, "invalid_client", 7000218),
        (&[("code", "nonsense")], 400, "invalid_grant", 70000),
        (
            &[("client_id", &other_id), ("client_secret", &other_secret)],
            400,
            "invalid_grant",
            70000,
        ),
        (
            &[("redirect_uri", "http://localhost:3001/auth/callback")],
            401,
            "invalid_client",
            50011,
        ),
        (
            &[("redirect_uri", "https://evil.test/")],
            401,
            "invalid_client",
            50011,
        ),
        (&[("code_verifier", "")], 400, "invalid_grant", 50148),
        (
            &[("code_verifier", CHALLENGE)],
            400,
            "invalid_grant",
            501481,
        ),
        (&[("code_verifier", "short")], 400, "invalid_grant", 501481),
        (
            &[("scope", "openid offline_access")],
            400,
            "invalid_scope",
            70011,
        ),
    ] {
        let code = world.code(&[]).await;
        let (found, document) = world.redeem(&code, changes).await;
        check(&document, error, number);
        assert_eq!(found, expected, "{changes:?} {document}");
        // None of these used the code up.
        let (status, _) = world.redeem(&code, &[]).await;
        assert_eq!(status, 200, "{changes:?}");
    }
}

#[tokio::test]
async fn a_code_is_used_once_and_in_time() {
    let world = World::new().await;
    let code = world.code(&[]).await;
    assert_eq!(world.redeem(&code, &[]).await.0, 200);
    let (status, document) = world.redeem(&code, &[]).await;
    assert_eq!(status, 400);
    check(&document, "invalid_grant", 54005);

    let code = world.code(&[]).await;
    world.tenant.advance(Duration::from_secs(601));
    let (status, document) = world.redeem(&code, &[]).await;
    assert_eq!(status, 400);
    check(&document, "invalid_grant", 70008);
}

#[tokio::test]
async fn two_at_once_get_one_answer() {
    let world = World::new().await;
    let code = world.code(&[]).await;
    let (a, b) = tokio::join!(world.redeem(&code, &[]), world.redeem(&code, &[]));
    let mut statuses = [a.0.as_u16(), b.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn the_document_has_its_form() {
    let world = World::new().await;
    let id = "78ecf6d7-5899-4091-8e44-5537cf8a8000";
    let (_, document) = world
        .token(&[("code", "nonsense")], |request| {
            request.header("client-request-id", id)
        })
        .await;
    let members: Vec<_> = document.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        [
            "correlation_id",
            "error",
            "error_codes",
            "error_description",
            "error_uri",
            "timestamp",
            "trace_id"
        ]
    );
    assert_eq!(document["correlation_id"], id);
    assert_eq!(document["error_codes"], json!([70000]));
    assert_eq!(
        document["error_uri"],
        "https://login.microsoftonline.com/error?code=70000"
    );
    let text = |name: &str| document[name].as_str().unwrap().to_owned();
    let timestamp = text("timestamp");
    assert_eq!(timestamp.len(), "2023-12-19 18:32:55Z".len());
    assert_eq!(&timestamp[10..11], " ");
    let end = format!(
        " Trace ID: {} Correlation ID: {id} Timestamp: {timestamp}",
        text("trace_id")
    );
    let description = text("error_description");
    assert!(description.starts_with("AADSTS70000: "), "{description}");
    assert!(description.ends_with(&end), "{description}");
}

#[tokio::test]
async fn basic_authentication() {
    // A secret that form encoding changes, as RFC 6749 section 2.3.1 asks for.
    let secret = "a+b/c%d:e~ü";
    let app = Application::web("Shop").redirect_uri(CALLBACK);
    let world = World::with(app.client_secret(secret)).await;
    let id = world.app.client_id.clone();
    let basic = |id: &str, secret: &str| {
        let joined = format!("{id}:{secret}");
        format!("Basic {}", base64_simd::STANDARD.encode_to_string(joined))
    };
    let encoded = encode(&[("", secret)]).trim_start_matches('=').to_owned();
    for (header, changes, expected) in [
        (basic(&id, &encoded), &[("client_secret", "")][..], Ok(())),
        (
            basic(&id, &encoded),
            &[("client_secret", ""), ("client_id", "")],
            Ok(()),
        ),
        (
            basic(&id, secret),
            &[("client_secret", "")],
            Err((401, 7000215)),
        ),
        (
            basic(&id, "wrong"),
            &[("client_secret", "")],
            Err((401, 7000215)),
        ),
        (
            basic(&id, ""),
            &[("client_secret", "")],
            Err((401, 7000218)),
        ),
        (basic(&id, &encoded), &[], Err((400, 9002313))),
        (
            basic("00000000-0000-4000-8000-000000000000", &encoded),
            &[("client_secret", "")],
            Err((400, 9002313)),
        ),
        (
            "Bearer x".into(),
            &[("client_secret", "")],
            Err((400, 9002313)),
        ),
    ] {
        let code = world.code(&[]).await;
        let changes = [&[("code", code.as_str())], changes].concat();
        let (status, document) = world
            .token(&changes, |request| request.header("authorization", &header))
            .await;
        match expected {
            Ok(()) => assert_eq!(status, 200, "{document}"),
            Err((expected, number)) => {
                assert_eq!(status, expected, "{document}");
                assert_eq!(document["error_codes"], json!([number]));
            }
        }
    }
}

#[tokio::test]
async fn a_refused_header_is_answered_with_a_challenge() {
    let world = World::new().await;
    let response = client()
        .post(world.endpoint("token"))
        .basic_auth(&world.app.client_id, Some("wrong"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=authorization_code&code=x")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    assert!(response.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn public_clients_have_pkce_and_no_secret() {
    let world = World::with(Application::public("Mobile").redirect_uri(CALLBACK)).await;
    assert_eq!(world.app.client_secret, None);
    let code = world.code(&[]).await;
    let (status, document) = world.redeem(&code, &[("client_secret", "x")]).await;
    assert_eq!(status, 401);
    check(&document, "invalid_client", 700025);
    let (_, document) = world.redeem(&code, &[("code_verifier", "")]).await;
    check(&document, "invalid_grant", 50148);
    assert_eq!(world.redeem(&code, &[]).await.0, 200);
}

#[tokio::test]
async fn a_verifier_needs_a_challenge() {
    let world = World::new().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = world.code(&without).await;
    let (_, document) = world.redeem(&code, &[]).await;
    check(&document, "invalid_grant", 50148);
    assert_eq!(world.redeem(&code, &[("code_verifier", "")]).await.0, 200);

    let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "")];
    let code = world.code(&plain).await;
    assert_eq!(world.redeem(&code, &[]).await.0, 200);
}

#[tokio::test]
async fn requests_that_are_none() {
    let world = World::new().await;
    let url = world.endpoint("token");
    let form = "application/x-www-form-urlencoded";
    let send = async |request: reqwest::RequestBuilder| -> (StatusCode, Value) {
        let response = request.send().await.unwrap();
        (response.status(), json(&response.text().await.unwrap()))
    };
    let post = || client().post(&url).header("content-type", form);
    for (request, status, number) in [
        (client().get(&url), 400, 900561),
        (client().post(&url).body("grant_type=x"), 400, 9002313),
        (
            client()
                .post(&url)
                .header("content-type", "application/json")
                .body("{}"),
            400,
            9002313,
        ),
        (post().body("grant_type=a&grant_type=a"), 400, 9002313),
        (post().body(vec![0xff]), 400, 9002313),
        (post().body("a=1&".repeat(100)), 400, 9002313),
        (post().body("a".repeat(70 * 1024)), 413, 9002313),
        (
            post()
                .header("origin", "https://shop.test")
                .body("grant_type=authorization_code&client_id=x&client_secret=x"),
            400,
            9002326,
        ),
    ] {
        let (found, document) = send(request).await;
        assert_eq!(found, status, "{document}");
        check(&document, "invalid_request", number);
    }
}

fn check(document: &Value, error: &str, number: u64) {
    assert_eq!(document["error"], error, "{document}");
    assert_eq!(document["error_codes"], json!([number]), "{document}");
}
