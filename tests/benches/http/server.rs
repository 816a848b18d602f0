//! A server in a process of its own, on one core.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The core that the server has, and nobody else of us.
pub(crate) const CORE: usize = 0;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Server {
    /// Ready to be asked when this returns.
    /// A program that needs keys fetches them from this provider.
    pub(crate) fn start(
        program: &[PathBuf],
        variant: &str,
        provider: &str,
    ) -> Result<Self, String> {
        let mut process = Command::new("taskset")
            .args(["--cpu-list", &CORE.to_string()])
            .args(program)
            .args(["--listen", "127.0.0.1:0", "--serve", variant])
            .args(["--provider", provider])
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
            return Err(format!("{variant} does not say its address: {line:?}"));
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
