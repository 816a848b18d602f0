//! A provider that fails, and input that no honest side sends.

pub(crate) mod asking;
pub(crate) mod bodies;
pub(crate) mod budget;
pub(crate) mod faults;
pub(crate) mod oversized;
pub(crate) mod wild;

use std::time::Duration;

use ciam_core::{Config, ConfigBuilder};
use ciam_tests::scripted::Scripted;
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Logs, Site, Visitor, told};
use http::StatusCode;

/// A provider, an application that signs in there, and somebody.
pub(crate) struct World {
    pub(crate) provider: Scripted,
    pub(crate) site: Site,
    pub(crate) visitor: Visitor,
}

impl World {
    pub(crate) async fn new(on: Framework) -> Self {
        Self::with(on, |config| config).await
    }

    pub(crate) async fn with(
        on: Framework,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        Logs::capture();
        let provider = Scripted::start().await;
        let issuer = provider.issuer();
        let site = Site::start(on, async move |base_url| {
            let config = Config::web(issuer, "shop", base_url, "")
                .with_client_secret("the client's secret")
                .with_http_timeout(Duration::from_secs(1));
            configure(config)
        })
        .await;
        Self {
            provider,
            site,
            visitor: Visitor::new(),
        }
    }

    /// Goes all the way: to the account, or to the page that says why not.
    pub(crate) async fn sign_in(&mut self) -> Page {
        let login = self.site.url("/auth/login?return_to=%2Faccount");
        self.visitor.go(login).await
    }

    pub(crate) async fn expect_signed_in(&mut self, context: &str) {
        let page = self.sign_in().await;
        assert_eq!(page.url.path(), "/account", "{context}: {page}");
        assert_eq!(page.status, StatusCode::OK, "{context}: {page}");
        assert_eq!(
            self.who().await,
            format!("{}#alice", self.provider.issuer())
        );
    }

    /// The page that says why somebody is not signed in, the code on it, and the
    /// one line of the log that says more.
    pub(crate) async fn expect_refused(
        &mut self,
        context: &str,
        page: &Page,
        status: u16,
        code: &str,
    ) -> String {
        assert_eq!(page.status.as_u16(), status, "{context}: {page}");
        let (found, reference) = told(page);
        assert_eq!(found, code, "{context}: {page}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{context}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{context}"
        );
        let retry_after = (status == 503).then_some("10");
        assert_eq!(page.header("retry-after"), retry_after, "{context}");
        let lines = Logs::capture().own(&reference);
        assert_eq!(lines.len(), 1, "{context}: {lines:?}");
        let line = lines[0].to_string();
        assert!(line.contains(&format!("code={code} ")), "{context}: {line}");
        let level = if status >= 500 { "ERROR" } else { "WARN" };
        assert_eq!(lines[0].level, level, "{context}: {line}");
        assert_eq!(self.who().await, "nobody", "{context}");
        line
    }

    /// Who is signed in.
    pub(crate) async fn who(&mut self) -> String {
        let home = self.site.url("/");
        self.visitor.go(home).await.body
    }
}
