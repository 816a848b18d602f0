//! The figures as tables.

use crate::load::{SHARE, Sample};
use crate::variants::{
    ACTIX_BARE_TOKEN, ACTIX_CALLER, ACTIX_CLAIMS, ACTIX_JWT_AUTH, ACTIX_LIMIT, ACTIX_SESSION,
    ACTIX_USER, AXUM_BARE_TOKEN, AXUM_CALLER, AXUM_CLAIMS, AXUM_JWKS, AXUM_LIMIT, AXUM_USER,
    JWT_AUTHORIZER, NODE_JOSE, TOWER_OAUTH2, TOWER_SESSIONS, Variant,
};

pub(crate) fn print(variants: &[Variant], samples: &[Vec<Sample>]) {
    let find = |id: &str| variants.iter().position(|variant| variant.id == id);
    println!("| | | requests/s, median | min–max | of bare | CPU µs per request | of its core |");
    println!("|---|---|---|---|---|---|---|");
    let mut disturbed = false;
    for (variant, own) in variants.iter().zip(samples) {
        let bare = find(variant.base());
        let share = bare.map(|bare| ratio(own, &samples[bare], |sample| sample.rate));
        let valid = own.iter().all(Sample::is_valid);
        disturbed |= !valid;
        let rates = || own.iter().map(|sample| sample.rate / 1000.0);
        println!(
            "| {} | {} | {:.1} k | {:.1}–{:.1} k | {} | {:.1} | {:.2}{} |",
            variant.framework,
            variant.name,
            median(rates()),
            rates().fold(f64::INFINITY, f64::min),
            rates().fold(0.0, f64::max),
            share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}")),
            median(own.iter().map(|sample| sample.cpu)),
            median(own.iter().map(|sample| sample.share)),
            if valid { "" } else { " (!)" },
        );
    }
    if disturbed {
        println!(
            "\n(!) It had less than {SHARE} of its core in some round: its processor was not what \
             limited it. Not a valid figure."
        );
    }
    let mut expectations = EXPECTATIONS
        .iter()
        .filter_map(|expectation| Some((expectation, find(expectation.1)?, find(expectation.2)?)))
        .peekable();
    if expectations.peek().is_none() {
        return;
    }
    println!("\n| | expected | requests/s | CPU time |");
    println!("|---|---|---|---|");
    for ((name, _, _, expected), one, base) in expectations {
        expect(name, *expected, &samples[one], &samples[base]);
    }
    let rate = |variant: &usize| median(samples[*variant].iter().map(|sample| sample.rate));
    let peers = VERIFYING_PEERS.iter().filter_map(|id| find(id));
    let fastest = peers.max_by(|one, other| rate(one).total_cmp(&rate(other)));
    if let (Some(ours), Some(fastest)) = (find(AXUM_CALLER), fastest) {
        let name = format!(
            "axum: repeated token ÷ fastest peer, {}",
            variants[fastest].name
        );
        expect(&name, 4.5, &samples[ours], &samples[fastest]);
    }
}

fn expect(name: &str, expected: f64, one: &[Sample], base: &[Sample]) {
    println!(
        "| {name} | ≥ {expected:.2} | {:.2} | {:.2} |",
        ratio(one, base, |sample| sample.rate),
        ratio(one, base, |sample| 1.0 / sample.cpu),
    );
}

/// The median of the ratios within a round.
fn ratio(one: &[Sample], base: &[Sample], figure: impl Fn(&Sample) -> f64) -> f64 {
    let pairs = one.iter().zip(base);
    median(pairs.map(|(one, base)| figure(one) / figure(base)))
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The shares of bare cancel out where both sides are of one framework.
const EXPECTATIONS: [(&str, &str, &str, f64); 10] = [
    (
        "axum: `User` ÷ tower-sessions in memory",
        AXUM_USER,
        TOWER_SESSIONS,
        1.0,
    ),
    (
        "axum: `Claims<T>` ÷ tower-sessions in memory",
        AXUM_CLAIMS,
        TOWER_SESSIONS,
        1.0,
    ),
    (
        "actix: `User` ÷ actix-session, encrypted cookie",
        ACTIX_USER,
        ACTIX_SESSION,
        1.5,
    ),
    (
        "actix: `Claims<T>` ÷ actix-session, encrypted cookie",
        ACTIX_CLAIMS,
        ACTIX_SESSION,
        1.5,
    ),
    ("axum: `User` ÷ limit", AXUM_USER, AXUM_LIMIT, 0.9),
    ("axum: `Claims<T>` ÷ limit", AXUM_CLAIMS, AXUM_LIMIT, 0.9),
    ("actix: `User` ÷ limit", ACTIX_USER, ACTIX_LIMIT, 0.9),
    ("actix: `Claims<T>` ÷ limit", ACTIX_CLAIMS, ACTIX_LIMIT, 0.9),
    (
        "axum: repeated token ÷ bare",
        AXUM_CALLER,
        AXUM_BARE_TOKEN,
        0.9,
    ),
    (
        "actix: repeated token ÷ bare",
        ACTIX_CALLER,
        ACTIX_BARE_TOKEN,
        0.68,
    ),
];

/// They verify every token.
const VERIFYING_PEERS: [&str; 5] = [
    AXUM_JWKS,
    TOWER_OAUTH2,
    JWT_AUTHORIZER,
    ACTIX_JWT_AUTH,
    NODE_JOSE,
];
