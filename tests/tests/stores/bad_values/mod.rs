//! What a real server holds was changed by hand, and ids that nobody was given: whoever it
//! is about is nobody, or is told that it cannot be told; everybody else notices nothing.

mod entries;
mod ids;
mod server;
mod values;

use std::sync::Arc;
use std::time::Duration;

use ciam_core::{Config, ManualClock};
use ciam_tests::scripted::Scripted;
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Logs, Site, Visitor, clock, told_to_script};
use http::Method;
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use self::server::{Key, Server};

/// A case with each server, on both frameworks.
macro_rules! on_each {
    ($($case:ident, $on:ident: $with:ident;)+) => {$(
        mod $case {
            use super::super::server::Server;
            use ciam_tests::Framework;

            #[tokio::test]
            async fn on_axum() {
                super::$on(Framework::Axum, Server::$with().await).await;
            }

            #[tokio::test]
            async fn on_actix() {
                super::$on(Framework::Actix, Server::$with().await).await;
            }
        }
    )+};
}
use on_each;

/// An application on a store that can be written to past it.
struct World {
    provider: Scripted,
    clock: Arc<ManualClock>,
    site: Site,
    server: Server,
    /// What is logged between two lines is of one test.
    _alone: MutexGuard<'static, ()>,
}

/// Somebody who is signed in.
struct Person {
    visitor: Visitor,
    /// What the application calls them.
    id: String,
    /// Where their session is.
    key: Key,
}

impl World {
    async fn new(framework: Framework, server: Server) -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
        let alone = ONE_AT_A_TIME.lock().await;
        Logs::capture();
        let provider = Scripted::start().await;
        let clock = clock();
        let site = application(framework, &provider, &clock, &server, "shop").await;
        Self {
            provider,
            clock,
            site,
            server,
            _alone: alone,
        }
    }

    /// Somebody at a browser of their own.
    async fn sign_in(&self, sub: &str) -> Person {
        self.sign_in_at(&self.site, sub).await
    }

    async fn sign_in_at(&self, site: &Site, sub: &str) -> Person {
        self.set_subject(sub);
        let before = self.server.keys().await;
        let mut visitor = Visitor::new();
        let page = visitor.go(site.url("/account")).await;
        assert_eq!((page.url.path(), page.status.as_u16()), ("/account", 200));
        let mut keys = self.server.keys().await;
        keys.retain(|key| !before.contains(key));
        let [key] = keys[..] else {
            panic!("one session began: {keys:?}");
        };
        let id = format!("{}#{sub}", self.provider.issuer());
        Person { visitor, id, key }
    }

    fn set_subject(&self, sub: &str) {
        let claims = json!({"sub": sub}).as_object().cloned();
        let claims = claims.expect("members");
        self.provider.script(|script| script.claims = claims);
    }

    async fn home(&self, visitor: &mut Visitor) -> Page {
        visitor.go(self.site.url("/")).await
    }

    async fn knows(&self, person: &mut Person, context: &str) {
        let home = self.home(&mut person.visitor).await;
        assert_eq!(home.status, 200, "{context}: {home}");
        assert_eq!(home.body, person.id, "{context}");
    }

    /// Both a page that is for all and one that is not say so, and the log says why.
    async fn does_not_know(&self, person: &mut Person, code: &str, context: &str) {
        let before = Logs::capture().count();
        let home = self.home(&mut person.visitor).await;
        assert_eq!(
            (home.status.as_u16(), &*home.body),
            (200, "nobody"),
            "{context}"
        );
        assert_eq!(home.header("set-cookie"), None, "{context}");
        let answer = person.visitor.fetch(&home, Method::GET, "/account").await;
        let refused = (401, "visit.not_signed_in".to_owned());
        assert_eq!(told_to_script(&answer), refused, "{context}: {answer}");
        // Who opens the page is sent to sign in.
        let login = self.site.url("/auth/login");
        let mut visitor = person.visitor.clone().stopping_before(&login);
        let page = visitor.go(self.site.url("/account")).await;
        assert_eq!(page.status, 303, "{context}: {page}");
        let lines = Logs::capture().own_after(before, "no session");
        let codes = lines.iter().map(|line| code_of(&line.text));
        let codes: Vec<_> = codes.collect();
        assert_eq!(codes, [code; 3], "{context}: {lines:?}");
    }

    /// It is told that it cannot be told, to readers and to scripts; the log says why, and
    /// in these words.
    async fn cannot_tell(&self, person: &mut Person, why: &str, context: &str) {
        let before = Logs::capture().count();
        let home = self.home(&mut person.visitor).await;
        is_unavailable(&home, context);
        assert_eq!(
            home.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{context}"
        );
        assert!(
            home.text().contains(" Code session.store"),
            "{context}: {home}"
        );
        let answer = person.visitor.fetch(&home, Method::GET, "/account").await;
        is_unavailable(&answer, context);
        assert_eq!(told_to_script(&answer).1, "session.store", "{context}");
        let lines = Logs::capture().own_after(before, "it is not known who the visitor is");
        assert_eq!(lines.len(), 2, "{context}: {lines:?}");
        for line in lines {
            assert_eq!(line.level, "ERROR", "{context}");
            assert_eq!(code_of(&line.text), "session.store", "{context}");
            assert!(line.text.contains(why), "{context}: {why} in {line}");
        }
    }
}

/// An application of this name at the provider.
async fn application(
    framework: Framework,
    provider: &Scripted,
    clock: &Arc<ManualClock>,
    server: &Server,
    client_id: &str,
) -> Site {
    let (issuer, clock) = (provider.issuer(), Arc::clone(clock));
    Site::start(framework, async |base_url| {
        let config = Config::web(issuer, client_id, base_url, COOKIE_SECRET);
        let config = config.with_client_secret("the client's secret");
        server.store().of(config.with_clock(clock))
    })
    .await
}

fn is_unavailable(page: &Page, context: &str) {
    assert_eq!(page.status, 503, "{context}: {page}");
    assert_eq!(page.header("retry-after"), Some("10"), "{context}");
    assert_eq!(
        page.header("set-cookie"),
        None,
        "{context}: nobody is signed out"
    );
}

fn code_of(line: &str) -> &str {
    let (_, rest) = line.split_once("code=").expect("a code");
    rest.split(' ').next().unwrap_or_default()
}

const COOKIE_SECRET: &str = "T25lIHNlY3JldCBvZiBhbGwgYXBwbGljYXRpb25zIGhlcmU=";
const HOUR: Duration = Duration::from_secs(3600);
