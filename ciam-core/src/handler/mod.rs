//! The handle an application keeps: who a visitor is, and the library's own routes.

use std::sync::Arc;

use http::HeaderMap;

use crate::api::{Api, Source, TokenCache};
use crate::cache::Health;
use crate::clock::Timestamp;
use crate::config::{Authority, Config, CookieSecret};
use crate::error::Error;
use crate::flow::Provider;
use crate::flow::transaction::TRANSACTION_LIFETIME;
use crate::keys::KeySource;
use crate::metadata::MetadataSource;
use crate::session::Session;
use crate::session::cookie;
use crate::session::key_ring::KeyRing;
use crate::session::scopes::Scopes;
use crate::store::{MemoryStore, SessionStore, StoreKey};
use crate::telemetry::{self, Visitor};
use crate::transport::{HttpClient, ReqwestClient};

mod answer;
mod arrival;
mod backchannel;
mod caller;
mod current_session;
mod ended_sessions;
mod frontchannel;
mod granted_tokens;
mod guard;
mod incoming;
mod new_session;
mod opened_sessions;
mod pauses;
mod rejection;
mod report;
mod routes;
mod session_cookies;
mod sessions;
mod sign_in;
mod sign_out;
mod stored_sessions;
mod token_home;
mod tokens;
mod unavailable;
mod visit;

pub use answer::AnswerHeaders;
pub use caller::PendingVisit;
pub use current_session::CurrentSession;
pub use guard::{
    Guard, any_of, auth_context, caller, claim, fresh, group, role, scope, signed_in, tenant,
};
pub use incoming::Incoming;
pub use rejection::Rejection;
pub use sessions::Ended;
pub use visit::Visit;

use arrival::{Arrival, SignedIn};
use granted_tokens::GrantedTokens;
use opened_sessions::OpenedSessions;
use pauses::Pauses;
use tokens::Refreshes;

/// Customer sign-in for one application at one provider.
///
/// Cheap to clone; all clones are the same. Made once, outside of anything that a
/// server runs once per worker.
#[derive(Clone, Debug)]
pub struct Ciam(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    key_ring: KeyRing,
    provider: Arc<Provider>,
    api: Api,
    /// Of sessions that are in cookies.
    cookie_tokens: Arc<dyn SessionStore>,
    granted: GrantedTokens,
    opened: OpenedSessions,
    refreshes: Arc<Refreshes>,
    pauses: Pauses<(StoreKey, Scopes)>,
}

/// How the provider's metadata and keys are doing, for a health endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderHealth {
    /// The metadata document.
    pub metadata: Health,
    /// The signing keys.
    pub keys: Health,
}

impl ProviderHealth {
    /// Whether both are there: sign-ins can succeed.
    pub const fn is_ready(&self) -> bool {
        self.metadata.age.is_some() && self.keys.age.is_some()
    }
}

impl Ciam {
    /// Takes up a configuration. Sends nothing: an application starts while its
    /// provider is down.
    pub fn new(config: Config) -> Self {
        for warning in config.warnings() {
            tracing::warn!(code = "config.warning", "{warning}");
        }
        let client: Arc<dyn HttpClient> = match config.http_client() {
            Some(client) => Arc::clone(client),
            None => Arc::new(ReqwestClient::new(config.transport_options())),
        };
        let provider = |authority: &Authority| {
            Arc::new(Provider {
                metadata: MetadataSource::new(authority.clone(), Arc::clone(&client)),
                keys: KeySource::new(Arc::clone(&client)),
                client: Arc::clone(&client),
            })
        };
        let own = provider(config.authority());
        let mut sources = vec![Source {
            provider: Arc::clone(&own),
            audiences: config.audiences().to_vec(),
        }];
        sources.extend(config.other_sources().iter().map(|other| Source {
            provider: provider(&other.authority),
            audiences: other.audiences.clone(),
        }));
        let (size, life) = config.token_cache();
        let api = Api {
            sources,
            tokens: TokenCache::new(size, life),
            rfc9068: config.rfc9068(),
            clock_tolerance: config.clock_tolerance(),
        };
        let secrets: Vec<_> = config
            .cookie_secrets()
            .iter()
            .map(CookieSecret::expose)
            .collect();
        let longest = config.session_lifetime().max(TRANSACTION_LIFETIME);
        let key_ring = KeyRing::new(&secrets, longest)
            .expect("a configuration has a cookie secret, and each has 32 bytes");
        Self(Arc::new(Inner {
            config,
            key_ring,
            provider: own,
            api,
            cookie_tokens: Arc::new(MemoryStore::new(COOKIE_TOKENS)),
            granted: GrantedTokens::default(),
            opened: OpenedSessions::default(),
            refreshes: Arc::default(),
            pauses: Pauses::default(),
        }))
    }

    /// Fetches the provider's metadata and keys, unless they are there already: a
    /// check at start-up, or a probe.
    ///
    /// # Errors
    ///
    /// When one of them cannot be had; what was had before stays in use.
    pub async fn ready(&self) -> Result<(), Error> {
        let now = self.now();
        let metadata = self.0.provider.metadata.metadata(now).await?;
        self.0
            .provider
            .keys
            .keys(&metadata.document().jwks_uri, now)
            .await?;
        Ok(())
    }

    /// How the provider's metadata and keys are doing. Sends nothing.
    pub fn health(&self) -> ProviderHealth {
        let now = self.now();
        ProviderHealth {
            metadata: self.0.provider.metadata.health(now),
            keys: self.0.provider.keys.health(now),
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Says who the visitor of a request is. For adapters.
    ///
    /// # Errors
    ///
    /// A request that another site caused, and that would change something for
    /// somebody who is signed in, is refused.
    pub fn visit(&self, incoming: Incoming<'_>) -> Result<Visit, Rejection> {
        let _span = tracing::debug_span!("visit").entered();
        let arrival = self.arrival(cookie::lines(incoming.headers));
        let may_have_session = !matches!(arrival, Arrival::Anonymous);
        let is_cross_site = || incoming.is_cross_site(&self.0.config);
        if may_have_session && is_cross_site() && !self.is_exempt(incoming) {
            telemetry::visit(Visitor::Refused);
            return Err(Rejection::cross_site(self, incoming));
        }
        arrival.count();
        Ok(Visit::new(self.clone(), arrival))
    }

    /// The same where [`Incoming::may_change_something`] says no: only the values of the
    /// `Cookie` headers decide. For adapters that would have to convert the others.
    pub fn visit_read_only<'h>(&self, cookies: impl Iterator<Item = &'h [u8]>) -> Visit {
        let _span = tracing::debug_span!("visit").entered();
        let arrival = self.arrival(cookies);
        arrival.count();
        Visit::new(self.clone(), arrival)
    }

    /// What the cookies say. A session in a store is not asked for yet.
    fn arrival<'h>(&self, cookies: impl Iterator<Item = &'h [u8]>) -> Arrival {
        if self.0.config.is_api() {
            return Arrival::Anonymous;
        }
        let Some(cookie) = self.session_cookie(cookies) else {
            return Arrival::Anonymous;
        };
        if let Some(store) = self.0.config.session_store() {
            let at = self.stored_at(store, &cookie);
            return at.map_or(Arrival::Anonymous, Arrival::Stored);
        }
        let now = self.now();
        let Some(session) = self.open_session(&cookie, now) else {
            return Arrival::Anonymous;
        };
        let present = cookie.present();
        let renewal = self.renewal(&session, present, now);
        Arrival::SignedIn(SignedIn::in_cookie(session, renewal, present), now)
    }

    /// The session of a request to one of the library's own routes.
    async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, Error> {
        let Some(cookie) = self.session_cookie(cookie::lines(headers)) else {
            return Ok(None);
        };
        let now = self.now();
        let Some(store) = self.0.config.session_store() else {
            return Ok(self.open_session(&cookie, now));
        };
        let Some(at) = self.stored_at(store, &cookie) else {
            return Ok(None);
        };
        let found = self.find(&at, now).await?;
        Ok(found.map(|found| found.session().clone()))
    }

    fn api(&self) -> &Api {
        &self.0.api
    }

    fn now(&self) -> Timestamp {
        self.0.config.clock().now()
    }
}

/// For about 10,000 users at once; of one who is forgotten, the refresh token is still in
/// the cookie.
const COOKIE_TOKENS: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests;
