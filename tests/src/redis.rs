//! Redis servers for one test: one alone, with TLS, with users, watched by a sentinel, in a
//! cluster.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{Certificates, Port, Process};

/// A Redis that keeps everything in memory, and ends with its owner.
pub struct Redis {
    process: Option<Process>,
    port: Port,
    arguments: Vec<String>,
    folder: TempDir,
    certificates: Option<Certificates>,
    has_users: bool,
    /// Of a node of a cluster: the port that the others speak to.
    bus: Option<Port>,
}

impl Redis {
    /// Starts one, and waits until it answers.
    pub async fn start() -> Self {
        let mut redis = Self::prepare();
        redis.restart().await;
        redis
    }

    /// One that answers with TLS alone.
    pub async fn start_with_tls() -> Self {
        let mut redis = Self::prepare();
        let certificates = Certificates::make();
        for (name, text) in [
            ("ca", &certificates.ca),
            ("cert", &certificates.certificate),
            ("key", &certificates.key),
        ] {
            fs::write(redis.folder.path().join(name), text).expect("a file");
        }
        let path = |name| redis.folder.path().join(name).display().to_string();
        let files = [
            ["--tls-ca-cert-file".to_owned(), path("ca")],
            ["--tls-cert-file".to_owned(), path("cert")],
            ["--tls-key-file".to_owned(), path("key")],
        ];
        redis.arguments.extend(files.concat());
        redis
            .arguments
            .extend(["--tls-auth-clients", "no"].map(str::to_owned));
        redis.certificates = Some(certificates);
        redis.restart().await;
        redis
    }

    /// One whose default user may do nothing, and whose user `shop` may do `allowed`.
    pub async fn start_with_user(allowed: &str) -> Self {
        let mut redis = Self::prepare();
        redis.has_users = true;
        let users = format!(
            "--user default off --user admin on >{PASSWORD} ~* &* +@all \
             --user shop on >{PASSWORD} {allowed}"
        );
        redis.arguments.extend(users.split(' ').map(str::to_owned));
        redis.restart().await;
        redis
    }

    /// One that copies another one, once it does.
    pub async fn start_replica_of(primary: &Self) -> Self {
        let mut redis = Self::prepare();
        let of = primary.port().to_string();
        redis
            .arguments
            .extend(["--replicaof".to_owned(), "127.0.0.1".to_owned(), of]);
        redis.restart().await;
        redis
            .until("copies the primary", |redis| {
                redis
                    .cli(&["INFO", "replication"])
                    .contains("master_link_status:up")
            })
            .await;
        redis
    }

    /// Three nodes, which have the slots among them.
    pub async fn start_cluster() -> [Self; 3] {
        let mut nodes = [Self::prepare(), Self::prepare(), Self::prepare()];
        for node in &mut nodes {
            let bus = Port::reserve();
            let arguments = format!(
                "--cluster-enabled yes --cluster-node-timeout 1000 --cluster-port {}",
                bus.number()
            );
            node.arguments
                .extend(arguments.split(' ').map(str::to_owned));
            node.bus = Some(bus);
            node.restart().await;
        }
        for other in &nodes[1..] {
            let bus = other.bus.as_ref().expect("a node").number().to_string();
            let port = other.port().to_string();
            nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        for (node, [first, last]) in
            nodes
                .iter()
                .zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]])
        {
            node.cli(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
        }
        for node in &nodes {
            node.until("is part of the cluster", |node| {
                let info = node.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
            .await;
        }
        nodes
    }

    fn prepare() -> Self {
        Self {
            process: None,
            port: Port::reserve(),
            arguments: Vec::new(),
            folder: TempDir::new().expect("a folder"),
            certificates: None,
            has_users: false,
            bus: None,
        }
    }

    /// What a store or a setting connects to.
    pub fn address(&self) -> String {
        let scheme = if self.certificates.is_some() {
            "rediss"
        } else {
            "redis"
        };
        let user = if self.has_users {
            format!("shop:{PASSWORD}@")
        } else {
            String::new()
        };
        format!("{scheme}://{user}127.0.0.1:{}", self.port.number())
    }

    /// How it is called in a list of servers.
    pub fn node(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// The password of its users.
    pub const fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The certificate of the authority, of one with TLS.
    pub fn ca_pem(&self) -> &str {
        &self
            .certificates
            .as_ref()
            .expect("it was started with TLS")
            .ca
    }

    /// Ends it as a machine that fails does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it anew, at the same address; it has forgotten all but its cluster.
    pub async fn restart(&mut self) {
        self.kill();
        let port = self.port.number().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.folder.path());
        if self.certificates.is_some() {
            command.args(["--port", "0", "--tls-port", &port]);
        } else {
            command.args(["--port", &port]);
        }
        self.process =
            Some(started(command.args(&self.arguments), "Ready to accept connections").await);
    }

    /// Stops it in the middle of what it does: connections stay, nothing answers.
    pub fn pause(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// Refuses writes, as a primary does that has lost its replicas.
    pub fn refuse_writes(&self) {
        self.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    }

    /// Takes writes again.
    pub fn accept_writes(&self) {
        self.cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    }

    /// Has no room any more: what it holds stays, and nothing is added.
    pub fn fill(&self) {
        self.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        self.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    }

    /// Has room again.
    pub fn empty(&self) {
        self.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    }

    /// How often each command was called since it was started, by its name.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        let stats = self.cli(&["INFO", "commandstats"]);
        let calls = stats.lines().filter_map(|line| {
            let (name, numbers) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), numbers.split(',').next()?.parse().ok()?))
        });
        calls.collect()
    }

    /// What the administrator's command answers.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-p", &self.port().to_string()]);
        if self.certificates.is_some() {
            cli.arg("--tls")
                .arg("--cacert")
                .arg(self.folder.path().join("ca"));
        }
        if self.has_users {
            cli.args(["--user", "admin", "--pass", PASSWORD, "--no-auth-warning"]);
        }
        let output = cli.args(arguments).output().expect("redis-cli");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let is_error = ["ERR", "NOAUTH", "NOPERM", "WRONGPASS", "Could not"];
        assert!(
            output.status.success() && !is_error.iter().any(|start| text.starts_with(start)),
            "{arguments:?}: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < START, "{self:?} never {what}");
            tokio::time::sleep(POLL).await;
        }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis({})", self.port.number())
    }
}

/// A sentinel that watches a primary as the service `shop`, alone: it decides by itself.
#[derive(Debug)]
pub struct Sentinel {
    _process: Process,
    port: Port,
    _folder: TempDir,
}

impl Sentinel {
    /// Starts one, and waits until it knows a replica.
    pub async fn start(primary: &Redis) -> Self {
        let (port, folder) = (Port::reserve(), TempDir::new().expect("a folder"));
        let file = folder.path().join("sentinel.conf");
        let settings = format!(
            "bind 127.0.0.1\nport {}\ndir {}\n\
             sentinel monitor shop 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds shop 500\n\
             sentinel failover-timeout shop 3000\n",
            port.number(),
            folder.path().display(),
            primary.port()
        );
        fs::write(&file, settings).expect("a file");
        let mut command = Command::new("redis-server");
        let mut process = started(command.arg(&file).arg("--sentinel"), "+monitor").await;
        let knows = |process: &Process| process.log().contains("+slave slave").then_some(());
        process.until(START, "find the replica", knows).await;
        Self {
            _process: process,
            port,
            _folder: folder,
        }
    }

    /// How it is called in a list of servers.
    pub fn node(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }
}

async fn started(command: &mut Command, ready: &str) -> Process {
    let mut process = Process::start("redis-server", command);
    let is_ready = |process: &Process| process.log().contains(ready).then_some(());
    process.until(START, ready, is_ready).await;
    process
}

const PASSWORD: &str = "correct-horse-battery";
const START: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
