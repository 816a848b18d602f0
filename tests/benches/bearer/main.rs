//! What it costs an API to know who calls: `cargo bench -p ciam-tests --bench bearer`.
//!
//! In process, without sockets, in one run: the bare route, the limit written by hand, ours,
//! and the peers of `tests/peers`, with a token that comes again and with every token new;
//! and what validation adds to a signature. After `--` something else:
//!
//! - `--growth`: by the number of distinct tokens; `--keep` replaces the plot in `docs`;
//! - `--instructions`: beside those of `tests/instructions.toml`; `--keep` replaces them;
//! - `--only axum NAME REQUESTS`: one variant, for a profiler.

use std::process::ExitCode;
use std::{env, fs};

use tokio::runtime::{Builder, Runtime};

#[path = "../api/mod.rs"]
mod api;
#[path = "../support/mod.rs"]
#[allow(dead_code)] // what the other benchmarks measure with
mod support;

mod growth;
mod instructions;
mod on_actix;
mod on_axum;
mod peer;
mod table;
mod validation;
mod variant;

use api::tokens::Tokens;
use support::instructions::count_instructions_of;
use support::keys;
use support::rounds::Samples;
use table::Figures;
use variant::Variant;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let after = |name: &str| {
        let position = arguments.iter().position(|argument| argument == name);
        position.map(|position| &arguments[position + 1..])
    };
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let tokens = match after("--tokens") {
        Some(file) => {
            let file = file.first().ok_or("--tokens FILE")?;
            let lines = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
            Tokens::from_lines(&lines)
        }
        None => Tokens::new(),
    };
    let mut on_axum = on_axum::variants();
    let on_actix = on_actix::variants(&runtime);
    if let Some(arguments) = after("--only") {
        return run_one(&runtime, &on_axum, &on_actix, &tokens, arguments);
    }
    check(&runtime, on_axum.iter().chain(&on_actix), &tokens)?;
    let validations = validation::all();
    // `cargo bench` says so; `cargo test --benches` wants no more than the check.
    if !has("--bench") {
        return Ok(());
    }
    if has("--growth") {
        return growth::measure(&runtime, &tokens, has("--keep"));
    }
    if has("--instructions") {
        return instructions::run(&tokens, has("--keep"));
    }
    let peers = peer::variants(&keys::serve(), &tokens)?;
    check(&runtime, peers.iter(), &tokens)?;
    on_axum.extend(peers);
    println!("The token has {} bytes.\n", tokens.repeated.len());
    println!("### axum\n");
    let figures = measure(&runtime, &on_axum, &tokens);
    figures.print();
    figures.print_expected();
    println!("### actix\n");
    measure(&runtime, &on_actix, &tokens).print();
    println!("### validation\n");
    validation::measure(&validations);
    Ok(())
}

fn check<'a>(
    runtime: &Runtime,
    variants: impl Iterator<Item = &'a Variant>,
    tokens: &Tokens,
) -> Result<(), String> {
    let checked = variants.map(|variant| variant.check(runtime, tokens));
    let wrong: Vec<String> = checked.filter_map(Result::err).collect();
    if !wrong.is_empty() {
        return Err(format!("wrong answers:\n{}", wrong.join("\n")));
    }
    println!("Every variant answers as it should.\n");
    Ok(())
}

/// One variant and nothing else, for callgrind, perf and the like.
fn run_one(
    runtime: &Runtime,
    on_axum: &[Variant],
    on_actix: &[Variant],
    tokens: &Tokens,
    arguments: &[String],
) -> Result<(), String> {
    let [framework, name, requests] = arguments else {
        return Err("--only FRAMEWORK NAME REQUESTS".to_owned());
    };
    let group = if framework == "axum" {
        on_axum
    } else {
        on_actix
    };
    let variant = group.iter().find(|variant| variant.name == name);
    let variant = variant.ok_or_else(|| format!("there is no {name} on {framework}"))?;
    let requests = requests.parse();
    let requests = requests.map_err(|error| format!("{arguments:?}: {error}"))?;
    // What is remembered of the repeated token then is.
    variant.check(runtime, tokens)?;
    let work = variant.work(runtime, tokens, requests);
    count_instructions_of(work.ok_or("it is not of this process")?);
    Ok(())
}

fn measure<'a>(runtime: &Runtime, variants: &'a [Variant], tokens: &Tokens) -> Figures<'a> {
    let allocated = variants.iter();
    let allocated = allocated.map(|variant| variant.allocated(runtime, tokens));
    let allocated = allocated.collect();
    let runs = variants.iter().map(|variant| variant.run(runtime, tokens));
    let mut runs: Vec<_> = runs.collect();
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| {
        samples = Samples::take(&mut runs, ROUNDS, REQUESTS);
    });
    Figures {
        variants,
        samples,
        allocated,
    }
}

/// So many that every subject has the machine for itself in some.
const ROUNDS: usize = 400;

/// So few that they fit into a time slice.
const REQUESTS: usize = 100;
