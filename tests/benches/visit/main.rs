//! What it costs to know who a visitor is: `cargo bench -p ciam-tests --bench visit`.
//!
//! In process, without sockets, in one run: the bare route, a layer that does nothing, the
//! limit written by hand, and ours. `docs/performance.md` says how to read the tables.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use ciam_axum::Ciam;
use ciam_core::Incoming;
use http::header::COOKIE;
use tokio::runtime::{Builder, Runtime};

#[path = "../support/mod.rs"]
mod support;

mod cookies;
mod empty;
mod limit;
mod subject;
mod table;
mod variant;
mod variants;

use cookies::{Cookie, Cookies};
use limit::Limit;
use support::provider::FixedProvider;
use support::rounds::Samples;
use support::sign_in::{Callback, config};
use variant::{Place, Variant};
use variants::variants;

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let (ciam, session) = runtime.block_on(sign_in());
    let limit = Limit::new();
    let cookies = Cookies::new(&session, &limit.seal(&claims(&ciam, &session)));
    let places = PLACES.map(|(place, _)| variants(place, &ciam, &limit));

    let all = places.iter().flatten();
    let wrong: Vec<String> = all
        .filter_map(|variant| variant.check(&runtime, &cookies).err())
        .collect();
    if !wrong.is_empty() {
        eprintln!("wrong answers:\n{}", wrong.join("\n"));
        return ExitCode::FAILURE;
    }
    println!("Every variant answers as it should.\n");
    let arguments: Vec<String> = env::args().collect();
    if let Some(only) = arguments.iter().position(|argument| argument == "--only") {
        // One variant and nothing else, for callgrind, perf and the like.
        let name = arguments.get(only + 1).map_or("", String::as_str);
        let rounds = arguments
            .get(only + 2)
            .and_then(|rounds| rounds.parse().ok());
        for variant in places[1].iter().filter(|variant| variant.name == name) {
            for _ in 0..rounds.unwrap_or(1) {
                variant.run(&runtime, &cookies)(10_000);
            }
        }
    } else if arguments.iter().any(|argument| argument == "--bench") {
        measure(&runtime, &places, &cookies);
    }
    ExitCode::SUCCESS
}

/// A handle, and the cookie of somebody who signed in through it.
async fn sign_in() -> (Ciam, String) {
    let provider = Arc::new(FixedProvider::new(PROVIDER));
    let config = config(PROVIDER).with_http_client(provider.clone());
    let ciam = Ciam::new(config.build().expect("a valid configuration"));
    let callback = Callback::prepare(&ciam, &provider).await;
    let response = ciam.respond(callback.request()).await;
    (ciam, Callback::session_cookie(&response))
}

/// What is in the session: the limit seals the same.
fn claims(ciam: &Ciam, session: &str) -> Vec<u8> {
    let request = http::Request::get("/").header(COOKIE, session).body(());
    let request = request.expect("a request");
    let visit = ciam.visit(Incoming {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
    });
    let visit = visit.expect("nobody else's doing");
    let user = visit.user().expect("it opens").expect("signed in");
    user.claims().json().to_vec()
}

fn measure(runtime: &Runtime, places: &[Vec<Variant>], cookies: &Cookies) {
    let all = || places.iter().flatten();
    let allocations: Vec<i64> = all()
        .map(|variant| variant.allocations(runtime, cookies))
        .collect();
    let mut runs: Vec<_> = all().map(|variant| variant.run(runtime, cookies)).collect();
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| {
        samples = Samples::take(&mut runs, ROUNDS, REQUESTS);
    });

    let length = |cookie| cookies.request(cookie).headers()[COOKIE].len();
    println!(
        "{ROUNDS} rounds of {REQUESTS} requests each. Cookie header: ours {} bytes, the limit's {}.\n",
        length(Cookie::Session),
        length(Cookie::Limit)
    );
    println!(
        "What is added is the difference of the fastest rounds; in brackets, the median of \
         the differences within a round.\n"
    );
    let mut first = 0;
    for (variants, (_, title)) in places.iter().zip(PLACES) {
        println!("### {title}\n");
        let own = &allocations[first..first + variants.len()];
        table::print(variants, first, &samples, own);
        first += variants.len();
    }
}

const PLACES: [(Place, &str); 2] = [
    (Place::Route, "Layer in the router (`Router::layer`)"),
    (Place::Around, "Layer around the router (a tower service)"),
];

/// Never asked over a network.
const PROVIDER: &str = "https://aaaabbbb-0000-cccc-1111-dddd2222eeee.login.example/\
    aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0";

/// So many that every subject has the machine for itself in some.
const ROUNDS: usize = 600;

/// So few that they fit into a time slice.
const REQUESTS: usize = 200;
