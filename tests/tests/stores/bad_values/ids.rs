//! Cookies with ids that nobody was given.

use base64_simd::URL_SAFE_NO_PAD;
use ciam_tests::Framework;
use ciam_tests::wire::{Then, exchange};

use super::server::Server;
use super::{World, on_each};

on_each! {
    an_id_that_was_not_given_out_is_nobody_in_redis, is_nobody: redis;
    an_id_that_was_not_given_out_is_nobody_in_postgres, is_nobody: postgres;
}

async fn is_nobody(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let (mut alice, mut bob) = (world.sign_in("alice").await, world.sign_in("bob").await);
    let kept = alice.visitor.cookie("ciam-session").expect("signed in");
    let (name, cookie) = (
        kept.cookie.name().to_owned(),
        kept.cookie.value().to_owned(),
    );
    let id = cookie.strip_prefix('1').expect("one chunk");
    assert_eq!(id.len(), 43, "{id}");
    let one = |value: &str| format!("cookie: {name}={value}\r\n");
    assert_eq!(
        ask(&world, "/", &one(&cookie)).await,
        (200, alice.id.clone())
    );

    let hash = URL_SAFE_NO_PAD.encode_to_string(alice.key);
    let hex: String = alice.key.iter().map(|byte| format!("{byte:02x}")).collect();
    let raw: String = alice
        .key
        .iter()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let mut forged = vec![
        String::new(),
        "1".to_owned(),
        id.to_owned(),
        format!("1{}", "A".repeat(43)),
        format!("1{}", URL_SAFE_NO_PAD.encode_to_string([0xa5; 32])),
        // What is in the store is no way in.
        format!("1{hash}"),
        format!("1{hex}"),
        format!("1{raw}"),
        format!("1ciam:s:{hash}"),
        format!("1{}", "*".repeat(43)),
        format!("1{}", "'".repeat(43)),
        // Not quite the right one.
        cookie[..43].to_owned(),
        format!("{cookie}A"),
        format!("{cookie}="),
        format!("\"{cookie}\""),
        format!("1\"{id}\""),
        format!("%31{id}"),
        format!("{cookie}%00"),
        format!("{cookie},{cookie}"),
        format!("1{}", id.chars().rev().collect::<String>()),
        format!("2{id}"),
        format!("0{id}"),
        format!("1{}", id.repeat(100)),
    ];
    for at in [0, 1, 21, 41, 42] {
        let other = if &id[at..=at] == "A" { "B" } else { "A" };
        forged.push(format!("1{}{other}{}", &id[..at], &id[at + 1..]));
    }
    let mut headers: Vec<_> = forged.iter().map(|value| one(value)).collect();
    // Of two, nobody knows which the browser was given.
    let guess = format!("1{}", "A".repeat(43));
    for [first, second] in [[&cookie, &cookie], [&cookie, &guess], [&guess, &cookie]] {
        headers.push(format!("cookie: {name}={first}; {name}={second}\r\n"));
        headers.push(format!("{}{}", one(first), one(second)));
    }
    for header in headers {
        let nobody = (200, "nobody".to_owned());
        assert_eq!(ask(&world, "/", &header).await, nobody, "{header}");
        let refused = (401, r#"{"error":"visit.not_signed_in"}"#.to_owned());
        assert_eq!(ask(&world, "/account", &header).await, refused, "{header}");
    }
    world.knows(&mut alice, "afterwards").await;
    world.knows(&mut bob, "afterwards").await;
    assert_eq!(
        world.server.keys().await.len(),
        2,
        "nothing was made of them"
    );
}

/// What a script is told that sends these cookies.
async fn ask(world: &World, path: &str, cookies: &str) -> (u16, String) {
    let port = world.site.port();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n{cookies}\r\n"
    );
    let answer = exchange(port, request.as_bytes(), Then::Wait).await;
    let answer = answer.expect("an answer");
    let body = String::from_utf8(answer.body).expect("text");
    (answer.status, body)
}
