//! A PostgreSQL server for one test.

use std::fmt;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use crate::{Certificates, Port, Process};

/// A PostgreSQL with a database of its own, which ends with its owner. What it keeps
/// survives a restart.
pub struct Postgres {
    process: Option<Process>,
    port: Port,
    folder: TempDir,
    certificates: Option<Certificates>,
}

impl Postgres {
    /// Starts one, and waits until it answers.
    pub async fn start() -> Self {
        Self::make(None).await
    }

    /// One that answers with TLS alone.
    pub async fn start_with_tls() -> Self {
        Self::make(Some(Certificates::make())).await
    }

    async fn make(certificates: Option<Certificates>) -> Self {
        let folder = TempDir::new().expect("a folder");
        give(folder.path(), 0o700);
        let password = folder.path().join("password");
        write(&password, PASSWORD);
        let mut initdb = unprivileged("initdb");
        initdb.arg("--pgdata").arg(folder.path().join("data"));
        initdb.arg("--pwfile").arg(&password);
        initdb.args(["--username", "shop", "--auth", "scram-sha-256"]);
        initdb.args(["--encoding", "UTF8", "--no-locale", "--no-sync"]);
        let mut process = Process::start("initdb", &mut initdb);
        let ended = process.end(START).await;
        assert!(ended.success(), "initdb: {}", process.log());
        if let Some(certificates) = &certificates {
            write(&folder.path().join("server.pem"), &certificates.certificate);
            write(&folder.path().join("server.key"), &certificates.key);
            let only_tls = "hostssl all all all scram-sha-256\n";
            write(&folder.path().join("data/pg_hba.conf"), only_tls);
        }
        let mut postgres = Self {
            process: None,
            port: Port::reserve(),
            folder,
            certificates,
        };
        postgres.restart().await;
        postgres
    }

    /// What a store or a setting connects to.
    pub fn address(&self) -> String {
        self.address_of("shop", PASSWORD)
    }

    /// The same for another user.
    pub fn address_of(&self, user: &str, password: &str) -> String {
        let port = self.port.number();
        format!("postgres://{user}:{password}@127.0.0.1:{port}/postgres")
    }

    /// The password of [`address`](Self::address).
    pub const fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The certificate of the authority, of one with TLS.
    pub fn ca_pem(&self) -> &str {
        let certificates = self.certificates.as_ref();
        &certificates.expect("it was started with TLS").ca
    }

    /// Ends it as a machine that fails does.
    pub fn kill(&mut self) {
        if self.process.is_some() {
            self.signal_all(Signal::KILL);
            self.process = None;
        }
    }

    /// Starts it anew, at the same address, with what it has kept.
    pub async fn restart(&mut self) {
        self.kill();
        let mut postgres = unprivileged("postgres");
        postgres.arg("-D").arg(self.folder.path().join("data"));
        let mut settings = vec![
            format!("port={}", self.port.number()),
            format!("unix_socket_directories={}", self.folder.path().display()),
            "listen_addresses=127.0.0.1".to_owned(),
            "fsync=off".to_owned(),
            "log_connections=on".to_owned(),
            "log_statement=all".to_owned(),
            "shared_buffers=16MB".to_owned(),
        ];
        if self.certificates.is_some() {
            let folder = self.folder.path().display();
            settings.push("ssl=on".to_owned());
            settings.push(format!("ssl_cert_file={folder}/server.pem"));
            settings.push(format!("ssl_key_file={folder}/server.key"));
        }
        for setting in &settings {
            postgres.arg("-c").arg(setting);
        }
        let mut process = Process::start("postgres", &mut postgres);
        let is_ready = |process: &Process| {
            let log = process.log();
            log.contains("ready to accept connections").then_some(())
        };
        process.until(START, "accept connections", is_ready).await;
        self.process = Some(process);
    }

    /// Ends it as an administrator does who is in a hurry: connections are told.
    pub async fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal(Signal::INT);
        process.end(START).await;
    }

    /// Stops it in the middle of what it does: connections stay, nothing answers.
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    /// Lets new connections read only, as a server does that is not the primary; ends those
    /// there are.
    pub fn refuse_writes(&self) {
        self.read_only("on");
    }

    /// Lets connections write again.
    pub fn accept_writes(&self) {
        self.read_only("off");
    }

    /// Has no room any more: what it holds stays, and nothing is added.
    pub fn fill(&self) {
        self.sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
             $$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END$$; \
             CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON ciam_sessions \
             EXECUTE FUNCTION full_disk(); \
             CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON ciam_marks \
             EXECUTE FUNCTION full_disk()",
        );
    }

    /// Has room again.
    pub fn empty(&self) {
        self.sql("DROP FUNCTION full_disk CASCADE");
    }

    /// What a statement of the administrator's answers, without headings.
    pub fn sql(&self, statement: &str) -> String {
        let mut psql = Command::new(program("psql"));
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet"]);
        psql.args(["--set", "ON_ERROR_STOP=1", "--command", statement]);
        let output = psql.arg(self.address()).output().expect("psql");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {error}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }

    /// What it has logged since it was started last: every statement, and more.
    pub fn log(&self) -> String {
        self.process.as_ref().expect("it runs").log()
    }

    /// Waits until it has logged this.
    pub async fn logged(&mut self, text: &str) {
        let process = self.process.as_mut().expect("it runs");
        let is_there = |process: &Process| process.log().contains(text).then_some(());
        process.until(START, text, is_there).await;
    }

    /// The statements that it is given meanwhile.
    pub async fn statements(&mut self, work: impl Future<Output = ()>) -> Vec<String> {
        // Statements are logged before they are answered, but read here some time later.
        self.sql("SELECT 'the beginning'");
        work.await;
        self.sql("SELECT 'the end'");
        self.logged("SELECT 'the end'").await;
        let log = self.log();
        let (_, log) = log.rsplit_once("SELECT 'the beginning'").expect("logged");
        let lines = log
            .lines()
            .take_while(|line| !line.contains("SELECT 'the end'"));
        let is_statement =
            |line: &&str| line.contains("LOG:  execute") || line.contains("LOG:  statement");
        lines.filter(is_statement).map(str::to_owned).collect()
    }

    fn read_only(&self, setting: &str) {
        let write = "SET default_transaction_read_only = off";
        let set = format!("ALTER SYSTEM SET default_transaction_read_only = {setting}");
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
        for statement in [write, &set, "SELECT pg_reload_conf()", end] {
            self.sql(statement);
        }
    }

    /// Itself first: then it begins no more children.
    fn signal_all(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        process.signal(signal);
        for pid in children(process) {
            // One that has just ended needs no signal.
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postgres({})", self.port.number())
    }
}

/// The processes it has started, which are in groups of their own.
fn children(process: &Process) -> Vec<Pid> {
    let parent = process.id().to_string();
    let processes = fs::read_dir("/proc").expect("processes");
    let child = |name: std::ffi::OsString| {
        let pid: i32 = name.to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name, which may hold anything: state and parent.
        let (_, rest) = stat.rsplit_once(')')?;
        let is_child = rest.split_ascii_whitespace().nth(1)? == parent;
        is_child.then(|| Pid::from_raw(pid)).flatten()
    };
    let names = processes.filter_map(|entry| Some(entry.ok()?.file_name()));
    names.filter_map(child).collect()
}

/// A program of the server's; it refuses to run as root.
fn unprivileged(name: &str) -> Command {
    let program = program(name);
    if !getuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]);
    command.arg(program);
    command
}

/// Debian keeps the server's programs out of the path.
fn program(name: &str) -> PathBuf {
    let versions =
        fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is not installed: run tests/run");
    let folders = versions.map(|version| version.expect("a folder").path().join("bin"));
    let newest = folders
        .max()
        .expect("PostgreSQL is not installed: run tests/run");
    newest.join(name)
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    give(path, 0o600);
}

/// To whoever the server runs as.
fn give(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    if getuid().is_root() {
        let id = |kind| {
            let output = Command::new("id").args([kind, USER]).output().expect("id");
            let text = String::from_utf8(output.stdout).expect("a number");
            text.trim()
                .parse()
                .expect("PostgreSQL is not installed: run tests/run")
        };
        chown(path, Some(id("-u")), Some(id("-g"))).expect("an owner");
    }
}

const USER: &str = "postgres";
const PASSWORD: &str = "correct-horse-battery";
const START: Duration = Duration::from_secs(60);
