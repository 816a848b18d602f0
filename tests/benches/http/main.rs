//! What a server costs a request over HTTP: `cargo bench -p ciam-tests --bench http`.
//!
//! `wrk` on one core asks a server on the other: the bare framework, the limit written by
//! hand, ours, and the peers of `tests/peers`. `docs/performance.md` says how to read the
//! tables. After `--`: `--only callers`, `sessions`, `stores`, `growth` or a part of a
//! variant's name; `--seconds 2` and `--rounds 1` for a try; `--check` measures nothing; `--keep`
//! replaces the plot in `docs`.

use std::env;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

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
mod growth;
mod load;
mod measure;
mod picture;
mod serve;
mod server;
mod table;
mod variants;

use apps::limit::Limit;
use apps::session::Session;
use measure::Bench;
use serve::{Listen, Served};
use support::{plot, tools};
use variants::{Group, Program, Variant, callers, sessions, stores};

fn main() -> ExitCode {
    let arguments = Arguments(env::args().collect());
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let session = Session::new(&runtime);
    if let (Some(variant), Some(address)) =
        (arguments.value("--serve"), arguments.value("--listen"))
    {
        let workers = arguments.number("--workers", 1);
        let redis = arguments.value("--redis");
        let Some(served) = Served::new(variant, &runtime, session, redis) else {
            eprintln!("no variant {variant}, or no --redis for it");
            return ExitCode::FAILURE;
        };
        return serve::serve(&served, &Listen { address, workers });
    }
    // `cargo bench` says so; `cargo test --benches` wants no more than the check of ours.
    let result = if arguments.has("--bench") {
        measure(&runtime, &arguments, &session)
    } else {
        let mut variants = all(&session);
        variants.retain(|variant| variant.program == Program::Ours);
        check(&runtime, &session, &variants)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn all(session: &Session) -> Vec<Variant> {
    let mut variants = sessions::variants(session, &Limit::new());
    variants.extend(stores::variants());
    variants.extend(callers::variants());
    variants
}

fn check(runtime: &Runtime, session: &Session, variants: &[Variant]) -> Result<(), String> {
    Bench::new(runtime, session, 0, 0).check(variants)?;
    println!("Every variant answers as it should.");
    Ok(())
}

fn measure(runtime: &Runtime, arguments: &Arguments, session: &Session) -> Result<(), String> {
    let only = arguments.value("--only");
    let mut asked_for = all(session);
    asked_for.retain(|variant| only.is_none_or(|only| variant.is_named(only)));
    if arguments.has("--check") {
        return check(runtime, session, &asked_for);
    }
    tools::install("wrk")?;
    let bench = |seconds, rounds| {
        let seconds = arguments.number("--seconds", seconds);
        Bench::new(
            runtime,
            session,
            seconds,
            arguments.number("--rounds", rounds),
        )
    };
    let mut of_callers = None;
    let mut found = false;
    for (group, seconds, rounds) in [
        (Group::Sessions, 3, 9),
        (Group::Stores, 3, 7),
        (Group::Callers, 4, 3),
    ] {
        let variants: Vec<Variant> = asked_for
            .extract_if(.., |variant| variant.group == group)
            .collect();
        if variants.is_empty() {
            continue;
        }
        found = true;
        let samples = bench(seconds, rounds).measure(&variants)?;
        println!("\n### {}\n", group.name());
        table::print(&variants, &samples);
        if group == Group::Callers {
            of_callers = Some((variants, samples));
        }
    }
    if only.is_none_or(|only| only == "growth" || only == "callers") {
        found = true;
        let steps = growth::measure(&bench(2, 3), &callers::variants())?;
        println!("\n### growth\n");
        growth::print(&steps);
        if let Some((variants, samples)) = of_callers {
            let path = plot::place("callers.svg", arguments.has("--keep"));
            picture::write(&path, &variants, &samples, &steps)?;
            println!("The plot is {}.", path.display());
        }
    }
    if found {
        Ok(())
    } else {
        Err(format!("no variant has {only:?} in its name"))
    }
}

struct Arguments(Vec<String>);

impl Arguments {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let position = self.0.iter().position(|argument| argument == name)?;
        self.0.get(position + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: usize) -> usize {
        let given = self.value(name);
        given.map_or(default, |value| value.parse().expect("a number"))
    }
}
