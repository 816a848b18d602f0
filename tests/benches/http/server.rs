//! A server in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ciam_tests::Redis;

use crate::variants::{Group, Variant};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
}

/// What a program may need: a provider to fetch keys from, and a Redis for sessions.
pub(crate) struct Parts {
    pub(crate) provider: String,
    pub(crate) redis: Redis,
}

/// Which cores the server has, and which the load.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cores {
    /// One each.
    Apart,
    /// Both have the same two.
    Shared,
}

impl Server {
    /// Ready to be asked when this returns.
    pub(crate) fn start(
        program: &[PathBuf],
        variant: &Variant,
        parts: &Parts,
        cores: Cores,
    ) -> Result<Self, String> {
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", cores.of_server()])
            .args(program)
            .args(["--listen", "127.0.0.1:0", "--serve", variant.id])
            .args(["--provider", &parts.provider, "--workers", cores.workers()]);
        if variant.group == Group::Stores {
            command.args(["--redis", &parts.redis.address()]);
        }
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program:?}: {error}"))?;
        let output = process.stdout.take().expect("it is piped");
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let address = read.ok().and_then(|_| line.trim().parse().ok());
        let Some(address) = address else {
            let _ = process.kill();
            let _ = process.wait();
            return Err(format!("{} does not say its address: {line:?}", variant.id));
        };
        Ok(Self { address, process })
    }

    /// `taskset` has become the server: the number stays.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Cores {
    pub(crate) const fn of_server(self) -> &'static str {
        match self {
            Self::Apart => "0",
            Self::Shared => "0,1",
        }
    }

    pub(crate) const fn of_load(self) -> &'static str {
        match self {
            Self::Apart => "1",
            Self::Shared => "0,1",
        }
    }

    /// How many threads answer; only ours are ever asked to have two.
    const fn workers(self) -> &'static str {
        match self {
            Self::Apart => "1",
            Self::Shared => "2",
        }
    }
}
