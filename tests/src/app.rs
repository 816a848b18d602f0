//! The example applications, started as their users start them.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::port::Port;
use crate::process::Process;
use crate::workspace;

/// A running example application.
///
/// It is built by `cargo build -p PACKAGE`, with the features its own manifest
/// asks for: the binary a reader of the README gets. It starts in an empty
/// directory, without the settings of whoever runs the tests.
pub struct App {
    process: Process,
    port: Port,
    _directory: TempDir,
}

impl App {
    /// Starts the package's binary with these variables, listening on `port`.
    pub async fn start(package: &str, port: Port, variables: &[(&str, &str)]) -> Self {
        let listen = format!("127.0.0.1:{}", port.number());
        let (mut process, directory) = launch(package, &listen, variables);
        let address = (Ipv4Addr::LOCALHOST, port.number());
        process
            .until(LIMIT, "listen", |_| TcpStream::connect(address).ok())
            .await;
        Self {
            process,
            port,
            _directory: directory,
        }
    }

    /// Starts it where it is expected to refuse, and waits for its end: the
    /// status and everything it printed.
    pub async fn refuse(package: &str, variables: &[(&str, &str)]) -> (ExitStatus, String) {
        let port = Port::reserve();
        let listen = format!("127.0.0.1:{}", port.number());
        let (mut process, _directory) = launch(package, &listen, variables);
        let status = process.end(LIMIT).await;
        (status, process.log())
    }

    /// An address of the application: `http://localhost:PORT` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port.number())
    }

    /// The first line it prints, or has printed, with all of these texts.
    pub async fn logged(&mut self, texts: &[&str]) -> String {
        let has_all = |line: &&str| texts.iter().all(|text| line.contains(text));
        let find = |process: &Process| process.log().lines().find(has_all).map(str::to_owned);
        self.process
            .until(LIMIT, &format!("print {texts:?}"), find)
            .await
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({:?})", self.process)
    }
}

fn launch(package: &str, listen: &str, variables: &[(&str, &str)]) -> (Process, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(binary(package));
    command.current_dir(&directory);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CIAM_") || name.starts_with("LISTEN") || name == "RUST_LOG" {
            command.env_remove(&*name);
        }
    }
    command.env("LISTEN", listen);
    // Logs are read by tests, not by people.
    command.env("NO_COLOR", "1");
    command.envs(variables.iter().copied());
    (Process::start(package, &mut command), directory)
}

/// Builds a package's binary, once in this process, and says where it is.
fn binary(package: &str) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(binary) = built.get(package) {
        return binary.clone();
    }
    let binary = build(package);
    built.insert(package.to_owned(), binary.clone());
    binary
}

fn build(package: &str) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    // `cargo test` describes the tests' package in these; they would make
    // build scripts of others run again.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo
        .current_dir(workspace())
        .args([
            "build",
            "--locked",
            "--message-format=json-render-diagnostics",
            "-p",
            package,
        ])
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "cargo build -p {package}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|message| message["target"]["name"] == package && message["executable"].is_string())
        .and_then(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("{package} has no binary of its name"))
}

static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

const LIMIT: Duration = Duration::from_secs(30);
