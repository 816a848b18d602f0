//! The provider's keys over the network: kept, refreshed behind the requests, asked for
//! again when an unknown one may have signed a token.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use url::Url;

use super::{KeyError, KeySet};
use crate::cache::{Cached, Health, Policy, Unanswered};
use crate::clock::Timestamp;
use crate::telemetry;
use crate::transport::{self, HttpClient, TransportError};

/// Why there are no keys.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// The request was given up with the runtime it ran on.
    #[error("the request for the keys was interrupted")]
    Interrupted,
    /// The answer is not a key set.
    #[error(transparent)]
    KeySet(#[from] KeyError),
    /// Asked for too often in a row.
    #[error("the keys were asked for too often in a short time")]
    OverBudget,
    /// The provider has no keys there.
    #[error("the key set's address answers {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl KeysError {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Interrupted => "keys.interrupted",
            Self::KeySet(error) => error.code(),
            Self::OverBudget => "keys.over_budget",
            Self::Status { .. } => "keys.status",
            Self::Transport(error) => error.code(),
        }
    }
}

impl From<Unanswered> for KeysError {
    fn from(reason: Unanswered) -> Self {
        match reason {
            Unanswered::Interrupted => Self::Interrupted,
            Unanswered::OverBudget => Self::OverBudget,
        }
    }
}

/// The keys of one provider.
#[derive(Debug)]
pub(crate) struct KeySource {
    client: Arc<dyn HttpClient>,
    cached: Arc<Cached<KeySet, KeysError>>,
}

impl KeySource {
    pub(crate) fn new(client: Arc<dyn HttpClient>) -> Self {
        Self {
            client,
            cached: Arc::new(Cached::new(POLICY)),
        }
    }

    /// The keys, fetched if there are none that may still be used.
    pub(crate) async fn keys(
        &self,
        jwks_uri: &Url,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, KeysError> {
        self.cached.value(now, || self.fetch(jwks_uri)).await
    }

    /// Newer keys, for a token whose key is not among those that were seen.
    pub(crate) async fn newer(
        &self,
        seen: &Arc<KeySet>,
        jwks_uri: &Url,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, KeysError> {
        let newer = self.cached.newer(seen, now, || self.fetch(jwks_uri)).await;
        // That the keys we have do not have it is the more telling error.
        newer.or_else(|error| self.cached.peek(now).ok_or(error))
    }

    /// Counts the sets that arrived.
    pub(crate) fn generation(&self) -> u64 {
        self.cached.generation()
    }

    /// The same, where the last set is fresh: nothing has to be looked up.
    pub(crate) fn fresh_generation(&self, now: Timestamp) -> Option<u64> {
        self.cached.fresh_generation(now)
    }

    pub(crate) fn health(&self, now: Timestamp) -> Health {
        self.cached.health(now, KeysError::code)
    }

    fn fetch(
        &self,
        jwks_uri: &Url,
    ) -> impl Future<Output = Result<KeySet, KeysError>> + Send + use<> {
        let client = Arc::clone(&self.client);
        let request = keys_request(jwks_uri);
        async move {
            let keys = match telemetry::timed("keys", client.send(request)).await {
                Ok(response) => keys_response(&response),
                Err(error) => Err(error.into()),
            };
            keys.inspect_err(|error| tracing::warn!(code = error.code(), %error, "no keys"))
        }
    }
}

fn keys_request(jwks_uri: &Url) -> Request<Bytes> {
    transport::get(jwks_uri.as_str())
}

fn keys_response(response: &Response<Bytes>) -> Result<KeySet, KeysError> {
    if response.status() != StatusCode::OK {
        return Err(KeysError::Status {
            status: response.status().as_u16(),
        });
    }
    let keys = KeySet::parse(response.body())?;
    for skipped in keys.skipped() {
        tracing::debug!(?skipped, "key skipped");
    }
    Ok(keys)
}

/// Keys are withdrawn when they leave the set: an hour until that is noticed, a
/// day until nothing is believed any more that cannot be checked. A rotation
/// right after the first fetch is met by the burst; a flood of unknown key ids,
/// or of tokens without one, costs the provider two requests a minute.
const POLICY: Policy = Policy {
    fresh: Duration::from_secs(3600),
    usable: Duration::from_secs(24 * 3600),
    burst: 5,
    refill: Duration::from_secs(30),
};
