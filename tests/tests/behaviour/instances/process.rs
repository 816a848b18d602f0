//! One instance, as a process of its own: this program, told to be one.

use std::env;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{self, Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ciam_core::store::RedisStore;
use ciam_core::{Ciam, Config};
use ciam_tests::honest::{CLIENT_ID, CLIENT_SECRET};
use ciam_tests::{ActixServer, AxumServer, Framework, Process};
use serde::{Deserialize, Serialize};

use super::super::tokens::ROUTES;

/// What an instance is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Settings {
    pub(super) on_axum: bool,
    pub(super) port: u16,
    pub(super) authority: String,
    pub(super) base_url: String,
    pub(super) store: String,
    pub(super) scopes: String,
}

impl Settings {
    /// Starts it, and waits until it listens.
    pub(super) async fn start(&self) -> Process {
        let program = env::current_exe().expect("this program");
        let mut command = Command::new(program);
        let told = serde_json::to_string(self).expect("JSON");
        let mut process = Process::start("an instance", command.env(TOLD, told));
        assert_eq!(process.stdout_line(0, LIMIT).await, READY);
        process
    }

    fn config(&self) -> Config {
        let store = RedisStore::new(&self.store).expect("an address");
        let config = Config::web(&*self.authority, CLIENT_ID, &*self.base_url, COOKIE_SECRET)
            .with_client_secret(CLIENT_SECRET)
            .with_scopes(&self.scopes)
            .with_session_store(Arc::new(store));
        config.build().expect("good settings")
    }
}

/// Serves until it is ended, where this process was told to.
pub(crate) fn serve_if_told() -> Option<ExitCode> {
    let told = env::var(TOLD).ok()?;
    let settings: Settings = serde_json::from_str(&told).expect("settings");
    // It ends with whoever started it.
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let ciam = Ciam::new(settings.config());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port));
        let listener = listener.expect("its port");
        listener.set_nonblocking(true).expect("non-blocking");
        let framework = match settings.on_axum {
            true => Framework::Axum,
            false => Framework::Actix,
        };
        let _server: Box<dyn std::any::Any> = match framework {
            Framework::Axum => Box::new(AxumServer::start(listener, (ROUTES.axum)(&ciam))),
            Framework::Actix => {
                Box::new(ActixServer::start(move || (ROUTES.actix)(&ciam, listener)))
            }
        };
        println!("{READY}");
        std::future::pending::<()>().await;
    });
    Some(ExitCode::SUCCESS)
}

const TOLD: &str = "CIAM_TESTS_INSTANCE";
const READY: &str = "ready";
const COOKIE_SECRET: &str = "T25lIHNlY3JldCBvZiBhbGwgaW5zdGFuY2VzLCBoZXJlIQ==";
const LIMIT: Duration = Duration::from_secs(30);
