//! Sessions in a store: loaded when somebody asks, begun, renewed, ended.

use std::sync::Arc;
use std::task::{Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::Ciam;
use super::arrival::{SignedIn, StoredAt};
use super::opened_sessions::OpenedSession;
use super::session_cookies::set_cookie;
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::session::Session;
use crate::session::cookie::{self, CookieValue};
use crate::session::seal::{Purpose, SealError};
use crate::store::{
    CookieId, Entry, KeyKind, Loaded, Saved, SessionStore, StoreError, StoreKey, answered,
};

impl Ciam {
    /// Where the session of a cookie is; `None` for what cannot be an id.
    pub(super) fn stored_at(
        &self,
        store: &Arc<dyn SessionStore>,
        cookie: &CookieValue<'_>,
    ) -> Option<StoredAt> {
        let Some(id) = CookieId::read(cookie.text()) else {
            tracing::info!(
                code = "session.malformed",
                "no session: the cookie has no id"
            );
            return None;
        };
        Some(StoredAt {
            store: Arc::clone(store),
            key: id.key(self.config().cookies().short_realm()),
            id,
        })
    }

    /// The session that is kept there, used now.
    pub(super) async fn find(
        &self,
        at: &StoredAt,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, StoreError> {
        let Some(loaded) = answered(at.store.load(&at.key)).await? else {
            return Ok(None);
        };
        let Some(opened) = self.opened(&at.key, &loaded, now) else {
            return Ok(None);
        };
        let session = &opened.session;
        let lifetimes = self.lifetimes();
        if !session.renewal_due(now, &lifetimes) {
            return Ok(Some(SignedIn::in_store(opened, Vec::new())));
        }
        let renewed = session.renewed(now, &lifetimes);
        let saved = self.save(at, &renewed, loaded.revision, now).await;
        let cookie = match saved {
            Ok(Saved::Gone) => return Ok(None),
            Ok(_) => self.session_id_cookie(&at.id, &renewed, now),
            Err(error) => Err(error),
        };
        let renewal = cookie.map(|cookie| vec![cookie]).unwrap_or_else(|error| {
            // The session goes on as it is.
            tracing::error!(code = error.code(), %error, "a session could not be renewed");
            Vec::new()
        });
        Ok(Some(SignedIn::in_store(opened, renewal)))
    }

    /// The same, where nothing has to be waited for: neither for the store, nor until the
    /// session is written back.
    pub(super) fn find_at_once(&self, at: &StoredAt, now: Timestamp) -> Poll<Option<SignedIn>> {
        let loaded = ready!(at.store.load_at_once(&at.key));
        let Some(opened) = loaded.and_then(|loaded| self.opened(&at.key, &loaded, now)) else {
            return Poll::Ready(None);
        };
        if opened.session.renewal_due(now, &self.lifetimes()) {
            return Poll::Pending;
        }
        Poll::Ready(Some(SignedIn::in_store(opened, Vec::new())))
    }

    /// A new session under a new id; the one before it ends.
    pub(super) async fn begin_stored(
        &self,
        store: &Arc<dyn SessionStore>,
        session: &Session,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, Error> {
        let config = self.config();
        let cookies = config.cookies();
        let id = CookieId::new(&**config.random())?;
        let key = id.key(cookies.short_realm());
        let value = self.seal_stored(&key, session)?;
        let groups = self.groups(session.claims());
        answered(store.create(Entry {
            key: &key,
            value: &value,
            groups: &groups,
            life: session.expires_at().since(now),
        }))
        .await?;
        let before = self.end_stored(store, headers).await;
        if let Err(error) = before {
            // Nobody has its cookie any more.
            tracing::warn!(code = error.code(), %error, "the session before could not be ended");
        }
        let mut written = vec![self.session_id_cookie(&id, session, now)?];
        let present = cookie::present(headers, cookies.session_names());
        for n in present.beyond(1) {
            written.push(set_cookie(&cookies.session_removal(n))?);
        }
        Ok(written)
    }

    /// Ends the session that the request has.
    pub(super) async fn end_stored(
        &self,
        store: &Arc<dyn SessionStore>,
        headers: &HeaderMap,
    ) -> Result<(), Error> {
        let cookie = self.session_cookie(cookie::lines(headers));
        match cookie.and_then(|cookie| self.stored_at(store, &cookie)) {
            Some(at) => Ok(answered(store.delete(&at.key)).await?),
            None => Ok(()),
        }
    }

    /// The session, opened now or before.
    fn opened(
        &self,
        key: &StoreKey,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Option<Arc<OpenedSession>> {
        let Some(opened) = self.0.opened.find(key, &loaded.value) else {
            let session = self.open_stored(key, loaded, now)?;
            return Some(self.0.opened.keep(key, &loaded.value, session));
        };
        let alive = opened.session.check_alive(now, &self.lifetimes());
        alive
            .inspect_err(|error| tracing::info!(code = error.code(), %error, "no session"))
            .ok()?;
        Some(opened)
    }

    pub(super) fn open_stored(
        &self,
        key: &StoreKey,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Option<Session> {
        let name = key.name();
        let context = self.seal_context(Purpose::StoredSession, &name);
        let (ring, lifetimes) = (&self.0.key_ring, self.lifetimes());
        Session::open_bytes(ring, &context, &loaded.value, now, &lifetimes)
            .inspect_err(|error| tracing::info!(code = error.code(), %error, "no session"))
            .ok()
    }

    pub(super) fn seal_stored(
        &self,
        key: &StoreKey,
        session: &Session,
    ) -> Result<Bytes, SealError> {
        let name = key.name();
        let context = self.seal_context(Purpose::StoredSession, &name);
        session.seal_bytes(&self.0.key_ring, &context, &**self.config().random())
    }

    async fn save(
        &self,
        at: &StoredAt,
        session: &Session,
        revision: u64,
        now: Timestamp,
    ) -> Result<Saved, Error> {
        let value = self.seal_stored(&at.key, session)?;
        let groups = self.groups(session.claims());
        let entry = Entry {
            key: &at.key,
            value: &value,
            groups: &groups,
            life: session.expires_at().since(now),
        };
        Ok(answered(at.store.save(entry, revision)).await?)
    }

    /// What a session is found by: its user, and the provider's session.
    pub(super) fn groups(&self, claims: &Claims) -> Vec<StoreKey> {
        let of = |kind, claim| {
            let (issuer, value) = (claims.text("iss")?, claims.text(claim)?);
            Some(self.group(kind, &issuer, &value))
        };
        let user = of(KeyKind::User, "sub");
        let session = of(KeyKind::ProviderSession, "sid");
        user.into_iter().chain(session).collect()
    }

    fn session_id_cookie(
        &self,
        id: &CookieId,
        session: &Session,
        now: Timestamp,
    ) -> Result<HeaderValue, Error> {
        // One chunk, as the cookie of a session that is its own store.
        let value = format!("1{}", id.text());
        let max_age = session.expires_at().since(now);
        set_cookie(&self.config().cookies().session(0, &value, max_age))
    }
}
