//! What a sign-in costs beside the requests it cannot do without:
//! `cargo bench -p ciam-tests --bench sign_in`.
//!
//! Over loopback HTTP, against a provider with fixed answers on the same thread: metadata,
//! code exchange and keys, once as bare reqwest requests that read the same bodies, once as
//! the callback of a sign-in. `docs/performance.md` says how to read the table.

use std::env;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use ciam_core::{Ciam, Config};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

#[path = "../support/mod.rs"]
#[allow(dead_code)] // what the other benchmarks measure with
mod support;

mod bare;

use bare::Bare;
use support::provider::FixedProvider;
use support::rounds::{Run, Samples};
use support::sign_in::{Callback, config};

fn main() -> ExitCode {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    let (origin, provider) = runtime.block_on(serve());
    let config = config(&origin).build().expect("a valid configuration");
    let ciam = Ciam::new(config.clone());
    let callback = runtime.block_on(Callback::prepare(&ciam, &provider));

    let answer = runtime.block_on(ciam.respond(callback.request()));
    if answer.status() != StatusCode::SEE_OTHER {
        eprintln!("nobody is signed in: {answer:?}");
        return ExitCode::FAILURE;
    }
    let session = Callback::session_cookie(&answer);
    println!(
        "A sign-in sets a session cookie of {} bytes.\n",
        session.len()
    );
    // `cargo bench` says so; `cargo test --benches` wants no more than the check.
    if env::args().any(|argument| argument == "--bench") {
        measure(&runtime, &origin, &config, &callback);
    }
    ExitCode::SUCCESS
}

fn measure(runtime: &Runtime, origin: &str, config: &Config, callback: &Callback) {
    let open = Bare::new();
    let known = Ciam::new(config.clone());
    let first_bare = || timed(runtime, async { Bare::new().first(origin).await });
    let first_verified = || {
        timed(runtime, async {
            let answers = Bare::new().first(origin).await;
            bare::verify(&answers)
        })
    };
    let first_ours = || {
        let ciam = Ciam::new(config.clone());
        timed(runtime, ciam.respond(callback.request()))
    };
    let later_bare = || timed(runtime, open.later(origin));
    let later_ours = || timed(runtime, known.respond(callback.request()));
    let mut subjects: [Run<'_>; 5] = [
        Box::new(|times| repeat(times, first_bare)),
        Box::new(|times| repeat(times, first_verified)),
        Box::new(|times| repeat(times, first_ours)),
        Box::new(|times| repeat(times, later_bare)),
        Box::new(|times| repeat(times, later_ours)),
    ];
    let samples = Samples::take(&mut subjects, ROUNDS, TIMES);
    println!("{ROUNDS} rounds of {TIMES} sign-ins each; µs.\n");
    println!("| | of the bare requests | µs, min | µs, median |");
    println!("|---|---|---|---|");
    for (subject, (name, bare)) in NAMES.into_iter().enumerate() {
        println!(
            "| {name} | {:.2} ({:.2}) | {:.0} | {:.0} |",
            samples.min(subject) / samples.min(bare),
            samples.median_of(subject, bare, |one, bare| one / bare),
            samples.min(subject),
            samples.median(subject),
        );
    }
}

fn repeat(times: usize, once: impl Fn() -> Duration) -> Duration {
    (0..times).map(|_| once()).sum()
}

/// What is made on the way is dropped when the time is taken.
fn timed<T>(runtime: &Runtime, work: impl Future<Output = T>) -> Duration {
    runtime.block_on(async {
        let started = Instant::now();
        let made = work.await;
        let took = started.elapsed();
        drop(made);
        took
    })
}

/// Where the provider is. It answers on the thread that asks: nobody waits for another
/// core to wake up.
async fn serve() -> (String, Arc<FixedProvider>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let origin = format!("http://{address}");
    let provider = Arc::new(FixedProvider::new(&origin));
    let answering = Arc::clone(&provider);
    let answer = move |request: Request| {
        let response = answering.answer(request.uri().path());
        std::future::ready(response.map(Body::from))
    };
    let server = axum::serve(listener, Router::new().fallback(answer));
    tokio::spawn(server.into_future());
    (origin, provider)
}

/// Each with the number of the one it is compared with.
const NAMES: [(&str, usize); 5] = [
    ("first sign-in: 3 bare requests", 0),
    ("first sign-in: 3 bare requests, signature checked", 0),
    ("first sign-in, ours", 0),
    ("later sign-in: 1 bare request, connection open", 3),
    ("later sign-in, ours", 3),
];

const ROUNDS: usize = 500;
const TIMES: usize = 4;
