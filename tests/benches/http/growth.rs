//! How the rate grows with connections and cores: the bare framework, and ours.

use crate::measure::{Bench, Conditions, FULL};
use crate::server::Cores;
use crate::table::median;
use crate::variants::{AXUM_BARE_TOKEN, AXUM_CALLER, Program, Variant};

/// Medians under some conditions.
pub(crate) struct Step {
    conditions: Conditions,
    bare: Rate,
    ours: Rate,
}

#[derive(Clone, Copy)]
struct Rate {
    /// Requests per second.
    rate: f64,
    /// Microseconds for each request.
    cpu: f64,
}

pub(crate) fn measure(bench: &Bench<'_>, callers: &[Variant]) -> Result<Vec<Step>, String> {
    let find = |id| callers.iter().find(|variant| variant.id == id);
    let (Some(bare), Some(ours)) = (find(AXUM_BARE_TOKEN), find(AXUM_CALLER)) else {
        return Err("there are no variants to grow".to_owned());
    };
    let program = Program::Ours.prepare()?;
    let apart = CONNECTIONS.map(|connections| Conditions {
        connections,
        ..FULL
    });
    let shared = [1, 64].map(|connections| Conditions {
        connections,
        cores: Cores::Shared,
    });
    let conditions: Vec<Conditions> = apart.into_iter().chain(shared).collect();
    let mut samples = vec![(Vec::new(), Vec::new()); conditions.len()];
    for round in 0..bench.rounds {
        for (conditions, (of_bare, of_ours)) in conditions.iter().zip(&mut samples) {
            let Conditions { connections, cores } = *conditions;
            eprintln!("round {}, {connections} connections, {cores:?}", round + 1);
            of_bare.push(bench.measure_one(bare, &program, *conditions)?);
            of_ours.push(bench.measure_one(ours, &program, *conditions)?);
        }
    }
    let rate = |samples: &[crate::load::Sample]| Rate {
        rate: median(samples.iter().map(|sample| sample.rate)),
        cpu: median(samples.iter().map(|sample| sample.cpu)),
    };
    let steps = conditions.into_iter().zip(&samples);
    Ok(steps
        .map(|(conditions, (bare, ours))| Step {
            conditions,
            bare: rate(bare),
            ours: rate(ours),
        })
        .collect())
}

pub(crate) fn print(steps: &[Step]) {
    println!(
        "| cores | connections | bare, requests/s | ours | of bare | CPU µs: bare | ours |\n\
         |---|---|---|---|---|---|---|"
    );
    for Step {
        conditions,
        bare,
        ours,
    } in steps
    {
        let cores = match conditions.cores {
            Cores::Apart => "one, and one for the load",
            Cores::Shared => "two, shared with the load",
        };
        println!(
            "| {cores} | {} | {:.1} k | {:.1} k | {:.2} | {:.1} | {:.1} |",
            conditions.connections,
            bare.rate / 1000.0,
            ours.rate / 1000.0,
            ours.rate / bare.rate,
            bare.cpu,
            ours.cpu,
        );
    }
    println!();
}

impl Step {
    /// Connections, and requests per second of both, where the server has a core.
    pub(crate) fn point(&self) -> Option<(usize, f64, f64)> {
        let point = (self.conditions.connections, self.bare.rate, self.ours.rate);
        (self.conditions.cores == Cores::Apart).then_some(point)
    }
}

const CONNECTIONS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
