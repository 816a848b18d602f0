//! Sessions that end without their visitors: all of a user, or of one at the provider.

use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Response, StatusCode};

use super::Ciam;
use super::rejection::json;
use super::sessions::AT_ONCE;
use super::stored_sessions::answered;
use crate::store::{KeyKind, SessionStore, StoreError, StoreKey};

impl Ciam {
    /// What sessions are found by: the issuer, and its user or session.
    pub(super) fn group(&self, kind: KeyKind, issuer: &str, value: &str) -> StoreKey {
        let realm = self.config().cookies().realm();
        StoreKey::of(kind, realm, &[issuer.as_bytes(), value.as_bytes()])
    }

    /// Ends every session of a group, and says which. What is ended stays ended when a
    /// later one fails: whoever asks again has fewer to end.
    pub(super) async fn end_members(
        &self,
        store: &dyn SessionStore,
        group: &StoreKey,
    ) -> Result<Vec<StoreKey>, StoreError> {
        let members = answered(store.members(group)).await?;
        self.end_all(store, &members).await?;
        Ok(members)
    }

    /// Ends these sessions. What they hold ends with them here, tokens too.
    pub(super) async fn end_all(
        &self,
        store: &dyn SessionStore,
        keys: &[StoreKey],
    ) -> Result<(), StoreError> {
        for keys in keys.chunks(AT_ONCE) {
            try_join_all(keys.iter().map(|key| answered(store.delete(key)))).await?;
        }
        Ok(())
    }
}

/// A session in a cookie is where nobody but its browser can end it.
pub(super) fn without_store() -> Response<Bytes> {
    tracing::warn!(
        code = "logout.needs_store",
        "the provider wants to sign somebody out, and sessions are in cookies: set \
         CIAM_SESSION_STORE, or take the address out of the registration"
    );
    json(StatusCode::NOT_FOUND, "logout.needs_store")
}
