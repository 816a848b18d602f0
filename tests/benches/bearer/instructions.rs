//! Instructions per request, by callgrind: they do not depend on who else uses the machine.
//!
//! Only the answers are counted, not the start, nor what makes the requests. What valgrind
//! does not know, AVX-512 for one, the libraries do not use under it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use ciam_tests::workspace;

use crate::api::tokens::Tokens;
use crate::on_axum::{BARE, BARE_NEW, GUARDED, NEW, REPEATED};
use crate::support::tools;

/// Prints what was counted beside what is kept, and loudly what differs much; or keeps it.
pub(crate) fn run(tokens: &Tokens, keep: bool) -> Result<(), String> {
    tools::install("valgrind")?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = directory.path().join("tokens");
    fs::write(&file, tokens.to_lines()).map_err(|error| error.to_string())?;
    let mut counts = Counts::new();
    for framework in ["axum", "actix"] {
        let count = |name, requests| count(framework, name, requests, &file);
        let bare = count(BARE, REPEATED_REQUESTS)?;
        let bare_new = count(BARE_NEW, NEW_REQUESTS)?;
        let of_framework = counts.entry(framework.to_owned()).or_default();
        for (name, count) in [
            (BARE, bare),
            (REPEATED, count(REPEATED, REPEATED_REQUESTS)? - bare),
            (GUARDED, count(GUARDED, REPEATED_REQUESTS)? - bare),
            (NEW, count(NEW, NEW_REQUESTS)? - bare_new),
        ] {
            of_framework.insert(name.to_owned(), count);
        }
    }
    if keep {
        return write(&counts);
    }
    print(&counts, &read()?)
}

/// By framework and variant: of the bare framework all, of ours what it adds.
type Counts = BTreeMap<String, BTreeMap<String, i64>>;

/// Of one request, by a process that does nothing else.
fn count(framework: &str, name: &str, requests: usize, tokens: &Path) -> Result<i64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(format!("--toggle-collect=*{COUNTED}*"));
    valgrind.arg(program).arg("--tokens").arg(tokens);
    valgrind.args(["--only", framework, name, &requests.to_string()]);
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
        _ => Err(format!("{framework}, {name} cannot be counted: {text}")),
    }
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
";

/// Per cent.
const NOTABLE: f64 = 5.0;

const REPEATED_REQUESTS: usize = 2000;
const NEW_REQUESTS: usize = 200;
