//! Two instances of one application, on one store and one clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ciam_axum::{AccessToken, Ciam, CiamExt as _, Config, User};
use ciam_core::store::SessionStore;
use ciam_core::{Clock, ManualClock};
use ciam_tests::{AxumServer, listen};

use crate::provider::{CLIENT_ID, CLIENT_SECRET, Provider};

pub(crate) struct Instances {
    provider: Provider,
    clock: Arc<ManualClock>,
    store: Arc<dyn SessionStore>,
    base_url: String,
    running: Mutex<Vec<(u16, AxumServer)>>,
    next: AtomicUsize,
}

impl Instances {
    pub(crate) fn start(store: Arc<dyn SessionStore>) -> Self {
        let (listener, port) = listen();
        let base_url = format!("http://localhost:{port}");
        let provider = Provider::start(&base_url);
        let instances = Self {
            clock: Arc::new(ManualClock::new(provider.advance())),
            provider,
            store,
            base_url,
            running: Mutex::default(),
            next: AtomicUsize::new(0),
        };
        let one = AxumServer::start(listener, instances.application(OLD_SECRET));
        let other = instances.instance(OLD_SECRET);
        instances.running().extend([(port, one), other]);
        instances
    }

    /// Where people sign in.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address of the next one in turn.
    pub(crate) fn url(&self, path: &str) -> String {
        let running = self.running();
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (port, _) = &running[turn % running.len()];
        format!("http://localhost:{port}{path}")
    }

    /// The time of both clocks.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now().unix()
    }

    pub(crate) async fn let_time_pass(&self, speed: u64) {
        let second = Duration::from_secs(1);
        let mut due = tokio::time::interval(second / u32::try_from(speed).expect("small"));
        loop {
            due.tick().await;
            self.clock.set(self.provider.advance());
        }
    }

    pub(crate) fn rotate_keys(&self) {
        println!("the tenant signs with another key");
        self.provider.rotate_keys();
    }

    /// Other instances, which seal with another secret and open what the old one sealed.
    pub(crate) async fn replace(&self) {
        println!("both instances are replaced by ones with another cookie secret");
        let both = format!("{NEW_SECRET},{OLD_SECRET}");
        let old = {
            let newer = [self.instance(&both), self.instance(&both)];
            let mut running = self.running();
            std::mem::replace(&mut *running, Vec::from(newer))
        };
        // What they are at is ended first.
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(old);
    }

    pub(crate) fn refreshes(&self) -> u64 {
        self.provider.refreshes()
    }

    fn instance(&self, secrets: &str) -> (u16, AxumServer) {
        let (listener, port) = listen();
        (port, AxumServer::start(listener, self.application(secrets)))
    }

    fn application(&self, secrets: &str) -> Router {
        let config = Config::web(
            self.provider.authority.clone(),
            CLIENT_ID,
            self.base_url.clone(),
            secrets,
        )
        .with_client_secret(CLIENT_SECRET)
        .with_scopes("openid profile email offline_access")
        .with_session_store(Arc::clone(&self.store))
        .with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>);
        let ciam = Ciam::new(config.build().expect("good settings"));
        Router::new()
            .route("/token", get(token))
            .merge(ciam.routes())
            .layer(ciam.layer())
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<(u16, AxumServer)>> {
        self.running.lock().expect("nobody panics")
    }
}

/// Who it is, and until when the token is good.
async fn token(user: User, token: AccessToken) -> String {
    let name = user.name().unwrap_or_default();
    format!("{name}\n{}", token.expires_at())
}

const OLD_SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NEW_SECRET: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
