//! Sealed texts: as they come, made of genuine ones, and sealed here for other
//! contexts, times and contents. A digit chooses.

#![no_main]

use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::fuzzing::{Context, open, open_session, seal, transaction_return_to};
use ciam_core::{Timestamp, User};
use ciam_fuzz::location::assert_stays;
use ciam_fuzz::sealing::{CONTEXTS, Constant, FOREIGN, GENUINE, NOW, RING, WEEK};
use ciam_fuzz::{choose, line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = choose(data, 6) else {
        return;
    };
    match mode {
        0 => opens_only_if_genuine(rest),
        1 => spliced(rest),
        2 => flipped(rest),
        3 => for_another_context(rest),
        4 => at_another_time(rest),
        _ => with_other_contents(rest),
    }
});

/// What opens is what the ring sealed, and for its own context only.
fn opens_only_if_genuine(text: &[u8]) {
    for context in CONTEXTS {
        let sealed = GENUINE
            .iter()
            .find(|sealed| sealed.context == context && sealed.text.as_bytes() == text);
        let found = open(&RING, context, text, NOW);
        match sealed {
            Some(sealed) => assert_eq!(found.as_deref(), Ok(sealed.plaintext)),
            None => assert!(found.is_err(), "{context:?}"),
        }
    }
}

/// One of the texts with a part of it replaced.
fn spliced(data: &[u8]) {
    let [which, high, low, cut, put @ ..] = data else {
        return;
    };
    let text = some_text(*which).as_bytes();
    let start = usize::from(u16::from_be_bytes([*high, *low])).min(text.len());
    let end = (start + usize::from(*cut)).min(text.len());
    opens_only_if_genuine(&[&text[..start], put, &text[end..]].concat());
}

/// One of the texts with some of what it encodes changed.
fn flipped(data: &[u8]) {
    let [which, changes @ ..] = data else {
        return;
    };
    let text = some_text(*which);
    let mut bytes = URL_SAFE_NO_PAD
        .decode_to_vec(text)
        .expect("sealed here a moment ago");
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] ^= change[2];
    }
    opens_only_if_genuine(URL_SAFE_NO_PAD.encode_to_string(bytes).as_bytes());
}

/// Two contexts of any text: one opens what the other sealed if they are the same.
fn for_another_context(data: &[u8]) {
    let [purposes, rest @ ..] = data else {
        return;
    };
    let mut rest = rest;
    let mut next = || {
        let (text, after) = line(rest);
        rest = after;
        String::from_utf8_lossy(text)
    };
    let [one, other, realm, other_realm] = [next(), next(), next(), next()];
    let sealed_for = Context {
        purpose: purposes % 3,
        cookie_name: &one,
        realm: &realm,
    };
    let opened_for = Context {
        purpose: purposes / 3 % 3,
        cookie_name: &other,
        realm: &other_realm,
    };
    let text = seal(&RING, sealed_for, b"x", NOW.after(WEEK), NOW, &Constant)
        .expect("it is short and lives a week");
    let opened = open(&RING, opened_for, text.as_bytes(), NOW);
    assert_eq!(opened.is_ok(), sealed_for == opened_for);
}

/// Nothing opens at its end or after it, everything before it.
fn at_another_time(data: &[u8]) {
    let Some((numbers, _)) = data.split_first_chunk::<24>() else {
        return;
    };
    let number = |n: usize| {
        let bytes = numbers[8 * n..][..8].try_into().expect("eight bytes");
        Timestamp::from_unix(u64::from_be_bytes(bytes))
    };
    let [sealed_at, expires_at, opened_at] = [number(0), number(1), number(2)];
    let context = CONTEXTS[1];
    let Ok(text) = seal(&RING, context, b"x", expires_at, sealed_at, &Constant) else {
        return;
    };
    assert!(expires_at > sealed_at && expires_at <= sealed_at.after(WEEK));
    let opened = open(&RING, context, text.as_bytes(), opened_at);
    assert!(opened.is_err() || opened_at < expires_at);
    // The day is a number of 32 bits.
    let is_day = expires_at.unix() / (24 * 3600) < u64::from(u32::MAX);
    let alive = sealed_at <= opened_at && opened_at < expires_at;
    assert!(opened.is_ok() || !alive || !is_day, "{opened:?}");
}

/// What is in a genuine seal was checked when it was sealed; a text of another
/// release, or of another thing, may be in it all the same.
fn with_other_contents(plaintext: &[u8]) {
    let context = CONTEXTS[1];
    let Ok(text) = seal(&RING, context, plaintext, NOW.after(WEEK), NOW, &Constant) else {
        return;
    };
    let session = open_session(&RING, context, text.as_bytes(), NOW, WEEK / 7, WEEK);
    if let Ok((claims, expires_at)) = session {
        assert!(expires_at > NOW && expires_at <= NOW.after(WEEK));
        assert_eq!(claims.json(), &plaintext[17..]);
        if let Ok(user) = User::from_claims(claims) {
            assert!(!user.id().to_string().is_empty());
        }
    }
    if let Some(return_to) = transaction_return_to(plaintext, "/auth") {
        assert_stays("https://shop.example/auth/callback", &return_to, "/auth");
    }
}

fn some_text(which: u8) -> &'static str {
    let texts = GENUINE.iter().chain(FOREIGN.iter());
    let which = usize::from(which.wrapping_sub(b'0')) % (GENUINE.len() + FOREIGN.len());
    let mut texts = texts.skip(which).map(|sealed| sealed.text.as_str());
    texts.next().expect("one of them")
}
