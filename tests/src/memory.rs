//! What this process takes of the machine.

use std::fs;

/// What of its memory is resident, in bytes.
pub fn resident_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes = kilobytes.expect("it tells that too");
    1024 * kilobytes.parse::<usize>().expect("a number")
}
