//! One server, asked by hand and by `wrk`.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use ciam_tests::Redis;
use tokio::runtime::Runtime;

use crate::apps::session::Session;
use crate::browser::{self, Credentials};
use crate::cpu;
use crate::load::{Load, Sample};
use crate::server::{Cores, Parts, Server};
use crate::support::keys;
use crate::variants::Variant;

pub(crate) struct Bench<'a> {
    session: &'a Session,
    parts: Parts,
    pub(crate) seconds: usize,
    pub(crate) rounds: usize,
}

/// What a server and its load have of the machine.
#[derive(Clone, Copy)]
pub(crate) struct Conditions {
    pub(crate) connections: usize,
    pub(crate) cores: Cores,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        runtime: &Runtime,
        session: &'a Session,
        seconds: usize,
        rounds: usize,
    ) -> Self {
        Self {
            session,
            parts: Parts {
                provider: keys::serve(),
                redis: runtime.block_on(Redis::start()),
            },
            seconds,
            rounds,
        }
    }

    /// That they answer as they should.
    pub(crate) fn check(&self, variants: &[Variant]) -> Result<(), String> {
        for variant in variants {
            let program = variant.program.prepare()?;
            let server = Server::start(&program, variant, &self.parts, Cores::Apart)?;
            self.checked(&server, variant)
                .map_err(|error| format!("{}: {error}", variant.id))?;
        }
        Ok(())
    }

    /// The samples of each variant, of rounds in which all take turns.
    pub(crate) fn measure(&self, variants: &[Variant]) -> Result<Vec<Vec<Sample>>, String> {
        let programs = variants.iter().map(|variant| variant.program.prepare());
        let programs: Vec<_> = programs.collect::<Result<_, _>>()?;
        eprintln!("load average before: {}", cpu::load_average());
        let mut samples = vec![Vec::with_capacity(self.rounds); variants.len()];
        for round in 0..self.rounds {
            for position in 0..variants.len() {
                // A different one first in every round.
                let subject = (position + round) % variants.len();
                let variant = &variants[subject];
                let sample = self
                    .measure_undisturbed(variant, &programs[subject])
                    .map_err(|error| format!("{}: {error}", variant.id))?;
                let round = round + 1;
                eprintln!("round {round}, {}: {:.0}/s", variant.id, sample.rate);
                samples[subject].push(sample);
            }
        }
        eprintln!("load average after: {}", cpu::load_average());
        Ok(samples)
    }

    /// Once more, and again, while something else has the core or keeps `wrk` from asking.
    fn measure_undisturbed(
        &self,
        variant: &Variant,
        program: &[PathBuf],
    ) -> Result<Sample, String> {
        let mut sample = self.measure_one(variant, program, FULL)?;
        for _ in 1..TRIES {
            if sample.is_valid() {
                break;
            }
            eprintln!("{}: {:.2} of its core, again", variant.id, sample.share);
            thread::sleep(PAUSE);
            sample = self.measure_one(variant, program, FULL)?;
        }
        Ok(sample)
    }

    /// A process of its own each time: how its memory lies is part of the noise.
    pub(crate) fn measure_one(
        &self,
        variant: &Variant,
        program: &[PathBuf],
        conditions: Conditions,
    ) -> Result<Sample, String> {
        let Conditions { connections, cores } = conditions;
        let server = Server::start(program, variant, &self.parts, cores)?;
        let credentials = self.checked(&server, variant)?;
        let load = Load {
            address: server.address,
            credentials,
            connections,
            cores,
        };
        load.put_on(&server, WARM_UP)?;
        let sample = load.put_on(&server, self.seconds)?;
        self.checked(&server, variant)?;
        Ok(sample)
    }

    /// Signs in where the variant wants it, and asks: the right body, and nobody's without
    /// credentials or with those of somebody else. What comes back is the header to measure
    /// with.
    fn checked(&self, server: &Server, variant: &Variant) -> Result<Option<Credentials>, String> {
        let credentials = if variant.signs_in {
            let claims = &self.session.claims;
            Some(("Cookie", browser::login(server.address, claims)?))
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
        for (what, refused) in &variant.refused {
            let (found, body) = browser::get(server.address, Some(refused))?;
            // Some peer blames itself: 500.
            if found < 400 || body == variant.says {
                return Err(format!("with {what} {found}, expected a refusal"));
            }
        }
        Ok(credentials)
    }
}

/// As much load as one core can put on the other.
pub(crate) const FULL: Conditions = Conditions {
    connections: 64,
    cores: Cores::Apart,
};

const WARM_UP: usize = 1;
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_secs(3);
