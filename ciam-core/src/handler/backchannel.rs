//! The backchannel-logout route: the provider says itself whose sessions are over.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;

use super::ended_sessions::without_store;
use super::{Ciam, Incoming, Rejection};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::flow::LogoutError;
use crate::flow::backchannel::{logout_token, verify};
use crate::store::{Entry, KeyKind, SessionStore, StoreError, StoreKey, answered};
use crate::token::{VerifiedLogoutToken, Whose};

impl Ciam {
    /// Answers a logout request ([OpenID Connect Back-Channel Logout 1.0, section 2.8]):
    /// 200 when every session that is meant is gone, 400 for a request that is not one,
    /// and 503 when it is not known whether they are gone.
    ///
    /// [OpenID Connect Back-Channel Logout 1.0, section 2.8]: https://openid.net/specs/openid-connect-backchannel-1_0.html#BCResponse
    pub(super) async fn backchannel_logout(
        &self,
        incoming: Incoming<'_>,
        body: &Bytes,
    ) -> Response<Bytes> {
        let Some(store) = self.config().session_store() else {
            return without_store();
        };
        let ended = self.end_as_told(&**store, incoming, body).await;
        match ended {
            Ok(ended) => {
                tracing::info!(
                    code = "logout.backchannel",
                    ended,
                    "signed out by the provider"
                );
                Response::new(Bytes::new())
            }
            Err(error) if error.kind() == ErrorKind::Request => refused(&error),
            Err(error) => {
                tracing::error!(code = error.code(), %error, "the provider's sign-out failed");
                Rejection::unavailable(&error).into_response()
            }
        }
    }

    /// How many sessions the request ended.
    async fn end_as_told(
        &self,
        store: &dyn SessionStore,
        incoming: Incoming<'_>,
        body: &Bytes,
    ) -> Result<usize, Error> {
        let token = logout_token(incoming.headers, body)?;
        let now = self.now();
        let provider = &self.0.provider;
        let metadata = provider.metadata.metadata(now).await?;
        let token = verify(&token, &metadata, provider, self.config(), now).await?;
        let carried_out = CarriedOut::of(&token, self, now);
        if carried_out.is_known(store).await? {
            return Err(LogoutError::Replayed.into());
        }
        let (kind, value) = match token.whose() {
            Whose::Session(sid) => (KeyKind::ProviderSession, sid),
            Whose::User(subject) => (KeyKind::User, subject),
        };
        let group = self.group(kind, token.issuer(), value);
        let ended = self.end_members(store, &group).await?;
        carried_out.keep(store).await?;
        Ok(ended.len())
    }
}

/// A logout token that was carried out, as the store remembers it.
///
/// It is kept like a session, when all sessions are gone, and looked for before any is ended.
/// So a token that was carried out is refused for as long as it would be valid: who sends
/// it again signs nobody out who came back meanwhile. One whose delivery broke off,
/// whether the store failed or this process ended, is not remembered, and the provider may
/// send it again; what was ended by then stays ended. A mark would have to be made before
/// the sessions end, because it cannot be looked for without being made, and one that is
/// left behind would refuse the provider while somebody is still signed in.
struct CarriedOut {
    key: StoreKey,
    life: Duration,
}

impl CarriedOut {
    fn of(token: &VerifiedLogoutToken, ciam: &Ciam, now: Timestamp) -> Self {
        Self {
            key: ciam.group(KeyKind::LogoutToken, token.issuer(), token.id()),
            // By the store's clock, which shows whole seconds at best.
            life: token.acceptable_until().since(now) + Duration::from_secs(1),
        }
    }

    async fn is_known(&self, store: &dyn SessionStore) -> Result<bool, StoreError> {
        Ok(answered(store.load(&self.key)).await?.is_some())
    }

    async fn keep(&self, store: &dyn SessionStore) -> Result<(), StoreError> {
        answered(store.create(Entry {
            key: &self.key,
            value: &Bytes::from_static(b"carried out"),
            groups: &[],
            life: self.life,
        }))
        .await
    }
}

/// Section 2.8, in the form of RFC 6749, section 5.2. Who can send a good token knows what
/// was wrong with this one; nobody else is told more than a code.
fn refused(error: &Error) -> Response<Bytes> {
    tracing::warn!(code = error.code(), %error, "a logout request was refused");
    let body = json!({ "error": "invalid_request", "error_description": error.code() });
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
