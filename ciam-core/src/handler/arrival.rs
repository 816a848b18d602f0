//! What a request brings: nobody, a session, or the place where one is.

use std::fmt;
use std::sync::Arc;

use http::HeaderValue;

use super::opened_sessions::OpenedSession;
use crate::claims::User;
use crate::clock::Timestamp;
use crate::session::Session;
use crate::session::cookie::Present;
use crate::store::{CookieId, SessionStore, StoreKey};
use crate::telemetry::{self, Visitor};

/// What is known of a visitor when the request arrives.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Nobody is signed in.
    Anonymous,
    /// The cookie held the session, and this was when it was opened.
    SignedIn(SignedIn, Timestamp),
    /// The cookie says where the session is.
    Stored(StoredAt),
}

impl Arrival {
    /// One whose session is in a store is counted when that has answered.
    pub(super) fn count(&self) {
        match self {
            Self::Anonymous => telemetry::visit(Visitor::Anonymous),
            Self::SignedIn(..) => telemetry::visit(Visitor::SignedIn),
            Self::Stored(_) => {}
        }
    }
}

/// Where the session of a request is, and the cookie that says so.
pub(super) struct StoredAt {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) key: StoreKey,
    pub(super) id: CookieId,
}

impl fmt::Debug for StoredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

/// A session that is alive.
#[derive(Debug)]
pub(super) struct SignedIn {
    found: Found,
    /// Session cookies to write, because a part of the idle time has passed.
    pub(super) renewal: Vec<HeaderValue>,
    /// The session cookies that came with the request.
    pub(super) present: Present,
}

#[derive(Debug)]
enum Found {
    InCookie(Session),
    /// With what others asked of it before.
    InStore(Arc<OpenedSession>),
}

impl SignedIn {
    pub(super) const fn in_cookie(
        session: Session,
        renewal: Vec<HeaderValue>,
        present: Present,
    ) -> Self {
        Self {
            found: Found::InCookie(session),
            renewal,
            present,
        }
    }

    /// The cookie of a session in a store has one chunk.
    pub(super) const fn in_store(opened: Arc<OpenedSession>, renewal: Vec<HeaderValue>) -> Self {
        Self {
            found: Found::InStore(opened),
            renewal,
            present: Present::FIRST,
        }
    }

    pub(super) fn session(&self) -> &Session {
        match &self.found {
            Found::InCookie(session) => session,
            Found::InStore(opened) => &opened.session,
        }
    }

    /// Read at most once for each value of a store.
    pub(super) fn user(&self) -> Option<User> {
        let read = |session: &Session| {
            User::from_claims(session.claims().clone())
                .inspect_err(|error| tracing::error!(code = error.code(), %error, "no user"))
                .ok()
        };
        match &self.found {
            Found::InCookie(session) => read(session),
            Found::InStore(opened) => opened.user.get_or_init(|| read(&opened.session)).clone(),
        }
    }
}
