//! What is refused costs less than what is let in: no more allocations, and fewer bytes.
//!
//! Beside them there is one pass over the text of at most 64 KB, and the signature where
//! the header names a key: what a valid token of that length costs, too.

use std::fmt::Write as _;

use allocation_counter::{AllocationInfo, measure};
use base64_simd::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::bench::{Bench, ISSUER};

/// `Authorization` headers, and the query of the address.
struct Bad {
    name: &'static str,
    headers: Vec<Vec<u8>>,
    query: Option<&'static str>,
    status: u16,
    against: Valid,
}

/// A valid token that was not seen before.
#[derive(Clone, Copy, PartialEq)]
enum Valid {
    /// As a customer tenant issues them.
    Usual,
    /// As long as the bad one.
    AsLong,
    /// The same, and of the same signature, which is what both cost most: only the
    /// provider can make such a one.
    AsSigned,
}

#[test]
fn what_is_refused_costs_less_than_what_is_let_in() {
    let bench = Bench::new();
    warm_up(&bench);
    let usual = valid(&bench, 0);
    let mut table = String::new();
    let mut dearer = Vec::new();
    row(&mut table, "a valid token, not seen before", usual);
    let mut all = unread(&bench);
    all.extend(unverified(&bench));
    all.extend(signed(&bench));
    for bad in &all {
        let headers: Vec<&[u8]> = bad.headers.iter().map(Vec::as_slice).collect();
        let valid = match bad.against {
            Valid::Usual => usual,
            Valid::AsLong | Valid::AsSigned => {
                let length = headers.iter().map(|header| header.len()).sum();
                let more = usize::saturating_sub(length, bench.usual(0).len()) * 3 / 4 + 8;
                assert!(bench.usual(more).len() >= length, "{}", bad.name);
                valid(&bench, more)
            }
        };
        let costs = (0..5).map(|_| cost(&bench, &headers, bad.query, Err(bad.status)));
        let bad_one = least(costs);
        row(&mut table, bad.name, bad_one);
        // The JSON reader makes an error at each level that it comes back from.
        let more = match bad.against {
            Valid::AsSigned => 128,
            _ => 0,
        };
        let is_less = bad_one.count_total <= valid.count_total + more
            && bad_one.bytes_total < valid.bytes_total;
        if !is_less {
            dearer.push(format!("{}: {bad_one:?}, valid: {valid:?}", bad.name));
        }
    }
    println!("{table}");
    assert!(dearer.is_empty(), "{}", dearer.join("\n"));
    assert!(all.len() >= 30, "{}", all.len());
}

#[test]
fn nothing_is_kept_or_allocated_for_what_is_too_long() {
    let bench = Bench::new();
    let of = |size: usize| format!("Bearer {}", ".".repeat(size)).into_bytes();
    let (long, longer) = (of(65_537), of(8_000_000));
    let long = cost(&bench, &[&long], None, Err(401));
    let longer = cost(&bench, &[&longer], None, Err(401));
    assert_eq!(long, longer, "its length is all that is looked at");
    assert_eq!(long.bytes_current, 0);
}

/// Refused for their length, their characters or their number.
fn unread(bench: &Bench) -> Vec<Bad> {
    let good = bench.usual(0);
    let token = good.strip_prefix("Bearer ").expect("its scheme");
    let long = bench.usual(800_000);
    let text = |name, text: String, status| Bad::new(name, text.into_bytes(), status);
    vec![
        text("a signed token of 1 MB", long, 401),
        text(
            "a megabyte of letters",
            format!("Bearer {}", "a".repeat(1_000_000)),
            401,
        ),
        text(
            "three million dots",
            format!("Bearer {}", ".".repeat(3_000_000)),
            401,
        ),
        text(
            "a megabyte of spaces",
            format!("Bearer{}", " ".repeat(1_000_000)),
            401,
        ),
        text(
            "a megabyte of percent signs",
            format!("Bearer {}", "%".repeat(1_000_000)),
            401,
        ),
        text(
            "a megabyte of another scheme",
            format!("Basic {}", "a".repeat(1_000_000)),
            401,
        ),
        text("60,000 dots", format!("Bearer {}", ".".repeat(60_000)), 401),
        text(
            "60,000 letters",
            format!("Bearer {}", "a".repeat(60_000)),
            401,
        ),
        text("percent-encoded dots", good.replace('.', "%2E"), 400),
        text("letters that are not ASCII", format!("{good}\u{e9}"), 400),
        Bad::new(
            "bytes that are not UTF-8",
            [good.as_bytes(), b"\xff"].concat(),
            400,
        ),
        text("an empty token", "Bearer ".to_owned(), 400),
        text("no token", "Bearer".to_owned(), 400),
        text("two tokens", format!("{good} {token}"), 400),
        text("no scheme", token.to_owned(), 401),
        Bad {
            headers: vec![good.clone().into_bytes(), good.clone().into_bytes()],
            ..text("two headers", String::new(), 400)
        },
        Bad {
            query: Some("access_token=a.b.c"),
            ..text("one in the header, one in the query", good, 400)
        },
        Bad {
            headers: Vec::new(),
            query: Some("access_token=a.b.c"),
            ..text("one in the query", String::new(), 401)
        },
    ]
}

/// Refused without a signature.
fn unverified(bench: &Bench) -> Vec<Bad> {
    let good = bench.usual(0);
    let (_, body) = good.split_once('.').expect("segments");
    let with = |header: &str| format!("Bearer {}.{body}", encoded(header));
    let text = |name, text: String| Bad::new(name, text.into_bytes(), 401);
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let names: String = (0..450).map(|n| format!("\"a{n}\":0,")).collect();
    let long = encoded(&bench.claims(40_000).to_string());
    let nested = encoded(&format!("{{\"iss\":\"{ISSUER}\",\"a\":{}}}", deep(20_000)));
    vec![
        text("no JSON", with("no JSON")),
        text(
            "a deep header",
            with(&format!("{{\"alg\":\"RS256\",\"a\":{}}}", deep(2_500))),
        )
        .for_its_length(),
        text(
            "a member twice",
            with(r#"{"alg":"RS256","alg":"RS256","kid":"rsa"}"#),
        ),
        text(
            "450 members, one twice",
            with(&format!("{{{names}\"a0\":0}}")),
        )
        .for_its_length(),
        text(
            "a header of 16 KB",
            with(&format!("{{\"a\":\"{}\"}}", "a".repeat(12_000))),
        ),
        text("alg none", with(r#"{"alg":"none"}"#)),
        text("alg HS256", with(r#"{"alg":"HS256","kid":"rsa"}"#)),
        text("an unknown alg", with(r#"{"alg":"XX999"}"#)),
        text("crit", with(r#"{"alg":"RS256","crit":["exp"]}"#)),
        text(
            "encrypted",
            format!("{}.a.b", with(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)),
        ),
        text(
            "another type",
            with(r#"{"alg":"RS256","kid":"rsa","typ":"logout+jwt"}"#),
        ),
        text("an unknown key", with(r#"{"alg":"RS256","kid":"unknown"}"#)),
        text("an unknown key, 50 KB", {
            format!(
                "Bearer {}.{long}.AAAA",
                encoded(r#"{"alg":"RS256","kid":"unknown"}"#)
            )
        })
        .for_its_length(),
        text("an unknown key, deep claims", {
            format!(
                "Bearer {}.{nested}.AAAA",
                encoded(r#"{"alg":"RS256","kid":"unknown"}"#)
            )
        })
        .for_its_length(),
        text(
            "a signature of another length",
            with(RSA).replace(&good[good.len() - 9..], ""),
        ),
        text(
            "a signature of another token",
            with(r#"{"alg":"RS256","kid":"rsa"}"#),
        ),
        text(
            "a signature of 50 KB",
            format!("{}{}", with(RSA), "A".repeat(50_000)),
        )
        .for_its_length(),
    ]
}

/// Signed, and refused for what they say.
fn signed(bench: &Bench) -> Vec<Bad> {
    let claims = bench.claims(0).to_string();
    let open = claims.strip_suffix('}').expect("an object");
    let signed = |name, payload: &str| {
        let token = bench.rs256(RSA, payload);
        Bad {
            against: Valid::AsSigned,
            ..Bad::new(name, token.into_bytes(), 401)
        }
    };
    let expired = |member: &str, value| {
        let mut claims = bench.claims(0);
        claims[member] = value;
        claims.to_string()
    };
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        signed("signed: a claim twice", &format!("{open},\"sub\":\"b\"}}")),
        signed(
            "signed: deep claims",
            &format!("{open},\"a\":{}}}", deep(20_000)),
        ),
        signed("signed: no object", "[]"),
        signed("signed: a byte order mark", "\u{feff}{}"),
        signed("signed: expired", &expired("exp", json!(1))),
        signed(
            "signed: of another issuer",
            &expired("iss", json!("https://evil.test")),
        ),
        signed("signed: an ID token", &expired("nonce", json!("n"))),
        signed("signed: of another type", &expired("aud", json!(7))),
    ]
}

impl Bad {
    fn new(name: &'static str, header: Vec<u8>, status: u16) -> Self {
        Self {
            name,
            headers: vec![header],
            query: None,
            status,
            against: Valid::Usual,
        }
    }

    fn for_its_length(self) -> Self {
        Self {
            against: Valid::AsLong,
            ..self
        }
    }
}

/// As it goes on: the places of the cache are made, and the budget for unknown keys is
/// used up.
fn warm_up(bench: &Bench) {
    for _ in 0..200 {
        bench
            .call(&[bench.usual(0).as_bytes()], None)
            .expect("valid");
    }
    for number in 0..10 {
        let header = format!(r#"{{"alg":"RS256","kid":"k{number}"}}"#);
        let payload = bench.claims(0).to_string();
        let unknown = bench.rs256(&header, &payload);
        assert_eq!(bench.call(&[unknown.as_bytes()], None), Err(401));
    }
    assert_eq!(bench.requests(), 2 + 4);
}

/// What a valid token costs at least: the cache tidies itself up at times, whoever comes.
fn valid(bench: &Bench, more: usize) -> AllocationInfo {
    let costs = (0..5).map(|_| {
        let token = bench.usual(more);
        cost(bench, &[token.as_bytes()], None, Ok(()))
    });
    least(costs)
}

fn least(costs: impl Iterator<Item = AllocationInfo>) -> AllocationInfo {
    costs.min_by_key(|cost| cost.bytes_total).expect("some")
}

fn cost(
    bench: &Bench,
    headers: &[&[u8]],
    query: Option<&str>,
    expected: Result<(), u16>,
) -> AllocationInfo {
    let mut found = Ok(());
    let counted = measure(|| found = bench.call(headers, query));
    assert_eq!(found, expected);
    counted
}

fn row(table: &mut String, name: &str, cost: AllocationInfo) {
    let (times, bytes) = (cost.count_total, cost.bytes_total);
    let _ = writeln!(table, "{name:<40}{times:>5} allocations {bytes:>8} bytes");
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode_to_string(text)
}

const RSA: &str = r#"{"typ":"JWT","alg":"RS256","kid":"rsa"}"#;
