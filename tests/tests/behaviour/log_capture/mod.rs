//! What is logged, at the finest level: what it must say, and no secret.

pub(crate) mod failures;
pub(crate) mod printed;
pub(crate) mod stores;
pub(crate) mod tokens;
pub(crate) mod visits;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ciam_core::{Clock, Config, ConfigBuilder, ManualClock};
use ciam_tests::scripted::Scripted;
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Line, Logs, Secrets, Site, Visitor, clock};
use http::Method;
use http::header::SET_COOKIE;

use super::tokens::ROUTES;

const CLIENT_SECRET: &str = "cl1ent/secret+with=odd~chars&%";
const COOKIE_SECRET: &str = "Q29va2llIHNlY3JldCBvZiB0aGUgbG9nIGNhcHR1cmUh";
const HOUR: Duration = Duration::from_secs(3600);

/// A provider, an application whose clock can be moved, and somebody.
struct World {
    provider: Scripted,
    clock: Arc<ManualClock>,
    site: Site,
    visitor: Visitor,
    /// How much was logged before.
    logged: usize,
}

impl World {
    async fn new(on: Framework) -> Self {
        let logged = Logs::capture().count();
        let (provider, clock) = Self::begin().await;
        let config = Self::config(&provider, &clock);
        let site = Site::start(on, config).await;
        Self::of(provider, clock, site, logged)
    }

    /// One that calls an API for its users.
    async fn calling(
        on: Framework,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        let logged = Logs::capture().count();
        let (provider, clock) = Self::begin().await;
        provider.script(|script| script.sessions = true);
        let config = Self::config(&provider, &clock);
        let site = Site::serve(on, ROUTES, async |base_url| {
            let config = config(base_url).await;
            configure(config.with_scopes("openid offline_access api://orders/read"))
        });
        let site = site.await;
        Self::of(provider, clock, site, logged)
    }

    async fn begin() -> (Scripted, Arc<ManualClock>) {
        let provider = Scripted::start().await;
        (provider, clock())
    }

    fn of(provider: Scripted, clock: Arc<ManualClock>, site: Site, logged: usize) -> Self {
        Self {
            provider,
            clock,
            site,
            visitor: Visitor::new(),
            logged,
        }
    }

    fn config(
        provider: &Scripted,
        clock: &Arc<ManualClock>,
    ) -> impl AsyncFnOnce(&str) -> ConfigBuilder {
        let (issuer, clock) = (provider.issuer(), clock.clone());
        async move |base_url| {
            Config::web(issuer, "shop", base_url, COOKIE_SECRET)
                .with_client_secret(CLIENT_SECRET)
                .with_userinfo()
                .with_clock(clock)
        }
    }

    async fn sign_in(&mut self) -> Page {
        let login = self.site.url("/auth/login?return_to=%2Faccount");
        self.visitor.go(login).await
    }

    /// The application's clock, and the provider's.
    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        let now = self.clock.now().unix();
        self.provider.script(|script| script.now = Some(now));
    }

    /// What a script of the application is answered.
    async fn asked(&mut self, path: &str) -> Page {
        let page = self.visitor.go(self.site.url("/auth/signed-out")).await;
        self.visitor.fetch(&page, Method::GET, path).await
    }

    async fn sign_out(&mut self) -> Page {
        let home = self.visitor.go(self.site.url("/")).await;
        self.visitor
            .fetch(&home, Method::POST, "/auth/logout")
            .await
    }

    /// Everything that nobody but its owners may see, by what it is.
    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add("client secret", CLIENT_SECRET);
        secrets.add("cookie secret", COOKIE_SECRET);
        let bytes = base64_simd::STANDARD.decode_to_vec(COOKIE_SECRET);
        let bytes = String::from_utf8(bytes.expect("base64")).expect("chosen so");
        secrets.add("cookie secret", &bytes);
        for issued in self.provider.issued() {
            secrets.add("code", &issued.code);
            secrets.add("state", &issued.state);
            secrets.add("nonce", &issued.nonce);
            for (kind, value) in [
                ("code verifier", &issued.code_verifier),
                ("access token", &issued.access_token),
            ] {
                if let Some(value) = value {
                    secrets.add(kind, value);
                }
            }
            for token in &issued.id_tokens {
                secrets.add("ID token", token);
            }
            for token in &issued.refresh_tokens {
                secrets.add("refresh token", token);
            }
        }
        add_cookies(&mut secrets, &self.visitor);
        secrets
    }
}

/// The values of all cookies that the visitor ever got.
fn add_cookies(secrets: &mut Secrets, visitor: &Visitor) {
    let received = visitor.history().iter().map(|exchange| &exchange.received);
    for cookie in received.flat_map(|headers| headers.get_all(SET_COOKIE)) {
        let cookie = cookie.to_str().expect("ASCII");
        let pair = cookie.split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').expect("a value");
        let kind = match name {
            name if name.starts_with("ciam-session") => "session cookie",
            name if name.starts_with("ciam-transaction") => "transaction cookie",
            name if name.starts_with("ciam-id-token") => "ID token cookie",
            name if name.starts_with("ciam-logout") => "state of the sign-out",
            // Of the local tenant, and of oidc-provider.
            name if name.starts_with("ciam-tenant") || name.starts_with('_') => "provider's cookie",
            name => panic!("a cookie {name} of nobody"),
        };
        if !value.is_empty() {
            secrets.add(kind, value);
        }
    }
}

/// None of the secrets is in what anybody has logged so far: neither we, who must
/// not, nor the crates around us, who do not.
fn stay_secret(secrets: &Secrets) {
    stay_secret_since(0, secrets);
}

/// The same for secrets that nobody had before so many lines.
fn stay_secret_since(count: usize, secrets: &Secrets) {
    let lines = Logs::capture().lines();
    // Many are the same.
    let lines: BTreeSet<_> = lines.iter().skip(count).map(Line::to_string).collect();
    assert!(!lines.is_empty(), "nothing is logged");
    let leaks = lines.iter().filter_map(|line| {
        let found = secrets.found_in(line);
        (!found.is_empty()).then(|| format!("{found:?} in {line}"))
    });
    let leaks: Vec<_> = leaks.collect();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
