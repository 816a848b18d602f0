//! A Redis server for one test.

use std::fmt;
use std::process::Command;
use std::time::Duration;

use crate::{Port, Process};

/// A Redis that keeps everything in memory, and ends with its owner.
pub struct Redis {
    process: Option<Process>,
    port: Port,
}

impl Redis {
    /// Starts one, and waits until it answers.
    pub async fn start() -> Self {
        let mut redis = Self {
            process: None,
            port: Port::reserve(),
        };
        redis.restart().await;
        redis
    }

    /// What a store or a setting connects to.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port.number())
    }

    /// Ends it as a machine that fails does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it anew, at the same address; it has forgotten all.
    pub async fn restart(&mut self) {
        self.kill();
        let port = self.port.number().to_string();
        let mut command = Command::new("redis-server");
        let nothing_on_disk = ["--save", "", "--appendonly", "no"];
        command.args(["--bind", "127.0.0.1", "--port", &port]);
        let mut process = Process::start("redis-server", command.args(nothing_on_disk));
        let is_ready = |process: &Process| {
            let log = process.log();
            log.contains("Ready to accept connections").then_some(())
        };
        process.until(START, "accept connections", is_ready).await;
        self.process = Some(process);
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.address())
    }
}

const START: Duration = Duration::from_secs(20);
