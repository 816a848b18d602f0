//! Cookie headers, one a line, against a reader of the plainest kind; then the same
//! bytes as a value that is split into cookies and read again.

#![no_main]

use std::array;

use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::fuzzing::{
    Names, present_chunks, read_cookie, read_matching, read_single, split_cookie,
};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (session, id_token) = (names("__Host-s"), names("__Secure-i"));
    let headers = headers(data.split(|byte| *byte == b'\n'));
    let pairs = pairs(&headers);
    for names in [&session, &id_token] {
        let found = read_cookie(&headers, names).map_err(drop);
        assert_eq!(found, assembled(&headers, &pairs, names), "{names:?}");
    }
    for name in ["__Host-t-attempt-1-0a", "x", ""] {
        let found = read_single(&headers, name).map_err(drop);
        let values = values(&pairs, name);
        let expected = match values.as_slice() {
            _ if length(&headers) > MAX_SCANNED => Err(()),
            [] => Ok(None),
            [one] => Ok(Some(one.to_vec())),
            _ => Err(()),
        };
        assert_eq!(found, expected, "{name}");
    }
    attempts(&headers, &pairs);
    round_trip(data, &session);
});

/// What the chunks are together: each once, all there, none too long.
fn assembled(
    headers: &HeaderMap,
    pairs: &[(&[u8], &[u8])],
    names: &Names,
) -> Result<Option<Vec<u8>>, ()> {
    let present: Vec<usize> = (0..names.len())
        .filter(|chunk| !values(pairs, &names[*chunk]).is_empty())
        .collect();
    if length(headers) > MAX_SCANNED {
        assert_eq!(present_chunks(headers, names), [0, 1, 2, 3]);
        return Err(());
    }
    assert_eq!(present_chunks(headers, names), present);
    let Some(first) = values(pairs, &names[0]).first().copied() else {
        return Ok(None);
    };
    let count = match first.first() {
        Some(digit @ b'1'..=b'4') => usize::from(digit - b'0'),
        _ => return Err(()),
    };
    let mut text = Vec::new();
    for name in &names[..count] {
        match values(pairs, name).as_slice() {
            [value] if name.len() + value.len() <= MAX_COOKIE => text.extend_from_slice(value),
            _ => return Err(()),
        }
    }
    text.remove(0);
    Ok(Some(text))
}

fn attempts(headers: &HeaderMap, pairs: &[(&[u8], &[u8])]) {
    let (before, after) = ("__Host-t-", "-0a");
    let found = read_matching(headers, before, after);
    assert!(found.len() <= MAX_MATCHES);
    for (attempt, value) in &found {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(
            !attempt.is_empty() && attempt.chars().all(plain),
            "{attempt:?}"
        );
        let name = format!("{before}{attempt}{after}");
        assert!(
            values(pairs, &name).contains(&value.as_slice()),
            "{attempt}"
        );
    }
}

fn round_trip(data: &[u8], names: &Names) {
    let times = usize::from(data.first().copied().unwrap_or_default()) % 32;
    let value = URL_SAFE_NO_PAD.encode_to_string(data.repeat(times));
    let Ok(mut cookies) = split_cookie(&value, names) else {
        assert!(value.len() > 3 * MAX_COOKIE, "{} bytes", value.len());
        return;
    };
    assert!(
        cookies
            .iter()
            .all(|(name, value)| name.len() + value.len() <= MAX_COOKIE)
    );
    if times % 2 == 1 {
        cookies.reverse();
    }
    let lines: Vec<String> = cookies
        .iter()
        .map(|(name, value)| format!("a=1;{name}={value} ; b"))
        .collect();
    let headers = headers(lines.iter().map(String::as_bytes));
    assert_eq!(read_cookie(&headers, names), Ok(Some(value.into_bytes())));
}

fn names(kind: &str) -> Names {
    array::from_fn(|chunk| match chunk {
        0 => format!("{kind}-0a"),
        _ => format!("{kind}{chunk}-0a"),
    })
}

fn headers<'d>(lines: impl Iterator<Item = &'d [u8]>) -> HeaderMap {
    let values = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    values.map(|value| (COOKIE, value)).collect()
}

fn length(headers: &HeaderMap) -> usize {
    headers.values().map(HeaderValue::len).sum()
}

fn pairs(headers: &HeaderMap) -> Vec<(&[u8], &[u8])> {
    let parts = headers
        .values()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    parts
        .filter_map(|part| {
            let equals = part.iter().position(|byte| *byte == b'=')?;
            Some((trimmed(&part[..equals]), trimmed(&part[equals + 1..])))
        })
        .collect()
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let ink = |byte: &u8| *byte != b' ' && *byte != b'\t';
    match (bytes.iter().position(ink), bytes.iter().rposition(ink)) {
        (Some(first), Some(last)) => &bytes[first..=last],
        _ => &[],
    }
}

fn values<'d>(pairs: &[(&[u8], &'d [u8])], name: &str) -> Vec<&'d [u8]> {
    let named = pairs.iter().filter(|(found, _)| *found == name.as_bytes());
    named.map(|(_, value)| *value).collect()
}

/// The limits of the core, written down once more.
const MAX_COOKIE: usize = 3800;
const MAX_MATCHES: usize = 64;
const MAX_SCANNED: usize = 64 * 1024;
