//! Signing in and out at an honest provider, whichever it is.

pub(crate) mod journey;

use ciam_core::ConfigBuilder;
use ciam_tests::honest::Honest;
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, Routes, Site, Visitor};

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
        let mut provider = None;
        let site = Site::start(on.framework, async |base_url| {
            let (started, config) = Honest::start(on.provider, base_url).await;
            provider = Some(started);
            configure(config)
        })
        .await;
        Self::of(provider, site)
    }

    /// An application with routes of its own.
    pub(crate) async fn serving(on: Backend, routes: Routes) -> Self {
        let mut provider = None;
        let site = Site::serve(on.framework, routes, async |base_url| {
            let (started, config) = Honest::start(on.provider, base_url).await;
            provider = Some(started);
            config
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
}
