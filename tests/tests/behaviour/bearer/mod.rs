//! Callers of APIs, with access tokens: [`on_axum`] and [`on_actix`] have the same
//! routes.

pub(crate) mod apis;
pub(crate) mod callers;
pub(crate) mod claims;
pub(crate) mod credentials;
pub(crate) mod cross_origin;
pub(crate) mod customer_tenant;
pub(crate) mod keys;
pub(crate) mod metadata;
mod on_actix;
mod on_axum;
pub(crate) mod sessions;
pub(crate) mod signatures;
pub(crate) mod step_up;

use std::time::Duration;

use ciam_core::{
    Caller, Config, ConfigBuilder, Guard, auth_context, caller, fresh, role, scope, signed_in,
};
use ciam_tests::honest::{Honest, Setup};
use ciam_tests::scripted::Scripted;
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Backend, Framework, Line, Logs, Routes, Site};
use serde::Deserialize;
use tokio::sync::Mutex;

/// What the API serves: `/api/orders` to every caller, the others to those that
/// [`guards`] let through, `/account` to people.
const ORDERS: Routes = Routes {
    axum: on_axum::orders,
    actix: on_actix::ORDERS,
};

/// The same to scripts that [`may_call`] too.
const CROSS_ORIGIN: Routes = Routes {
    axum: on_axum::cross_origin,
    actix: on_actix::CROSS_ORIGIN,
};

/// An application or an API at an honest provider.
struct World {
    provider: Honest,
    site: Site,
}

/// An API at a provider that signs anything.
struct Scene {
    provider: Scripted,
    site: Site,
}

/// An answer, and what was logged of the caller meanwhile.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    logged: Vec<Line>,
}

impl World {
    /// A web application that is an API too.
    async fn new(on: Backend) -> Self {
        Self::with(on, Setup::with_apis, |config| config).await
    }

    async fn with(
        on: Backend,
        set_up: impl FnOnce(Setup) -> Setup,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        let mut provider = None;
        let site = Site::serve(on.framework, ORDERS, async |base_url| {
            let setup = set_up(Setup::new(&format!("{base_url}/auth")));
            let started = provider.insert(setup.start(on.provider).await);
            configure(started.config(base_url))
        })
        .await;
        Self {
            provider: provider.expect("it was started"),
            site,
        }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        get(&self.site, path, token).await
    }
}

impl Scene {
    async fn new(on: Framework) -> Self {
        Self::serving(on, ORDERS, |config| config).await
    }

    async fn serving(
        on: Framework,
        routes: Routes,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        let provider = Scripted::start().await;
        let issuer = provider.issuer();
        let site = Site::serve(on, routes, async move |_| {
            configure(Config::api(issuer, "orders"))
        })
        .await;
        Self { provider, site }
    }

    async fn get(&self, token: &str) -> Answer {
        get(&self.site, "/api/orders", token).await
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let values = self.values(name);
        assert!(values.len() < 2, "{name} twice: {self:?}");
        values.first().copied()
    }

    fn values(&self, name: &str) -> Vec<&str> {
        let headers = self.headers.iter().filter(|(n, _)| n == name);
        headers.map(|(_, value)| value.as_str()).collect()
    }

    fn expect_ok(&self, body: &str) {
        assert_eq!((self.status, &*self.body), (200, body), "{self:?}");
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("www-authenticate"), None, "{self:?}");
        assert_eq!(self.logged.len(), 0, "{self:?}");
    }

    /// All that a refused caller is told.
    fn expect_challenge(&self, status: u16, challenge: &str, error: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("www-authenticate"), Some(challenge), "{self:?}");
        assert_eq!(self.body, format!("{{\"error\":\"{error}\"}}"), "{self:?}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-type", "application/json"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(self.header(name), Some(value), "{self:?}");
        }
        assert_eq!(self.header("set-cookie"), None, "{self:?}");
    }

    /// The same for something wrong with the credentials: the log has this code, once.
    fn expect_refused(&self, status: u16, error: &str, code: &str) {
        self.expect_challenge(status, &format!("Bearer error=\"{error}\""), error);
        self.expect_logged(code);
    }

    fn expect_logged(&self, code: &str) -> &Line {
        let [line] = self.logged.as_slice() else {
            panic!("not one line, of {code}: {self:?}");
        };
        assert_eq!(line.level, "INFO", "{line}");
        assert!(
            line.text.contains(&format!("code={code} ")),
            "{code}: {line}"
        );
        line
    }
}

/// What an API wants to know of its callers.
#[derive(Deserialize)]
struct Till {
    sub: String,
    shop: String,
    till: u8,
}

/// Who calls, in the words of both frameworks' routes.
fn described(caller: &Caller) -> String {
    let kind = if caller.is_application() {
        "application"
    } else {
        "user"
    };
    let application = caller.application().unwrap_or_default();
    let (scopes, roles) = (caller.scopes().join(" "), caller.roles().join(" "));
    format!("{kind} at {application}: {scopes}; {roles}")
}

fn placed(caller: &Caller, till: &Till) -> String {
    assert_eq!(caller.id().subject(), till.sub);
    format!("{} at till {} of {}", till.sub, till.till, till.shop)
}

/// What is asked for where.
fn guards() -> [(&'static str, Guard); 14] {
    let proven = || caller() & auth_context("c1");
    let recent = || caller() & fresh(Duration::from_secs(300));
    let write = || scope("orders.write");
    [
        ("/proven", auth_context("c1")),
        ("/api/read", caller() & scope("orders.read")),
        ("/api/write", caller() & write()),
        ("/api/all", caller() & role("Orders.Read.All")),
        ("/api/either", signed_in() | scope("orders.read")),
        ("/api/proven", proven()),
        ("/api/fresh", recent()),
        ("/api/both", proven() & recent()),
        ("/api/write-proven", write() & proven()),
        ("/api/admin-proven", role("Admin") & proven()),
        ("/api/ways", (caller() & role("Admin")) | proven()),
        ("/api/scope-or-proof", write() | proven()),
        ("/api/proof-or-scope", proven() | write()),
        (
            "/api/no-way",
            (caller() & role("Admin")) | write() & proven(),
        ),
    ]
}

async fn get(site: &Site, path: &str, token: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    ask(
        site,
        "GET",
        path,
        &[("authorization", authorization.as_bytes())],
    )
    .await
}

/// One request at a time, of all that are for callers: what is logged meanwhile is of it.
async fn ask(site: &Site, method: &str, path: &str, headers: &[(&str, &[u8])]) -> Answer {
    let _alone = ALONE.lock().await;
    let before = Logs::capture().count();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n",
        site.port()
    )
    .into_bytes();
    for (name, value) in headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    let answer = exchange(site.port(), &request, Then::Wait).await;
    let answer = answer.unwrap_or_else(|| panic!("no answer to {method} {path}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = answer.headers.iter();
    Answer {
        status: answer.status,
        headers: headers
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        body: text(&answer.body),
        logged: logged_after(before),
    }
}

/// What all APIs of this process logged of refused callers after so many lines.
fn logged_after(count: usize) -> Vec<Line> {
    let mut lines = Logs::capture().own_after(count, "code=");
    let about = ["a caller was refused", "no caller can be let in"];
    lines.retain(|line| about.iter().any(|about| line.text.contains(about)));
    lines
}

/// Nothing in a log line says which API wrote it.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Whether scripts of this origin may call.
fn may_call(origin: &[u8]) -> bool {
    origin == ORIGIN.as_bytes() || origin.starts_with(b"http://127.0.0.1:")
}

/// Where scripts come from that may call.
const ORIGIN: &str = "https://app.example";
