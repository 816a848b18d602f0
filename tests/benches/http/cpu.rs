//! What Linux says of processor time.

use std::fs;

use crate::server::CORE;

/// Processor time since some moment, in the system's ticks.
#[derive(Clone, Copy)]
pub(crate) struct Ticks {
    /// Of the server, all its threads, inside the kernel and out.
    pub(crate) server: u64,
    /// Of its core in all.
    pub(crate) core: u64,
}

impl Ticks {
    pub(crate) fn now(process: u32) -> Result<Self, String> {
        let stat = read(&format!("/proc/{process}/stat"))?;
        // proc_pid_stat(5): the name in brackets may have spaces; then come the state,
        // ten more, utime (14) and stime (15).
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let server = number(fields.get(11))? + number(fields.get(12))?;
        let stat = read("/proc/stat")?;
        let name = format!("cpu{CORE} ");
        let line = stat.lines().find_map(|line| line.strip_prefix(&name));
        // proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; what a
        // guest has is in user already.
        let fields: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
        let core = (0..8)
            .map(|field| number(fields.get(field)))
            .sum::<Result<_, _>>()?;
        Ok(Self { server, core })
    }

    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            core: self.core - before.core,
        }
    }
}

pub(crate) fn load_average() -> String {
    read("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

fn number(field: Option<&&str>) -> Result<u64, String> {
    let number = field.and_then(|field| field.parse().ok());
    number.ok_or_else(|| "a field of /proc is missing".to_owned())
}
