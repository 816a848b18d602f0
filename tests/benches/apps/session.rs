//! A genuine session, made in process.

use std::sync::Arc;

use ciam_core::store::SessionStore;
use ciam_core::{Ciam, ConfigBuilder, Incoming};
use http::Request;
use http::header::COOKIE;
use tokio::runtime::Runtime;

use super::limit::Limit;
use crate::support::provider::FixedProvider;
use crate::support::sign_in::{Callback, config};

/// Somebody who signed in through the library.
pub(crate) struct Session {
    /// Opens the session; every handle with this configuration does.
    pub(crate) ciam: Ciam,
    /// `name=value`, as the browser sends it back.
    pub(crate) cookie: String,
    /// The claims that are in it, as JSON: about 1 kB.
    pub(crate) claims: Vec<u8>,
}

impl Session {
    /// In the cookie itself.
    pub(crate) fn new(runtime: &Runtime) -> Self {
        Self::signed_in(runtime, |config| config)
    }

    /// In a store.
    pub(crate) fn stored(runtime: &Runtime, store: Arc<dyn SessionStore>) -> Self {
        Self::signed_in(runtime, |config| config.with_session_store(store))
    }

    /// Another handle with the same configuration, and this store.
    pub(crate) fn handle(store: Arc<dyn SessionStore>) -> Ciam {
        let provider = Arc::new(FixedProvider::new(PROVIDER));
        let config = config(PROVIDER).with_http_client(provider);
        let config = config.with_session_store(store).build();
        Ciam::new(config.expect("a valid configuration"))
    }

    fn signed_in(runtime: &Runtime, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let provider = Arc::new(FixedProvider::new(PROVIDER));
        let config = change(config(PROVIDER).with_http_client(provider.clone()));
        let ciam = Ciam::new(config.build().expect("a valid configuration"));
        let cookie = runtime.block_on(async {
            let callback = Callback::prepare(&ciam, &provider).await;
            let response = ciam.respond(callback.request()).await;
            Callback::session_cookie(&response)
        });
        let claims = claims(runtime, &ciam, &cookie);
        Self {
            ciam,
            cookie,
            claims,
        }
    }

    /// `name=value` of the same claims as the limit seals them.
    pub(crate) fn limit_cookie(&self, limit: &Limit) -> String {
        limit.seal(&self.claims)
    }
}

fn claims(runtime: &Runtime, ciam: &Ciam, cookie: &str) -> Vec<u8> {
    let request = Request::get("/").header(COOKIE, cookie).body(());
    let request = request.expect("a request");
    let visit = ciam.visit(Incoming {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
    });
    let visit = visit.expect("nobody else's doing");
    let _inside = runtime.enter();
    if let Some(pending) = visit.pending(false, std::iter::empty(), None) {
        runtime.block_on(pending);
    }
    let user = visit.user().expect("it opens").expect("signed in");
    user.claims().json().to_vec()
}

/// Never asked over a network.
const PROVIDER: &str = "https://aaaabbbb-0000-cccc-1111-dddd2222eeee.login.example/\
    aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0";
