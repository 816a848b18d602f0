//! Answers requests without a socket, for `cargo bench -p ciam-tests --bench bearer`, which
//! asks it in turn with its own variants. Each line of the standard input is one of these,
//! and all but the first are answered by a line:
//!
//! - `token SET AUTHORIZATION` adds to the headers that requests of this set have in turn;
//! - `ask VARIANT [AUTHORIZATION]`: status and body;
//! - `time VARIANT SET TIMES`: nanoseconds for as many requests;
//! - `count VARIANT SET TIMES`: how often as many requests allocate, and how many bytes.

use std::collections::HashMap;
use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use allocation_counter::{measure, opt_out};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// Until the input ends.
pub(crate) fn serve(runtime: &Runtime, variants: Vec<(&'static str, Router)>) {
    let variants: HashMap<_, _> = variants.into_iter().collect();
    let variant = |name: &str| variants.get(name).expect("a variant's name");
    let mut sets: HashMap<String, Set> = HashMap::new();
    for line in io::stdin().lines() {
        let line = line.expect("a line");
        let (command, rest) = line.split_once(' ').expect("a command");
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if command == "token" {
            let set = sets.entry(name.to_owned()).or_default();
            set.headers.push(rest.to_owned());
            continue;
        }
        if command == "ask" {
            println!("{}", ask(runtime, variant(name), rest));
            continue;
        }
        let (set, times) = rest.split_once(' ').expect("a set and a number");
        let set = sets.get_mut(set).expect("a set's name");
        let requests = set.requests(times.parse().expect("a number"));
        let mut took = Duration::ZERO;
        if command == "time" {
            opt_out(|| took = run(runtime, variant(name), requests));
            println!("{}", took.as_nanos());
        } else {
            let counted = measure(|| {
                run(runtime, variant(name), requests);
            });
            println!("{} {}", counted.count_total, counted.bytes_total);
        }
    }
}

#[derive(Default)]
struct Set {
    headers: Vec<String>,
    next: usize,
}

impl Set {
    fn requests(&mut self, times: usize) -> Vec<Request<Body>> {
        let requests = (0..times).map(|_| {
            let header = &self.headers[self.next];
            self.next = (self.next + 1) % self.headers.len();
            request(header)
        });
        requests.collect()
    }
}

/// The same as the benchmark's own.
fn request(authorization: &str) -> Request<Body> {
    let request = Request::get(PATH)
        .header(HOST, "shop.example")
        .header(CONNECTION, "keep-alive")
        .header(ACCEPT, "*/*");
    let request = match authorization {
        "" => request,
        value => request.header(AUTHORIZATION, value),
    };
    request.body(Body::empty()).expect("a request")
}

fn run(runtime: &Runtime, router: &Router, requests: Vec<Request<Body>>) -> Duration {
    runtime.block_on(async {
        let started = Instant::now();
        for request in requests {
            let _ = black_box(router.clone().oneshot(request).await);
        }
        started.elapsed()
    })
}

fn ask(runtime: &Runtime, router: &Router, authorization: &str) -> String {
    runtime.block_on(async {
        let Ok(response) = router.clone().oneshot(request(authorization)).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 64 * 1024).await;
        let body = body.expect("a short body");
        format!("{status} {}", String::from_utf8_lossy(&body).escape_debug())
    })
}

const PATH: &str = "/me";
