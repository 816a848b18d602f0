//! What stands in a cookie is nobody's, unless it was sealed for it.

use std::sync::Arc;

use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::{ManualClock, Timestamp};
use ciam_tests::{Framework, Visitor, cases};
use serde_json::json;

use super::super::provider_failures::World;
use super::{is_nobody, raw, says, session, shared, user};

cases! {
    at Misbehaving:
        cve_2024_24814_a_huge_chunk_count_is_nobody,
        cve_2023_28625_a_malformed_cookie_is_nobody,
        cve_2021_32791_nothing_is_sealed_twice_alike,
        cve_2021_32791_a_value_of_another_cookie_is_nobody,
        a_session_of_another_application_is_nobody;
}

async fn cve_2024_24814_a_huge_chunk_count_is_nobody(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to know the name").await;
    let (name, value) = session(&world.visitor);
    let whole = value.strip_prefix('1').expect("it is in one chunk");
    // The value in pieces, with more names than there are chunks.
    let spread = |count: &str, pieces: usize| {
        let length = whole.len().div_ceil(pieces);
        let mut line = format!("cookie: {name}={count}");
        for (n, piece) in whole.as_bytes().chunks(length).enumerate() {
            let own = name.replacen("session", &format!("session{n}"), 1);
            let own = if n == 0 {
                String::new()
            } else {
                format!("; {own}=")
            };
            line.push_str(&own);
            line.push_str(str::from_utf8(piece).expect("ASCII"));
        }
        format!("{line}\r\n")
    };
    let alice = user(&world, "alice");
    for pieces in 1..=4 {
        let cookies = spread(&pieces.to_string(), pieces);
        assert_eq!(
            raw(&world, "GET", "/", &cookies).await.body,
            alice,
            "{pieces}"
        );
    }
    for count in [
        "99999999",
        "9",
        "5",
        "2",
        "0",
        "-1",
        ":",
        "\u{ff11}",
        "99999999.",
    ] {
        is_nobody(&world, &spread(count, 1)).await;
    }
    for count in [
        "99999999",
        "9",
        "6",
        "5",
        "0",
        "/",
        ":",
        "-4",
        "04",
        "4294967300",
    ] {
        is_nobody(&world, &spread(count, 4)).await;
        is_nobody(&world, &spread(count, 5)).await;
    }
    is_nobody(&world, &spread("5", 5)).await;
    let line = format!("cookie: {name}.99999999=x; {name}_chunks=99999999\r\n");
    is_nobody(&world, &line).await;
}

async fn cve_2023_28625_a_malformed_cookie_is_nobody(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to know the name").await;
    let (name, value) = session(&world.visitor);
    let alice = user(&world, "alice");
    for cookie in [
        "=",
        ";;",
        ";",
        "=;=",
        "a",
        "=x",
        "  ; ;=;",
        ",",
        "\"",
        "%",
        "==",
        "a=\"b;c\"",
        "\t",
        "a==;b",
    ] {
        is_nobody(&world, &format!("cookie: {cookie}\r\n")).await;
        for line in [
            format!("cookie: {cookie}; {name}={value}\r\n"),
            format!("cookie: {name}={value};{cookie}\r\n"),
            format!("cookie: {cookie}\r\ncookie: {name}={value}\r\n"),
        ] {
            let answer = raw(&world, "GET", "/", &line).await;
            assert_eq!((answer.status, answer.body), (200, alice.clone()), "{line}");
        }
    }
    // The own name, mutilated, alone and beside the whole one: two are one too many.
    for own in [
        format!("{name}="),
        format!("{name}=;"),
        format!("{name}=\"{value}\""),
    ] {
        is_nobody(&world, &format!("cookie: {own}\r\n")).await;
        is_nobody(&world, &format!("cookie: {own}; {name}={value}\r\n")).await;
    }
    for other in [
        name.clone(),
        format!("={name}"),
        format!("{name} {value}"),
        format!("x{name}={value}"),
    ] {
        is_nobody(&world, &format!("cookie: {other}\r\n")).await;
        let line = format!("cookie: {other}; {name}={value}\r\n");
        assert_eq!(raw(&world, "GET", "/", &line).await.body, alice, "{other}");
    }
}

async fn cve_2021_32791_nothing_is_sealed_twice_alike(on: Framework) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_unix(1_800_000_000)));
    let mut world = World::with(on, |config| config.with_clock(clock)).await;
    let mut sealed = Vec::new();
    for _ in 0..8 {
        world.visitor = Visitor::new();
        says(&world, json!({"iat": 1_800_000_000, "exp": 1_800_000_600}));
        world
            .expect_signed_in("the same claims at the same time")
            .await;
        let value = session(&world.visitor).1;
        let bytes = URL_SAFE_NO_PAD
            .decode_to_vec(&value[1..])
            .expect("base64url");
        sealed.push(bytes);
    }
    // Version, key, day and expiry; the nonce; what is sealed.
    let parts = |bytes: &[u8]| [&bytes[..17], &bytes[17..29], &bytes[29..45]].map(<[u8]>::to_vec);
    for (n, one) in sealed.iter().enumerate() {
        for other in &sealed[..n] {
            assert_eq!(one.len(), other.len(), "the same is sealed");
            let ([head, nonce, text], [other_head, other_nonce, other_text]) =
                (parts(one), parts(other));
            assert_eq!(head, other_head, "under the same key");
            assert_ne!(nonce, other_nonce);
            assert_ne!(text, other_text);
        }
    }
}

async fn cve_2021_32791_a_value_of_another_cookie_is_nobody(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to have values").await;
    let (name, value) = session(&world.visitor);
    let id_token = &world
        .visitor
        .cookie("ciam-id-token")
        .expect("a hint")
        .cookie;
    let id_token = id_token.value().to_owned();
    let mut beginner = Visitor::new().stopping_before(&world.provider.issuer());
    beginner.go(world.site.url("/auth/login")).await;
    let attempt = &beginner
        .cookie("ciam-transaction")
        .expect("an attempt")
        .cookie;
    for other in [
        id_token,
        attempt.value().to_owned(),
        format!("1{}", attempt.value()),
    ] {
        is_nobody(&world, &format!("cookie: {name}={other}\r\n")).await;
    }
    let own = raw(&world, "GET", "/", &format!("cookie: {name}={value}\r\n")).await;
    assert_eq!(own.body, user(&world, "alice"));
}

/// The neighbour: the same secret and client id, another provider.
async fn a_session_of_another_application_is_nobody(on: Framework) {
    let (mut one, mut other) = (shared(on).await, shared(on).await);
    one.expect_signed_in("here").await;
    other.expect_signed_in("and there").await;
    let (name, value) = session(&one.visitor);
    let (other_name, other_value) = session(&other.visitor);
    assert_ne!(name, other_name, "one browser keeps both");
    for cookie in [format!("{name}={value}"), format!("{other_name}={value}")] {
        is_nobody(&other, &format!("cookie: {cookie}\r\n")).await;
    }
    let both = format!("cookie: {name}={value}; {other_name}={other_value}\r\n");
    for world in [&one, &other] {
        let home = raw(world, "GET", "/", &both).await;
        assert_eq!(home.body, user(world, "alice"));
    }
}
