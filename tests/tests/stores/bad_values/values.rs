//! The value of a session is another one.

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ciam_core::Clock;
use ciam_tests::{Framework, Logs, Secrets};
use http::Method;

use super::server::Server;
use super::{HOUR, World, application, on_each};

on_each! {
    a_value_that_was_not_put_there_is_nobody_in_redis, is_nobody: redis;
    a_value_that_was_not_put_there_is_nobody_in_postgres, is_nobody: postgres;
    an_old_value_of_ones_own_is_oneself_for_its_time_in_redis, is_oneself: redis;
    an_old_value_of_ones_own_is_oneself_for_its_time_in_postgres, is_oneself: postgres;
}

async fn is_nobody(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let (mut alice, mut bob) = (world.sign_in("alice").await, world.sign_in("bob").await);
    let other = application(on, &world.provider, &world.clock, &world.server, "other").await;
    let elsewhere = world.sign_in_at(&other, "alice").await;
    let own = world.server.value(&alice.key).await;
    let bobs = world.server.value(&bob.key).await;
    let of_other = world.server.value(&elsewhere.key).await;
    world.knows(&mut alice, "before").await;

    let mut planted = vec![
        ("nothing".to_owned(), Vec::new(), "seal.malformed"),
        ("somebody else's".to_owned(), bobs.clone(), "seal.refused"),
        ("another application's".to_owned(), of_other, "seal.refused"),
        ("twice".to_owned(), [&*own, &*own].concat(), "seal.refused"),
        (
            "claims without a seal".to_owned(),
            format!(r#"{{"iss":"{}","sub":"bob"}}"#, world.provider.issuer()).into(),
            "seal.version",
        ),
        (
            "ten megabytes".to_owned(),
            vec![b'A'; 10 << 20],
            "seal.too_large",
        ),
        (
            "its own, and ten megabytes of zeros".to_owned(),
            padded(&own, 10 << 20),
            "seal.too_large",
        ),
        (
            "its own, and one byte more than may be sealed".to_owned(),
            padded(&own, MAX_SEALED + 1),
            "seal.too_large",
        ),
        (
            "its own, and as many zeros as may be sealed".to_owned(),
            padded(&own, MAX_SEALED),
            "seal.refused",
        ),
    ];
    for length in [
        1,
        HEADER,
        OVERHEAD - 1,
        OVERHEAD,
        own.len() / 2,
        own.len() - 1,
    ] {
        let code = if length < OVERHEAD {
            "seal.malformed"
        } else {
            "seal.refused"
        };
        planted.push((
            format!("cut to {length} bytes"),
            own[..length].to_vec(),
            code,
        ));
    }
    // All of what can be read without a key, then some of the rest.
    let rest = (HEADER..own.len()).step_by(own.len() / 12);
    for at in (0..HEADER).chain(rest).chain([own.len() - 1]) {
        let mut value = own.clone();
        value[at] ^= 0x80 >> (at % 8);
        let code = match at {
            0 => "seal.version",
            1..5 => "seal.unknown_key",
            // A day months or centuries away.
            5..9 => "seal.day",
            _ => "seal.refused",
        };
        planted.push((format!("one bit of byte {at}"), value, code));
    }
    for (what, value, code) in random(&own) {
        planted.push((what, value, code));
    }

    for (what, value, code) in planted {
        world.server.put(&alice.key, &value).await;
        world.does_not_know(&mut alice, code, &what).await;
        world.knows(&mut bob, &what).await;
    }
    world.server.put(&alice.key, &own).await;
    world.knows(&mut alice, "put back").await;
    // What somebody else has under their own key is theirs alone.
    world.server.put(&bob.key, &own).await;
    world
        .does_not_know(&mut bob, "seal.refused", "Alice's")
        .await;
    world.server.put(&bob.key, &bobs).await;
    world.knows(&mut bob, "put back").await;
    stays_secret(&[&own, &bobs]);
}

/// Bytes of no meaning: in the whole, and behind a header that can be one.
fn random(own: &[u8]) -> [(String, Vec<u8>, &'static str); 3] {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = |count: usize| -> Vec<u8> {
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(count).collect()
    };
    let mut whole = bytes(own.len());
    whole[0] = 0xff;
    let keyless = [&own[..1], &bytes(own.len() - 1)].concat();
    let sealed = [&own[..HEADER], &bytes(own.len() - HEADER)].concat();
    [
        ("random bytes".to_owned(), whole, "seal.version"),
        (
            "a version, and random bytes".to_owned(),
            keyless,
            "seal.unknown_key",
        ),
        (
            "a header, and random bytes".to_owned(),
            sealed,
            "seal.refused",
        ),
    ]
}

fn padded(value: &[u8], length: usize) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(length, 0);
    value
}

async fn is_oneself(on: Framework, server: Server) {
    let world = World::new(on, server).await;
    let (mut alice, mut bob) = (world.sign_in("alice").await, world.sign_in("bob").await);
    let first = world.server.value(&alice.key).await;
    world.clock.advance(3 * HOUR);
    world.knows(&mut alice, "renewed").await;
    let second = world.server.value(&alice.key).await;
    assert_ne!(first, second, "it was written back");
    world.server.put(&alice.key, &first).await;
    world.knows(&mut alice, "an old value").await;
    let third = world.server.value(&alice.key).await;
    assert!(third != first && third != second, "it is renewed once more");

    // Who signed out is signed in again, as whoever it was, and where it was.
    let kept = world.server.copy(&alice.key).await;
    let copied = alice.visitor.clone();
    let home = world.home(&mut alice.visitor).await;
    let answer = alice
        .visitor
        .fetch(&home, Method::POST, "/auth/logout")
        .await;
    assert_eq!(answer.status, 303, "{answer}");
    alice.visitor = copied;
    let home = world.home(&mut alice.visitor).await;
    assert_eq!(home.body, "nobody", "signed out");
    world.server.restore(&alice.key, &kept).await;
    world.knows(&mut alice, "put back").await;
    world.server.restore(&bob.key, &kept).await;
    world
        .does_not_know(&mut bob, "seal.refused", "Alice's entry")
        .await;

    // And no longer than it was sealed for, however long the server keeps it.
    world.clock.advance(24 * HOUR);
    world
        .does_not_know(&mut alice, "session.idle", "a day later")
        .await;
    let now = world.clock.now().unix();
    world.provider.script(|script| script.now = Some(now));
    let carol = &mut world.sign_in("carol").await;
    world.knows(carol, "others sign in").await;
}

/// None of it is in what anybody has logged.
fn stays_secret(values: &[&[u8]]) {
    let mut secrets = Secrets::default();
    for value in values {
        let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        secrets.add("a value", &hex);
        secrets.add("a value", &URL_SAFE_NO_PAD.encode_to_string(value));
        secrets.add("a value", &STANDARD_NO_PAD.encode_to_string(value));
    }
    for line in Logs::capture().lines() {
        let found = secrets.found_in(&line.to_string());
        assert!(found.is_empty(), "{line}");
    }
}

/// Version, key, day and expiry: what a value begins with.
const HEADER: usize = 17;

/// With nonce and tag: the shortest there is.
const OVERHEAD: usize = HEADER + 12 + 16;

/// The longest that is opened.
const MAX_SEALED: usize = ciam_core::store::MAX_VALUE;
