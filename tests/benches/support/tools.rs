//! What the benchmark needs beside Rust.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ciam_tests::workspace;

/// Installs a program where it is missing, from the package of its name: for Debian, as
/// root then.
pub(crate) fn install(program: &str) -> Result<(), String> {
    let mut version = Command::new(program);
    version.stdout(Stdio::null()).stderr(Stdio::null());
    if version.arg("--version").status().is_ok() {
        return Ok(());
    }
    run(Command::new("apt-get").arg("update"))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    run(install.args(["install", "--yes", "--no-install-recommends", program]))
}

/// Builds the programs of a peer with its own lock file, and says where they are.
pub(crate) fn build_peer(name: &str) -> Result<PathBuf, String> {
    let target = workspace().join("target/peers");
    let manifest = workspace()
        .join("tests/peers")
        .join(name)
        .join("Cargo.toml");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--locked", "--manifest-path"]);
    run(build.arg(manifest).arg("--target-dir").arg(&target))?;
    Ok(target.join("release"))
}

/// Installs what a server on Node takes, and says how it is started.
pub(crate) fn install_node_peer(name: &str) -> Result<Vec<PathBuf>, String> {
    let directory = workspace().join("tests/peers").join(name);
    let mut install = Command::new("npm");
    install.args(["ci", "--no-audit", "--no-fund"]);
    run(install.current_dir(&directory))?;
    Ok(vec!["node".into(), directory.join("server.mjs")])
}

fn run(command: &mut Command) -> Result<(), String> {
    eprintln!("+ {command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
