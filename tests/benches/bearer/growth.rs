//! What a request costs by the number of callers: distinct tokens, through a cache of ten
//! thousand, on axum.
//!
//! The tokens are signed with EdDSA, because a million signatures of RSA would take ten
//! minutes. Up to a hundred thousand come again and again, in the same order; of a million
//! each comes once.

use std::hint::black_box;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::Router;
use axum::routing::get;
use ciam_axum::{Ciam, CiamExt as _};
use tokio::runtime::Runtime;

use crate::api::on_axum::{caller, fixed};
use crate::api::tokens::{CACHE, Tokens, ciam, ciam_with_keys};
use crate::support::plot::{self, Kind, Line, Picture, Scale};
use crate::support::provider::key_file;
use crate::support::rounds::{Run, Samples};
use crate::support::subject::{OnAxum, Subject};
use crate::validation::{ed25519_key, eddsa_token};

pub(crate) fn measure(runtime: &Runtime, tokens: &Tokens, keep: bool) -> Result<(), String> {
    println!("| distinct tokens | adds µs, median | adds µs, min |\n|---|---|---|");
    let mut medians = Vec::new();
    for distinct in DISTINCT {
        let samples = samples(runtime, distinct);
        let median = samples.median_of(1, 0, |ours, bare| ours - bare);
        let min = samples.min(1) - samples.min(0);
        println!("| {} | {median:.2} | {min:.2} |", separated(distinct));
        medians.push(median);
    }
    println!();
    let eddsa = Source::new(CACHE as usize);
    let remembered = bytes_per_token(runtime, &ciam_with_keys(key_file("jwks.json")), &eddsa.ring);
    println!(
        "A remembered token of {} bytes (EdDSA) takes {remembered} bytes.",
        eddsa.ring[0].len()
    );
    let remembered = bytes_per_token(runtime, &ciam(), &tokens.ring);
    println!(
        "One of {} bytes (RS256) takes {remembered} bytes.",
        tokens.ring[0].len()
    );

    let places: Vec<String> = DISTINCT.into_iter().map(separated).collect();
    let line = Line {
        label: "axum: what ours adds, a cache of 10,000",
        values: medians,
        kind: Kind::Ours,
    };
    let mut picture = Picture::default();
    let heading = "Microseconds per request by the number of distinct tokens, EdDSA";
    let lines = (Scale::Logarithmic, &[line][..]);
    picture.lines(heading, &places, lines, |value| {
        let precision = usize::from(value.fract() > 0.0);
        format!("{value:.precision$}")
    });
    let path = plot::place("tokens.svg", keep);
    picture.write(&path)?;
    println!("The plot is {}.", path.display());
    Ok(())
}

/// Of the bare route first, then of ours.
fn samples(runtime: &Runtime, distinct: usize) -> Samples {
    let bare = OnAxum(Router::new().route("/", get(fixed)));
    let ciam = ciam_with_keys(key_file("jwks.json"));
    let ours = OnAxum(Router::new().route("/", get(caller)).layer(ciam.layer()));
    let mut of_bare = Source::new(1);
    let mut of_ours = Source::new(distinct);
    let (status, _) = ours.answer(runtime, Some((NAME, &of_ours.next())));
    assert_eq!(status, 200, "the key of EdDSA is there");
    if !of_ours.ring.is_empty() {
        // Twice, so that what can be remembered is.
        for _ in 0..(2 * distinct).div_ceil(TIMES) {
            of_ours.run(runtime, &ours, TIMES);
        }
    }
    let mut runs: [Run<'_>; 2] = [
        Box::new(|times| of_bare.run(runtime, &bare, times)),
        Box::new(|times| of_ours.run(runtime, &ours, times)),
    ];
    let rounds = (distinct / TIMES).max(ROUNDS);
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| samples = Samples::take(&mut runs, rounds, TIMES));
    samples
}

/// What is still there after each token was asked with once.
fn bytes_per_token(runtime: &Runtime, ciam: &Ciam, ring: &[String]) -> i64 {
    let ours = OnAxum(Router::new().route("/", get(caller)).layer(ciam.layer()));
    let (status, _) = ours.answer(runtime, ring.first().map(|token| (NAME, token.as_str())));
    assert_eq!(status, 200, "the provider was asked");
    let counted = allocation_counter::measure(|| {
        for token in &ring[1..] {
            let mut header = [Some((NAME, token.as_str()))].into_iter();
            black_box(ours.prepare(runtime, &mut header)());
        }
    });
    counted.bytes_current / (ring.len() as i64 - 1)
}

/// Authorization headers with distinct tokens, one after the other.
struct Source {
    pair: Ed25519KeyPair,
    /// Signed before, or none: then each is new.
    ring: Vec<String>,
    next: usize,
}

impl Source {
    fn new(distinct: usize) -> Self {
        let pair = ed25519_key();
        let signed = if distinct <= MOST_SIGNED { distinct } else { 0 };
        let ring = (0..signed).map(|number| bearer(&pair, number)).collect();
        Self {
            pair,
            ring,
            next: 0,
        }
    }

    fn next(&mut self) -> String {
        let number = self.next;
        self.next += 1;
        match self.ring.len() {
            0 => bearer(&self.pair, number),
            length => self.ring[number % length].clone(),
        }
    }

    fn run(
        &mut self,
        runtime: &Runtime,
        subject: &dyn Subject,
        times: usize,
    ) -> std::time::Duration {
        let tokens: Vec<String> = (0..times).map(|_| self.next()).collect();
        let mut headers = tokens.iter().map(|token| Some((NAME, token.as_str())));
        subject.prepare(runtime, &mut headers)()
    }
}

fn bearer(pair: &Ed25519KeyPair, number: usize) -> String {
    format!("Bearer {}", eddsa_token(pair, number))
}

/// With commas.
fn separated(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).expect("digits"))
        .collect();
    groups.join(",")
}

const NAME: &str = "authorization";

const DISTINCT: [usize; 7] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/// So many take 0.1 GB.
const MOST_SIGNED: usize = 100_000;

/// At least: every token in turn where there are more.
const ROUNDS: usize = 400;
const TIMES: usize = 100;
