//! Tokens for the APIs that an application calls: for who is signed in, for a caller, and
//! for itself.

pub(crate) mod answers;
pub(crate) mod apis;
mod on_actix;
mod on_axum;
pub(crate) mod renewal;
pub(crate) mod waiting;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ciam_core::ManualClock;
use ciam_tests::honest::{Api, CLIENT_ID, Lifetimes};
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, ProviderKind, Routes, Visitor, clock};
use http::Method;
use serde_json::Value;

use super::sign_in;
use sign_in::World as Signing;

/// An application that calls APIs, whose clock and whose tenant's can be moved.
struct World {
    signing: Signing,
    clock: Arc<ManualClock>,
}

impl World {
    async fn new(on: Backend) -> Self {
        let lifetimes = Lifetimes {
            access: LIFE,
            ..Lifetimes::default()
        };
        Self::with(on, lifetimes).await
    }

    async fn with(on: Backend, lifetimes: Lifetimes) -> Self {
        let clock = clock();
        let scopes = match on.provider {
            ProviderKind::LocalTenant => {
                format!("openid profile email offline_access api://{CLIENT_ID}/orders.read")
            }
            _ => "openid profile email offline_access".to_owned(),
        };
        let set_up = |setup: ciam_tests::honest::Setup| {
            let setup = setup.with_refresh_tokens(lifetimes);
            match on.provider {
                ProviderKind::LocalTenant => setup.with_apis(),
                _ => setup,
            }
        };
        let shown = Arc::clone(&clock);
        let signing = Signing::serving_at(on, set_up, ROUTES, |config| {
            config.with_scopes(&scopes).with_clock(shown)
        });
        Self {
            signing: signing.await,
            clock,
        }
    }

    /// The application's clock, and the tenant's; `oidc-provider` has the machine's.
    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        if let ciam_tests::honest::Honest::LocalTenant(tenant) = &self.signing.provider {
            tenant.advance(by);
        }
    }

    async fn signed_in(&self, login: &str) -> Visitor {
        let mut visitor = Visitor::new();
        let page = self.signing.sign_in_as(login, &mut visitor).await;
        assert_eq!(page.url.path(), "/account", "{page}");
        visitor
    }

    /// What a script of the application is answered.
    async fn asked(&self, visitor: &mut Visitor, path: &str) -> Page {
        asked(&self.signing.site, visitor, path).await
    }

    /// The token that a handler of this address got.
    async fn token(&self, visitor: &mut Visitor, path: &str) -> String {
        let answer = self.asked(visitor, path).await;
        assert_eq!(answer.status, 200, "{answer}");
        answer.body
    }

    async fn who(&self, visitor: &mut Visitor) -> String {
        visitor.go(self.signing.site.url("/")).await.body
    }
}

async fn asked(site: &ciam_tests::Site, visitor: &mut Visitor, path: &str) -> Page {
    let page = visitor.go(site.url("/auth/signed-out")).await;
    visitor.fetch(&page, Method::GET, path).await
}

/// The claims of a token that somebody else verifies.
pub(crate) fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("three parts");
    let part = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part);
    serde_json::from_slice(&part.expect("base64")).expect("JSON")
}

/// A handler that waits for a token; what becomes of those who are not there any more.
struct Waiting(Option<String>);

impl Waiting {
    fn begin(name: &str) -> Self {
        Self(Some(name.to_owned()))
    }

    fn done(mut self) {
        self.0 = None;
    }

    fn is_gone(name: &str) -> bool {
        GONE.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(name)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut gone = GONE.lock().unwrap_or_else(PoisonError::into_inner);
        gone.extend(self.0.take());
    }
}

static GONE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

pub(crate) const ROUTES: Routes = Routes {
    axum: on_axum::calling,
    actix: on_actix::CALLING,
};

fn stock(scope: &str) -> String {
    format!("api://{}/{scope}", Api::Stock.audience())
}

/// Of access tokens: they are renewed when a fifth of it is left …
const LIFE: Duration = Duration::from_secs(600);

/// … and this is when, after they were issued.
const DUE: Duration = Duration::from_secs(480);
const SECOND: Duration = Duration::from_secs(1);
