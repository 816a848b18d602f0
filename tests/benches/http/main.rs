//! What a server costs a request over HTTP: `cargo bench -p ciam-tests --bench http`.
//!
//! `wrk` on one core asks a server on the other: the bare framework, the limit written by
//! hand, ours, and the peers of `tests/peers`. `docs/performance.md` says how to read the
//! tables. After `--`: `--seconds 2`, `--rounds 1` and `--only actix` for a try.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

#[path = "../api/mod.rs"]
#[allow(dead_code)] // what the other benchmark of it measures with
mod api;
#[path = "../apps/mod.rs"]
mod apps;
#[path = "../support/mod.rs"]
#[allow(dead_code)] // what the other benchmarks measure with
mod support;

mod browser;
mod cpu;
mod keys;
mod load;
mod serve;
mod server;
mod table;
mod tools;
mod variants;

use api::tokens;
use apps::limit::Limit;
use apps::session::Session;
use browser::Credentials;
use load::{Load, Sample};
use server::Server;
use variants::{Program, Variant, variants};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let value = |name: &str| {
        let position = arguments.iter().position(|argument| argument == name);
        position.and_then(|position| arguments.get(position + 1))
    };
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let session = Session::new(&runtime);
    if let (Some(variant), Some(address)) = (value("--serve"), value("--listen")) {
        return serve::serve(variant, address, session.ciam);
    }
    let mut variants = variants(&session, &Limit::new(), &tokens::repeated());
    // `cargo bench` says so; `cargo test --benches` wants no more than the check of ours.
    let result = if arguments.iter().any(|argument| argument == "--bench") {
        let number = |name, default| {
            let given = value(name).map(|value| value.parse().expect("a number"));
            given.unwrap_or(default)
        };
        if let Some(only) = value("--only") {
            variants.retain(|variant| variant.id.contains(only.as_str()));
        }
        let (seconds, rounds) = (number("--seconds", SECONDS), number("--rounds", ROUNDS));
        measure(&variants, &session, seconds, rounds)
    } else {
        variants.retain(|variant| variant.program == Program::Ours);
        check(&variants, &session)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn check(variants: &[Variant], session: &Session) -> Result<(), String> {
    let program = [env::current_exe().expect("it runs")];
    let provider = keys::serve();
    for variant in variants {
        let server = Server::start(&program, variant.id, &provider)?;
        checked(&server, variant, session).map_err(|error| format!("{}: {error}", variant.id))?;
    }
    println!("Every variant answers as it should.");
    Ok(())
}

fn measure(
    variants: &[Variant],
    session: &Session,
    seconds: usize,
    rounds: usize,
) -> Result<(), String> {
    tools::install_wrk()?;
    let programs = variants.iter().map(|variant| match variant.program {
        Program::Ours => Ok(vec![env::current_exe().expect("it runs")]),
        Program::Node(name) => tools::install_node_peer(name),
        Program::Peer(name) => tools::build_peer(name).map(|program| vec![program]),
    });
    let programs: Vec<Vec<PathBuf>> = programs.collect::<Result<_, _>>()?;
    let provider = keys::serve();
    eprintln!("load average before: {}", cpu::load_average());
    let mut samples = vec![Vec::with_capacity(rounds); variants.len()];
    for round in 0..rounds {
        for position in 0..variants.len() {
            // A different one first in every round.
            let subject = (position + round) % variants.len();
            let variant = &variants[subject];
            let sample =
                measure_undisturbed(variant, (&programs[subject], &provider), session, seconds)
                    .map_err(|error| format!("{}: {error}", variant.id))?;
            let round = round + 1;
            eprintln!("round {round}, {}: {:.0}/s", variant.id, sample.rate);
            samples[subject].push(sample);
        }
    }
    eprintln!("load average after: {}", cpu::load_average());
    table::print(variants, &samples);
    Ok(())
}

/// Once more, and again, while something else has the core or keeps `wrk` from asking.
fn measure_undisturbed(
    variant: &Variant,
    program: (&[PathBuf], &str),
    session: &Session,
    seconds: usize,
) -> Result<Sample, String> {
    let mut sample = measure_one(variant, program, session, seconds)?;
    for _ in 1..TRIES {
        if sample.is_valid() {
            break;
        }
        eprintln!("{}: {:.2} of its core, again", variant.id, sample.share);
        thread::sleep(PAUSE);
        sample = measure_one(variant, program, session, seconds)?;
    }
    Ok(sample)
}

/// A process of its own each time: how its memory lies is part of the noise.
fn measure_one(
    variant: &Variant,
    program: (&[PathBuf], &str),
    session: &Session,
    seconds: usize,
) -> Result<Sample, String> {
    let (program, provider) = program;
    let server = Server::start(program, variant.id, provider)?;
    let credentials = checked(&server, variant, session)?;
    let load = Load {
        address: server.address,
        credentials,
    };
    load.put_on(&server, WARM_UP)?;
    let sample = load.put_on(&server, seconds)?;
    checked(&server, variant, session)?;
    Ok(sample)
}

/// Signs in where the variant wants it, and asks once: the right body, and nobody's
/// without credentials. What comes back is the header to measure with.
fn checked(
    server: &Server,
    variant: &Variant,
    session: &Session,
) -> Result<Option<Credentials>, String> {
    let credentials = if variant.signs_in {
        Some(("Cookie", browser::login(server.address, &session.claims)?))
    } else {
        variant.credentials.clone()
    };
    let found = browser::get(server.address, credentials.as_ref())?;
    let expected = (200, variant.says.to_owned());
    if found != expected {
        return Err(format!("{found:?}, expected {expected:?}"));
    }
    let (found, _) = browser::get(server.address, None)?;
    if found != variant.without {
        let expected = variant.without;
        return Err(format!("without credentials {found}, expected {expected}"));
    }
    Ok(credentials)
}

const SECONDS: usize = 3;
const ROUNDS: usize = 9;
const WARM_UP: usize = 1;
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_secs(3);
