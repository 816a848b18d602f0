//! Lets `wrk` ask as fast as the server answers.

use std::net::SocketAddr;
use std::process::Command;

use crate::browser::{Credentials, HEADERS, PATH};
use crate::cpu::Ticks;
use crate::server::{Cores, Server};

pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) connections: usize,
    pub(crate) cores: Cores,
}

#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Requests per second.
    pub(crate) rate: f64,
    /// Processor time of the server for each request, in microseconds.
    pub(crate) cpu: f64,
    /// How much of its cores the server had.
    pub(crate) share: f64,
}

impl Sample {
    /// Whether the processor is what limited the server: it waited for nobody, and nobody
    /// else had its core.
    pub(crate) fn is_valid(&self) -> bool {
        self.share >= SHARE
    }
}

impl Load {
    pub(crate) fn put_on(&self, server: &Server, seconds: usize) -> Result<Sample, String> {
        let mut wrk = Command::new("taskset");
        wrk.args(["--cpu-list", self.cores.of_load(), "wrk"]);
        wrk.args(["--threads", "1"]);
        wrk.args(["--connections", &self.connections.to_string()]);
        wrk.args(["--duration", &format!("{seconds}s")]);
        for (name, value) in HEADERS {
            wrk.args(["--header", &format!("{name}: {value}")]);
        }
        if let Some((name, value)) = &self.credentials {
            wrk.args(["--header", &format!("{name}: {value}")]);
        }
        wrk.arg(format!("http://{}{PATH}", self.address));
        let before = Ticks::now(server.id(), self.cores)?;
        let output = wrk.output().map_err(|error| format!("wrk: {error}"))?;
        let ticks = Ticks::now(server.id(), self.cores)?.since(before);
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("wrk failed: {text}{error}"));
        }
        let answers = Answers::read(&text)?;
        Ok(Sample {
            rate: answers.rate,
            cpu: ticks.server as f64 * MICROSECONDS_PER_TICK / answers.number,
            share: ticks.server as f64 / ticks.cores as f64,
        })
    }
}

struct Answers {
    number: f64,
    rate: f64,
}

impl Answers {
    /// From what wrk prints. It has a line for failures only where there are some.
    fn read(text: &str) -> Result<Self, String> {
        let line = |start: &str| {
            let mut lines = text.lines().map(str::trim);
            lines.find_map(|line| line.strip_prefix(start))
        };
        if line("Non-2xx or 3xx responses:").is_some() || line("Socket errors:").is_some() {
            return Err(format!("wrk saw failures: {text}"));
        }
        let number = text.split_once(" requests in ");
        let number = number.and_then(|(before, _)| before.split_whitespace().last());
        let number = number.and_then(|number| number.parse().ok());
        let rate = line("Requests/sec:").and_then(|rate| rate.trim().parse().ok());
        match (number, rate) {
            (Some(number), Some(rate)) if number > 0.0 => Ok(Self { number, rate }),
            _ => Err(format!("wrk does not say how many: {text}")),
        }
    }
}

/// What is missing is the moment in which wrk connects, and the system's own work.
pub(crate) const SHARE: f64 = 0.94;

/// `USER_HZ` is 100 on every Linux of ours.
const MICROSECONDS_PER_TICK: f64 = 10_000.0;
