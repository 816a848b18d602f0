//! Instructions per request, by callgrind: they do not depend on who else uses the machine.
//!
//! Only the answers are counted, not the start, nor what makes the requests. What valgrind
//! does not know, AVX-512 for one, the libraries do not use under it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use ciam_tests::workspace;

use super::subject::Work;
use super::tools;

/// By framework and variant: of the bare framework all, of ours what it adds.
pub(crate) type Counts = BTreeMap<String, BTreeMap<String, i64>>;

/// Of one request, by a process of this program with these arguments, which calls
/// [`count_instructions_of`] and nothing else.
pub(crate) fn count(arguments: &[&str], requests: usize) -> Result<i64, String> {
    tools::install("valgrind")?;
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(format!("--toggle-collect=*{COUNTED}*"));
    valgrind.arg(program).args(arguments);
    eprintln!("+ {valgrind:?}");
    let output = valgrind
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let counted = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let counted: Option<i64> = counted.and_then(|(_, count)| count.trim().parse().ok());
    match counted {
        Some(counted) if output.status.success() && counted > 0 => {
            Ok(counted / i64::try_from(requests).expect("few"))
        }
        _ => Err(format!("{arguments:?} cannot be counted: {text}")),
    }
}

/// Whatever is to be counted. A name that callgrind can find.
#[inline(never)]
pub(crate) fn count_instructions_of(work: Work<'_>) {
    work();
}

/// Prints what was counted beside what is kept, and loudly what differs much; or keeps it,
/// with what others counted.
pub(crate) fn compare(counts: &Counts, keep: bool) -> Result<(), String> {
    let mut kept = read()?;
    if !keep {
        return print(counts, &kept);
    }
    for (framework, counted) in counts {
        let kept = kept.entry(framework.clone()).or_default();
        kept.extend(counted.clone());
    }
    write(&kept)
}

fn print(counts: &Counts, kept: &Counts) -> Result<(), String> {
    println!("| | instructions | kept | change |");
    println!("|---|---|---|---|");
    let mut changed = String::new();
    for (framework, of_framework) in counts {
        for (name, counted) in of_framework {
            let kept = kept.get(framework).and_then(|kept| kept.get(name));
            let kept = *kept.ok_or_else(|| format!("{FILE} does not have {framework}, {name}"))?;
            let change = (*counted as f64 / kept as f64 - 1.0) * 100.0;
            println!("| {framework}, {name} | {counted} | {kept} | {change:+.1} % |");
            if change.abs() > NOTABLE {
                writeln!(
                    changed,
                    "!! {framework}, {name}: {counted} INSTRUCTIONS, {change:+.1} %"
                )
                .expect("a string takes it");
            }
        }
    }
    if changed.is_empty() {
        println!("\nNo count differs by more than {NOTABLE} % from {FILE}.");
    } else {
        println!("\n{changed}!! If that is meant to be, keep it: -- --instructions --keep");
    }
    Ok(())
}

fn read() -> Result<Counts, String> {
    let text = fs::read_to_string(path()).map_err(|error| format!("{FILE}: {error}"))?;
    toml::from_str(&text).map_err(|error| format!("{FILE}: {error}"))
}

fn write(counts: &Counts) -> Result<(), String> {
    let mut text = HEAD.to_owned();
    for (framework, of_framework) in counts {
        let lines = of_framework.iter();
        let lines: String = lines
            .map(|(name, count)| format!("{name:?} = {count}\n"))
            .collect();
        write!(text, "\n[{framework}]\n{lines}").expect("a string takes it");
    }
    println!("{text}");
    fs::write(path(), text).map_err(|error| format!("{FILE}: {error}"))
}

fn path() -> PathBuf {
    workspace().join(FILE)
}

/// The function whose instructions are counted.
const COUNTED: &str = "count_instructions_of";

const FILE: &str = "tests/instructions.toml";

const HEAD: &str = "\
# Instructions per request, in process, by callgrind: of the bare framework all, of the others
# what they add to it. Made by
#
#   cargo bench -p ciam-tests --bench bearer -- --instructions --keep
#   cargo bench -p ciam-tests --bench visit -- --instructions --keep
";

/// Per cent.
const NOTABLE: f64 = 5.0;
