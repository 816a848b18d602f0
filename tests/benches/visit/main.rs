//! What it costs to know who a visitor is: `cargo bench -p ciam-tests --bench visit`.
//!
//! In process, without sockets, in one run: the bare route, a layer that does nothing, the
//! limit written by hand, and ours. `docs/performance.md` says how to read the tables.
//! `-- --instructions` counts those of sessions in memory, beside `tests/instructions.toml`;
//! `--keep` replaces them.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use ciam_core::store::MemoryStore;
use tokio::runtime::{Builder, Runtime};

#[path = "../apps/mod.rs"]
#[allow(dead_code)] // what the other benchmark of it measures with
mod apps;
#[path = "../support/mod.rs"]
#[allow(dead_code)] // what the other benchmarks measure with
mod support;

mod cookies;
mod empty;
mod instructions;
mod on_actix;
mod on_axum;
mod table;
mod variant;

use apps::limit::Limit;
use apps::session::Session;
use cookies::{Cookie, Cookies};
use on_axum::Place;
use support::instructions::count_instructions_of;
use support::rounds::Samples;
use variant::Variant;

/// The variants of one table.
struct Group {
    key: &'static str,
    title: &'static str,
    variants: Vec<Variant>,
}

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let session = Session::new(&runtime);
    let stored = Session::stored(&runtime, Arc::new(MemoryStore::default()));
    let limit = Limit::new();
    let cookies = Cookies::new(&session, &stored, &limit);
    let groups = groups(&runtime, &session, &stored, &limit);

    let all = groups.iter().flat_map(|group| &group.variants);
    let wrong: Vec<String> = all
        .filter_map(|variant| variant.check(&runtime, &cookies).err())
        .collect();
    if !wrong.is_empty() {
        eprintln!("wrong answers:\n{}", wrong.join("\n"));
        return ExitCode::FAILURE;
    }
    println!("Every variant answers as it should.\n");
    let arguments: Vec<String> = env::args().collect();
    for how in ["--only", "--count"] {
        if let Some(only) = arguments.iter().position(|argument| argument == how) {
            return run_one(&runtime, &groups, &cookies, &arguments[only..]);
        }
    }
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--instructions") {
        return match instructions::run(has("--keep")) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if has("--bench") {
        measure(&runtime, &groups, &cookies);
    }
    ExitCode::SUCCESS
}

fn groups(runtime: &Runtime, session: &Session, stored: &Session, limit: &Limit) -> [Group; 3] {
    [
        Group {
            key: "route",
            title: "axum, layer in the router (`Router::layer`)",
            variants: on_axum::variants(Place::Route, session, stored, limit),
        },
        Group {
            key: "around",
            title: "axum, layer around the router (a tower service)",
            variants: on_axum::variants(Place::Around, session, stored, limit),
        },
        Group {
            key: "actix",
            title: "actix, middleware around the application",
            variants: on_actix::variants(runtime, &session.ciam, &stored.ciam, limit),
        },
    ]
}

/// One variant and nothing else, for callgrind, perf and the like.
fn run_one(
    runtime: &Runtime,
    groups: &[Group],
    cookies: &Cookies,
    arguments: &[String],
) -> ExitCode {
    let [how, key, name, times] = arguments else {
        eprintln!(
            "--only GROUP NAME ROUNDS, or --count GROUP NAME REQUESTS, where a group is route, \
             around or actix"
        );
        return ExitCode::FAILURE;
    };
    let group = groups.iter().find(|group| group.key == key);
    let found = group.and_then(|group| group.variants.iter().find(|variant| variant.name == name));
    let (Some(variant), Ok(times)) = (found, times.parse()) else {
        eprintln!("there is no {name} in {key}, or {times} is no number");
        return ExitCode::FAILURE;
    };
    if how == "--count" {
        count_instructions_of(variant.work(runtime, cookies, times));
        return ExitCode::SUCCESS;
    }
    for _ in 0..times {
        variant.run(runtime, cookies)(10_000);
    }
    ExitCode::SUCCESS
}

fn measure(runtime: &Runtime, groups: &[Group], cookies: &Cookies) {
    let all = || groups.iter().flat_map(|group| &group.variants);
    let allocations: Vec<i64> = all()
        .map(|variant| variant.allocations(runtime, cookies))
        .collect();
    let mut runs: Vec<_> = all().map(|variant| variant.run(runtime, cookies)).collect();
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| {
        samples = Samples::take(&mut runs, ROUNDS, REQUESTS);
    });

    let length = |cookie| cookies.header(cookie).map_or(0, str::len);
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
    for group in groups {
        println!("### {}\n", group.title);
        let own = &allocations[first..first + group.variants.len()];
        table::print(&group.variants, first, &samples, own);
        first += group.variants.len();
    }
}

/// So many that every subject has the machine for itself in some.
const ROUNDS: usize = 600;

/// So few that they fit into a time slice.
const REQUESTS: usize = 200;
