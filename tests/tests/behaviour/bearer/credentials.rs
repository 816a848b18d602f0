//! The `Authorization` header, however it is sent.

use ciam_tests::{Framework, cases};
use serde_json::json;

use super::{Answer, Scene, ask};

cases! {
    at Misbehaving:
        the_scheme_has_no_case_and_one_token,
        several_credentials_are_none,
        a_token_in_the_address_or_the_body_is_none,
        a_token_of_more_than_the_limit_is_not_looked_at,
        a_header_of_more_than_the_server_takes_reaches_nobody,
        nothing_of_a_token_is_logged;
}

async fn the_scheme_has_no_case_and_one_token(on: Framework) {
    let scene = Scene::new(on).await;
    let token = scene.provider.access_token(&json!({}), &json!({}));
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer     "] {
        let answer = with(&scene, &[format!("{scheme}{token}").as_bytes()]).await;
        answer.expect_ok("user at till: orders.read; ");
    }
    // Other schemes are nobody's here.
    for value in [
        "",
        "Bear",
        "Basic YWxpY2U6c2VjcmV0",
        "Negotiate YII=",
        "BearerX a.b.c",
        &format!("DPoP {token}"),
        &format!("Token {token}"),
        &token,
    ] {
        let answer = with(&scene, &[value.as_bytes()]).await;
        answer.expect_challenge(401, "Bearer", "visit.no_token");
        assert_eq!(answer.logged.len(), 0, "{value}: {answer:?}");
    }
    for value in [
        b"Bearer".to_vec(),
        b"Bearer ".to_vec(),
        b"Bearer  ,".to_vec(),
        format!("Bearer {token} {token}").into_bytes(),
        format!("Bearer {token},").into_bytes(),
        format!("Bearer {token}, Basic YTpi").into_bytes(),
        format!("Bearer \"{token}\"").into_bytes(),
        format!("Bearer token={token}")
            .replace('=', ":")
            .into_bytes(),
        format!("Bearer {token}\u{e9}").into_bytes(),
        [b"Bearer ", token.as_bytes(), b"\xff"].concat(),
        b"Bearer \xc3\xa4.\xc3\xb6.\xc3\xbc".to_vec(),
        format!("Bearer {token}%20").into_bytes(),
        format!("Bearer {token}").replace('.', "%2E").into_bytes(),
    ] {
        let answer = with(&scene, &[&value]).await;
        answer.expect_refused(400, "invalid_request", "bearer.malformed");
    }
    // Of its characters, and no token.
    for value in [
        "Bearer .",
        "Bearer ..",
        "Bearer =",
        "Bearer null",
        "Bearer undefined",
    ] {
        let answer = with(&scene, &[value.as_bytes()]).await;
        assert_eq!(answer.status, 401, "{value}: {answer:?}");
        assert_eq!(answer.body, r#"{"error":"invalid_token"}"#, "{value}");
    }
    let answer = with(&scene, &[format!("Bearer {token}.{token}").as_bytes()]).await;
    answer.expect_refused(401, "invalid_token", "token.malformed");
    let answer = with(&scene, &[format!("Bearer {token}=").as_bytes()]).await;
    answer.expect_refused(401, "invalid_token", "token.malformed");
    let answer = with(&scene, &[b"Bearer e30.e30.e30.e30.e30"]).await;
    answer.expect_refused(401, "invalid_token", "token.encrypted");
}

async fn several_credentials_are_none(on: Framework) {
    let scene = Scene::new(on).await;
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let bearer = format!("Bearer {token}");
    let bearer = bearer.as_bytes();
    for values in [
        &[bearer, bearer][..],
        &[bearer, b"Basic YTpi"],
        &[b"Basic YTpi", bearer],
        &[bearer, b""],
        &[b"", bearer],
        &[bearer, bearer, bearer],
    ] {
        let answer = with(&scene, values).await;
        answer.expect_refused(400, "invalid_request", "bearer.several");
    }
}

async fn a_token_in_the_address_or_the_body_is_none(on: Framework) {
    let scene = Scene::new(on).await;
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let in_address = format!("/api/orders?access_token={token}");
    let answer = ask(&scene.site, "GET", &in_address, &[]).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
    let bearer = format!("Bearer {token}");
    let header: [(&str, &[u8]); 1] = [("authorization", bearer.as_bytes())];
    for query in [
        &*format!("access_token={token}"),
        "access_token=",
        "a=b&access_token=x",
        "access_token",
    ] {
        let path = format!("/api/orders?{query}");
        let answer = ask(&scene.site, "GET", &path, &header).await;
        answer.expect_refused(400, "invalid_request", "bearer.several");
    }
    let answer = ask(&scene.site, "GET", "/api/orders?my_access_token=x", &header).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = format!("access_token={token}; Authorization=Bearer {token}");
    let answer = ask(
        &scene.site,
        "GET",
        "/api/orders",
        &[("cookie", cookie.as_bytes())],
    )
    .await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
}

async fn a_token_of_more_than_the_limit_is_not_looked_at(on: Framework) {
    let scene = Scene::new(on).await;
    let token = scene
        .provider
        .access_token(&json!({}), &json!({"more": "a".repeat(40_000)}));
    assert!((50_000..65_536).contains(&token.len()), "{}", token.len());
    let answer = scene.get(&token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = scene
        .provider
        .access_token(&json!({}), &json!({"more": "a".repeat(50_000)}));
    let dots = ".".repeat(90_000);
    let letters = "a".repeat(90_000);
    for token in [token, dots, letters] {
        assert!(token.len() > 65_536, "{}", token.len());
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", "token.too_large");
    }
    let dots = ".".repeat(60_000);
    let answer = scene.get(&dots).await;
    answer.expect_refused(401, "invalid_token", "token.malformed");
    let header = json!({"x5c": ["a".repeat(9_000)]});
    let token = scene.provider.access_token(&header, &json!({}));
    let answer = scene.get(&token).await;
    answer.expect_refused(401, "invalid_token", "token.header_too_large");
}

/// Both servers refuse it by themselves: hyper beyond 400 KB, actix beyond 128.
async fn a_header_of_more_than_the_server_takes_reaches_nobody(on: Framework) {
    let scene = Scene::new(on).await;
    let known = scene.provider.access_token(&json!({}), &json!({}));
    for token in [".".repeat(3_000_000), "a".repeat(1_000_000)] {
        let answer = scene.get(&token).await;
        assert_eq!((answer.status, &*answer.body), (431, ""));
        assert_eq!(answer.logged.len(), 0, "{:?}", answer.logged);
        assert_eq!(scene.get(&known).await.status, 200, "others are served");
    }
}

async fn nothing_of_a_token_is_logged(on: Framework) {
    let scene = Scene::new(on).await;
    for claims in [json!({}), json!({"exp": 1}), json!({"aud": "another"})] {
        let token = scene.provider.access_token(&json!({}), &claims);
        scene.get(&token).await;
        let (_, signature) = token.rsplit_once('.').expect("three parts");
        for secret in [&token, signature] {
            let lines = ciam_tests::Logs::capture().own(secret);
            assert_eq!(lines.len(), 0, "{lines:?}");
        }
    }
}

/// With these values of `Authorization`.
async fn with(scene: &Scene, values: &[&[u8]]) -> Answer {
    let headers = values.iter().map(|value| ("authorization", *value));
    let headers: Vec<_> = headers.collect();
    ask(&scene.site, "GET", "/api/orders", &headers).await
}
