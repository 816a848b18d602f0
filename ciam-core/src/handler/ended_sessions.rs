//! Sessions that end without their visitors: all of a user, or of one at the provider.

use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Response, StatusCode};

use super::Ciam;
use super::rejection::json;
use super::sessions::AT_ONCE;
use crate::flow::revocation::revoke;
use crate::session::Session;
use crate::store::{KeyKind, SessionStore, StoreError, StoreKey, answered};

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

    /// Ends these sessions of a user who wants it so: their tokens end at the provider too.
    pub(super) async fn end_with_tokens(
        &self,
        store: &dyn SessionStore,
        keys: &[StoreKey],
    ) -> Result<(), StoreError> {
        if !self.config().keeps_tokens() {
            return self.end_all(store, keys).await;
        }
        for keys in keys.chunks(AT_ONCE) {
            let loaded = try_join_all(keys.iter().map(|key| answered(store.load(key)))).await?;
            let now = self.now();
            let found = keys.iter().zip(loaded);
            let sessions: Vec<_> = found
                .filter_map(|(key, loaded)| self.open_stored(key, &loaded?, now))
                .collect();
            self.end_all(store, keys).await?;
            self.revoke_tokens(&sessions).await;
        }
        Ok(())
    }

    /// Whoever has a copy of these tokens gets no newer ones, where the provider can see
    /// to that.
    async fn revoke_tokens(&self, sessions: &[Session]) {
        let tokens = sessions.iter().filter_map(|session| session.kept().tokens);
        let tokens: Vec<_> = tokens.collect();
        if tokens.is_empty() {
            return;
        }
        let metadata = self.0.provider.metadata.metadata(self.now()).await;
        match metadata {
            Ok(metadata) => tokens.iter().for_each(|tokens| {
                let refresh_token = &tokens.refresh_token;
                revoke(&self.0.provider, &metadata, self.config(), refresh_token);
            }),
            Err(error) => {
                let code = error.code();
                tracing::warn!(code, %error, "sessions ended here, their tokens not at the provider");
            }
        }
    }

    /// Ends these sessions. What they hold ends with them here, tokens too.
    async fn end_all(&self, store: &dyn SessionStore, keys: &[StoreKey]) -> Result<(), StoreError> {
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
