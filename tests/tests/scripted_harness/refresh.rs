//! Refresh: rotation, and every answer of the table.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ciam_tests::scripted::{Place, REFRESH_ROWS, RefreshOutcome};
use http::StatusCode;
use serde_json::{Value, json};

use super::{World, part, text, verifies};

#[tokio::test]
async fn refresh_tokens_are_for_offline_access_and_good_once() {
    let world = World::new().await;
    world.provider.script(|s| s.sessions = true);
    let without = world.sign_in("openid").await;
    assert_eq!(without.get("refresh_token"), None);
    let other = world.sign_in("openid offline_access").await;
    let first = world.sign_in("openid offline_access").await;
    let second = renewed(&world, &first).await;
    let third = renewed(&world, &second).await;
    let mut seen = vec![];
    for tokens in [&first, &second, &third] {
        seen.extend([text(tokens, "access_token"), text(tokens, "refresh_token")]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 6, "all are new");
    let before = part(text(&first, "id_token"), 1);
    let after = part(text(&third, "id_token"), 1);
    for claim in ["iss", "sub", "aud", "sid"] {
        assert_eq!(after[claim], before[claim], "{claim}");
    }
    assert_eq!(after.get("nonce"), None);

    // An old one ends the sign-in, and no other.
    for tokens in [&first, &third] {
        let (status, body) = refresh(&world, tokens).await;
        assert_eq!(status, 400);
        assert_eq!(body, r#"{"error":"invalid_grant"}"#);
    }
    renewed(&world, &other).await;
    assert_eq!(world.provider.asked(Place::Refresh).len(), 5);
    assert_eq!(world.provider.asked(Place::Token).len(), 3, "the codes");
    let asked = &world.provider.asked(Place::Refresh)[0];
    assert_eq!(
        asked.field("refresh_token").as_deref(),
        first["refresh_token"].as_str()
    );
}

#[tokio::test]
async fn who_gets_no_new_refresh_token_keeps_the_old_one() {
    let world = World::new().await;
    let tokens = world.sign_in("openid offline_access").await;
    world.provider.script(|s| {
        s.refresh.insert("refresh_token".to_owned(), Value::Null);
    });
    for _ in 0..2 {
        let (status, body) = refresh(&world, &tokens).await;
        assert_eq!(status, 200);
        assert!(!body.contains("refresh_token"), "{body}");
    }
}

#[tokio::test]
async fn every_row_is_answered_in_the_way_of_its_row() {
    let world = World::new().await;
    let keys: Value = world.go(&world.provider.url(Place::Keys), &[]).await.json();
    let mut honest = None;
    for row in REFRESH_ROWS {
        let tokens = world.sign_in("openid offline_access").await;
        world.provider.script(row.change);
        let patience = match row.what {
            "silence" | "an answer without an end" => Duration::from_millis(300),
            _ => Duration::from_secs(30),
        };
        let answer = tokio::time::timeout(patience, refresh_raw(&world, &tokens)).await;
        let seen = answer
            .ok()
            .and_then(Result::ok)
            .map(|(status, after, body)| {
                let body = serde_json::from_str(&body).unwrap_or_else(|_| body.into());
                (status, after, comparable(body, &keys))
            });
        let status = seen.as_ref().map(|(status, ..)| status.as_u16());
        let body = seen.as_ref().map_or(&Value::Null, |(.., body)| body);
        match row.outcome {
            RefreshOutcome::Renewed => {
                assert_eq!(status, Some(200), "{row:?}: {seen:?}");
                assert!(body["access_token"].is_string(), "{row:?}: {seen:?}");
            }
            RefreshOutcome::Ended => assert_eq!(body["error"], "invalid_grant", "{row:?}"),
            RefreshOutcome::Failed => {}
        }
        match &honest {
            None => honest = Some(seen),
            Some(honest) => assert_ne!(&seen, honest, "{row:?} is as usual"),
        }
        world.provider.recover().await;
    }
    let honest = honest.flatten().expect("the first row is honest");
    assert_eq!(honest.2["access_token"], "random", "{honest:?}");
    let modules = REFRESH_ROWS.iter().filter(|row| !row.module.is_empty());
    assert_eq!(modules.count(), 3, "the suite has so many");
}

#[tokio::test]
async fn answers_can_be_held_back_after_rotation() {
    let world = World::new().await;
    let tokens = world.sign_in("openid offline_access").await;
    let held = world.provider.hold(Place::Refresh);
    tokio::select! {
        _ = refresh(&world, &tokens) => panic!("it is held back"),
        () = held.until_held(1) => {}
    }
    world.sign_in("openid").await;
    held.release();
    assert_eq!(refresh(&world, &tokens).await.0, 400, "it was rotated");
}

async fn renewed(world: &World, tokens: &Value) -> Value {
    let (status, body) = refresh(world, tokens).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

async fn refresh(world: &World, tokens: &Value) -> (StatusCode, String) {
    let (status, _, body) = refresh_raw(world, tokens).await.expect("an answer");
    (status, body)
}

async fn refresh_raw(
    world: &World,
    tokens: &Value,
) -> reqwest::Result<(StatusCode, Option<String>, String)> {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(tokens, "refresh_token")),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let answer = world
        .client
        .post(world.provider.url(Place::Refresh))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await?;
    let status = answer.status();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().expect("text").to_owned());
    Ok((status, retry_after, answer.text().await?))
}

/// The same for two answers that differ in randomness and time alone.
fn comparable(mut body: Value, keys: &Value) -> Value {
    for name in ["access_token", "refresh_token"] {
        let random = |token: &str| token.len() == 32;
        if body.get(name).and_then(Value::as_str).is_some_and(random) {
            body[name] = "random".into();
        }
    }
    let token = body.get("id_token").and_then(Value::as_str);
    if let Some(token) = token.filter(|token| !token.starts_with("e30.")) {
        let mut claims = part(token, 1);
        let time = |name: &str| claims[name].as_i64().expect("a time");
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.expect("after 1970").as_secs()).expect("before 2262");
        let fresh = (now - time("iat")).abs() < 60 && time("exp") - time("iat") == 3600;
        claims["iat"] = fresh.into();
        claims["exp"] = fresh.into();
        body["id_token"] = json!([claims, verifies(token, keys)]);
    }
    body
}
