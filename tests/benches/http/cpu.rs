//! What Linux says of processor time.

use std::fs;

use crate::server::Cores;

/// Processor time since some moment, in the system's ticks.
#[derive(Clone, Copy)]
pub(crate) struct Ticks {
    /// Of the server, all its threads, inside the kernel and out.
    pub(crate) server: u64,
    /// Of its cores in all.
    pub(crate) cores: u64,
}

impl Ticks {
    pub(crate) fn now(process: u32, cores: Cores) -> Result<Self, String> {
        let stat = read(&format!("/proc/{process}/stat"))?;
        // proc_pid_stat(5): the name in brackets may have spaces; then come the state,
        // ten more, utime (14) and stime (15).
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let server = number(fields.get(11))? + number(fields.get(12))?;
        let stat = read("/proc/stat")?;
        let own = cores.of_server().split(',');
        let cores = own.map(|core| of_core(&stat, core)).sum::<Result<_, _>>()?;
        Ok(Self { server, cores })
    }

    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            cores: self.cores - before.cores,
        }
    }
}

pub(crate) fn load_average() -> String {
    read("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

fn of_core(stat: &str, core: &str) -> Result<u64, String> {
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name));
    // proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; what a guest
    // has is in user already.
    let fields: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
    (0..8).map(|field| number(fields.get(field))).sum()
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

fn number(field: Option<&&str>) -> Result<u64, String> {
    let number = field.and_then(|field| field.parse().ok());
    number.ok_or_else(|| "a field of /proc is missing".to_owned())
}
