//! What it costs an API to know who calls: `cargo bench -p ciam-tests --bench bearer`.
//!
//! In process, without sockets, in one run: the bare route, the limit written by hand, and
//! ours, with a token that comes again and with every token new; and what validation adds
//! to a signature. After `--`: `--only axum NAME ROUNDS` runs one variant, for a profiler.

use std::env;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

#[path = "../api/mod.rs"]
mod api;
#[path = "../support/mod.rs"]
#[allow(dead_code)] // what the other benchmarks measure with
mod support;

mod on_actix;
mod on_axum;
mod table;
mod validation;
mod variant;

use api::tokens::Tokens;
use support::rounds::Samples;
use variant::Variant;

fn main() -> ExitCode {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let tokens = Tokens::new();
    let groups = [
        ("axum", on_axum::variants()),
        ("actix", on_actix::variants(&runtime)),
    ];
    let validations = validation::all();

    let all = groups.iter().flat_map(|(_, variants)| variants);
    let wrong: Vec<String> = all
        .filter_map(|variant| variant.check(&runtime, &tokens).err())
        .collect();
    if !wrong.is_empty() {
        eprintln!("wrong answers:\n{}", wrong.join("\n"));
        return ExitCode::FAILURE;
    }
    println!("Every variant answers as it should.\n");
    let arguments: Vec<String> = env::args().collect();
    if let Some(only) = arguments.iter().position(|argument| argument == "--only") {
        return run_one(&runtime, &groups, &tokens, &arguments[only + 1..]);
    }
    // `cargo bench` says so; `cargo test --benches` wants no more than the check.
    if arguments.iter().any(|argument| argument == "--bench") {
        println!("The token has {} bytes.\n", tokens.repeated.len());
        for (framework, variants) in &groups {
            println!("### {framework}\n");
            measure(&runtime, variants, &tokens);
        }
        println!("### validation\n");
        validation::measure(&validations);
    }
    ExitCode::SUCCESS
}

/// One variant and nothing else, for callgrind, perf and the like.
fn run_one(
    runtime: &Runtime,
    groups: &[(&str, Vec<Variant>)],
    tokens: &Tokens,
    arguments: &[String],
) -> ExitCode {
    let [framework, name, rounds] = arguments else {
        eprintln!("--only FRAMEWORK NAME ROUNDS");
        return ExitCode::FAILURE;
    };
    let group = groups.iter().find(|(found, _)| found == framework);
    let found = group.and_then(|(_, variants)| variants.iter().find(|v| v.name == name));
    let (Some(variant), Ok(rounds)) = (found, rounds.parse()) else {
        eprintln!("there is no {name} on {framework}, or {rounds} is no number");
        return ExitCode::FAILURE;
    };
    for _ in 0..rounds {
        variant.run(runtime, tokens)(1000);
    }
    ExitCode::SUCCESS
}

fn measure(runtime: &Runtime, variants: &[Variant], tokens: &Tokens) {
    let allocated: Vec<_> = variants
        .iter()
        .map(|variant| variant.allocated(runtime, tokens))
        .collect();
    let mut runs: Vec<_> = variants
        .iter()
        .map(|variant| variant.run(runtime, tokens))
        .collect();
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| {
        samples = Samples::take(&mut runs, ROUNDS, REQUESTS);
    });
    table::print(variants, &samples, &allocated);
}

/// So many that every subject has the machine for itself in some.
const ROUNDS: usize = 400;

/// So few that they fit into a time slice.
const REQUESTS: usize = 100;
