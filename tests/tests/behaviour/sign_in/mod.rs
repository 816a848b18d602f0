//! Signing in and out at an honest provider, whichever it is.

pub(crate) mod addresses;
pub(crate) mod callback;
pub(crate) mod changed;
pub(crate) mod hints;
pub(crate) mod journey;
pub(crate) mod keys;
pub(crate) mod large_sessions;
pub(crate) mod outage;
pub(crate) mod planted;
pub(crate) mod sessions;
pub(crate) mod sign_out;

use ciam_core::ConfigBuilder;
use ciam_tests::honest::{Honest, Setup};
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, Logs, Routes, Site, Visitor, told};
use http::{Method, StatusCode};
use serde_json::Value;
use url::Url;

/// An application, the provider that its visitors sign in at, and one of them.
pub(crate) struct World {
    pub(crate) provider: Honest,
    pub(crate) site: Site,
    pub(crate) visitor: Visitor,
}

impl World {
    pub(crate) async fn new(on: Backend) -> Self {
        Self::with(on, |config| config).await
    }

    pub(crate) async fn with(
        on: Backend,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Self::at(on, |setup| setup, configure).await
    }

    /// At a provider that is told more than usual.
    pub(crate) async fn at(
        on: Backend,
        set_up: impl FnOnce(Setup) -> Setup,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        let (mut provider, store) = (None, on.store.ready().await);
        let site = Site::start(on.framework, async |base_url| {
            let setup = set_up(Setup::new(&format!("{base_url}/auth")));
            let started = provider.insert(setup.start(on.provider).await);
            configure(store.of(started.config(base_url)))
        })
        .await;
        Self::of(provider, site)
    }

    /// The same with routes of its own.
    pub(crate) async fn serving_at(
        on: Backend,
        set_up: impl FnOnce(Setup) -> Setup,
        routes: Routes,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        let (mut provider, store) = (None, on.store.ready().await);
        let site = Site::serve(on.framework, routes, async |base_url| {
            let setup = set_up(Setup::new(&format!("{base_url}/auth")));
            let started = provider.insert(setup.start(on.provider).await);
            configure(store.of(started.config(base_url)))
        })
        .await;
        Self::of(provider, site)
    }

    /// An application with routes of its own.
    pub(crate) async fn serving(on: Backend, routes: Routes) -> Self {
        Self::serving_below(on, "", routes).await
    }

    /// The same with a path in the base URL.
    pub(crate) async fn serving_below(on: Backend, path: &str, routes: Routes) -> Self {
        Self::serve(on, path, routes, |config| config).await
    }

    /// The same with other settings.
    pub(crate) async fn serving_with(
        on: Backend,
        routes: Routes,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        Self::serve(on, "", routes, configure).await
    }

    async fn serve(
        on: Backend,
        path: &str,
        routes: Routes,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        let mut provider = None;
        let site = Site::serve(on.framework, routes, async |origin| {
            let base_url = format!("{origin}{path}");
            let (started, config) = Honest::start(on.provider, &base_url).await;
            provider = Some(started);
            configure(config)
        })
        .await;
        Self::of(provider, site)
    }

    fn of(provider: Option<Honest>, site: Site) -> Self {
        Self {
            provider: provider.expect("it was started"),
            site,
            visitor: Visitor::new(),
        }
    }

    /// Opens a page as Ada: signs in on the way where that is asked for.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let page = self.visitor.go(self.site.url(path)).await;
        if !self.provider.asks(&page) {
            return page;
        }
        self.provider.sign_in(&mut self.visitor, page).await
    }

    /// Who is signed in.
    pub(crate) async fn who(&mut self) -> String {
        self.visitor.go(self.site.url("/")).await.body
    }

    /// Signs this visitor in, who is nobody yet, from the account page and back to it.
    pub(crate) async fn sign_in_as(&self, login: &str, visitor: &mut Visitor) -> Page {
        let page = visitor.go(self.site.url("/account")).await;
        assert!(self.provider.asks(&page), "{page}");
        self.provider.sign_in_as(login, visitor, page).await
    }

    /// Signs this visitor out as with a button of the front page.
    pub(crate) async fn sign_out(&self, visitor: &mut Visitor) -> Page {
        let home = visitor.go(self.site.url("/")).await;
        let page = visitor.submit(&button(&home, "/auth/logout")).await;
        self.provider.sign_out(visitor, page).await
    }

    /// Whom the application knows this visitor as: asked by a script of the front page.
    pub(crate) async fn me(&self, visitor: &mut Visitor) -> Option<Value> {
        let home = visitor.go(self.site.url("/")).await;
        assert_eq!(home.status, StatusCode::OK, "{home}");
        let answer = visitor.fetch(&home, Method::GET, "/account").await;
        let me: Value = answer.json();
        if home.body == "nobody" {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer}");
            assert_eq!(me["error"], "visit.not_signed_in", "{answer}");
            return None;
        }
        assert_eq!(answer.status, StatusCode::OK, "{answer}");
        let id = format!("{}#{}", self.provider.issuer(), text(&me["claims"], "sub"));
        assert_eq!(home.body, id);
        Some(me)
    }

    /// The name that it knows this visitor by.
    pub(crate) async fn name(&self, visitor: &mut Visitor) -> Option<String> {
        let me = self.me(visitor).await?;
        Some(text(&me, "name"))
    }

    /// Somebody who is shown where the provider sends them, and does not go there.
    pub(crate) fn stopping(&self) -> Visitor {
        Visitor::new().stopping_before(&self.site.url("/auth/callback"))
    }

    /// What sends such a visitor to the callback: a redirect, or a form.
    pub(crate) async fn answer(&self, login: &str, visitor: &mut Visitor) -> Page {
        let route = self.site.url("/auth/login?return_to=/account");
        let page = visitor.go(route).await;
        if !self.provider.asks(&page) {
            return page;
        }
        self.provider.sign_in_as(login, visitor, page).await
    }

    /// The address of the callback that it redirects to, with everything in it.
    pub(crate) async fn callback_url(&self, login: &str, visitor: &mut Visitor) -> Url {
        let page = self.answer(login, visitor).await;
        let location = page.location();
        let location = location.unwrap_or_else(|| panic!("no redirect: {page}"));
        assert_eq!(location.path(), "/auth/callback", "{location}");
        location
    }

    /// Checks that `page` is the application's own for this failure, and that the log
    /// tells of the same one, once; returns the line.
    pub(crate) fn failure(&self, page: &Page, status: StatusCode, code: &str) -> String {
        assert_eq!(page.status, status, "{page}");
        assert!(page.url.as_str().starts_with(&self.site.url("/")), "{page}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
        let (found, reference) = told(page);
        assert_eq!(found, code, "{page}");
        let lines = Logs::capture().own(&format!("correlation_id={reference} "));
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = lines[0].to_string();
        assert!(line.contains(&format!("code={code} ")), "{line}");
        let level = if status.is_server_error() {
            "ERROR"
        } else {
            "WARN"
        };
        assert_eq!(lines[0].level, level, "{line}");
        line
    }

    /// The same where it is the callback that says so.
    pub(crate) fn refused(&self, page: &Page, status: StatusCode, code: &str) -> String {
        assert_eq!(page.url.path(), "/auth/callback", "{page}");
        self.failure(page, status, code)
    }
}

/// The form that a button of `page` would send, without any field.
pub(crate) fn button(page: &Page, action: &str) -> ciam_tests::visitor::Form {
    let body = format!("<form method=post action='{action}'></form>");
    let page = Page {
        body,
        ..page.clone()
    };
    page.forms().remove(0)
}

/// The names of the cookies kept now that begin with this.
pub(crate) fn cookie_names(visitor: &Visitor, prefix: &str) -> Vec<String> {
    let names = visitor.cookies().into_iter().map(|kept| kept.cookie.name());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with(prefix))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

/// The names of all cookies of the library; the local tenant has some of its own.
pub(crate) fn own_cookies(visitor: &Visitor) -> Vec<String> {
    let mut names = cookie_names(visitor, "ciam-");
    names.retain(|name| !name.starts_with("ciam-tenant-"));
    names
}

fn text(value: &Value, member: &str) -> String {
    let text = value[member].as_str();
    text.unwrap_or_else(|| panic!("no {member} in {value}"))
        .to_owned()
}

pub(crate) const TRANSACTION: &str = "ciam-transaction-";
pub(crate) const SESSION: &str = "ciam-session";
pub(crate) const LOGOUT: &str = "ciam-logout-";
pub(crate) const ID_TOKEN: &str = "ciam-id-token";

const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;
const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;
