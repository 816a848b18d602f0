//! The sessions of a user: listed, and ended from another one.

use std::sync::Arc;

use futures_util::future::try_join_all;
use http::StatusCode;

use super::{Ciam, CurrentSession, Rejection};
use crate::claims::UserId;
use crate::error::Error;
use crate::session::Session;
use crate::session::info::{SessionId, SessionInfo};
use crate::store::{KeyKind, SessionStore, StoreError, StoreKey, answered};

/// What became of a session that was to be ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// It was the one that asked: the visitor is signed out with the answer.
    Current,
    /// The user has no such session, or no longer.
    NotFound,
    /// It was another one: it is nobody's with its next request.
    Other,
}

/// Whose sessions they are, and which of them asks.
struct Own<'s> {
    session: &'s CurrentSession,
    store: &'s Arc<dyn SessionStore>,
    user: &'s UserId,
    current: StoreKey,
}

impl Ciam {
    /// The sessions that a user has in this application, the one used last first: at most
    /// 100, of which the current one is always one. Needs a session store.
    ///
    /// ```no_run
    /// # use ciam_core::{Ciam, CurrentSession, Rejection};
    /// # async fn example(ciam: Ciam, session: CurrentSession) -> Result<(), Rejection> {
    /// for found in ciam.sessions(&session).await? {
    ///     let browser = found.browser().unwrap_or_else(|| "unknown".to_owned());
    ///     println!("{} since {} {}", found.id(), found.signed_in_at(), browser);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The answer to give instead: 503 if the store fails, 500 without one.
    pub async fn sessions(&self, session: &CurrentSession) -> Result<Vec<SessionInfo>, Rejection> {
        let own = self.own_sessions(session)?;
        let found = self.list(&own).await;
        found.map_err(|error| own.unavailable(error))
    }

    /// Ends one session of a user. Its tokens end with it, where the provider can revoke
    /// them there too.
    ///
    /// What is another user's session, or nobody's, is [`Ended::NotFound`]. At the provider
    /// the browser may still be known, and sign in again without a password.
    ///
    /// ```no_run
    /// # use ciam_core::{Ciam, CurrentSession, Ended, Rejection};
    /// # async fn example(ciam: Ciam, session: CurrentSession, field: &str) -> Result<(), Rejection> {
    /// let Ok(id) = field.parse() else {
    ///     return Ok(()); // nobody's
    /// };
    /// let is_signed_out = ciam.end_session(&session, &id).await? == Ended::Current;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The answer to give instead: 503 if the store fails, 500 without one.
    pub async fn end_session(
        &self,
        session: &CurrentSession,
        id: &SessionId,
    ) -> Result<Ended, Rejection> {
        let own = self.own_sessions(session)?;
        let ended = self.end_one(&own, id.key()).await;
        ended.map_err(|error| own.unavailable(error))
    }

    /// Ends all sessions of a user but this one, and says how many those were.
    ///
    /// # Errors
    ///
    /// The answer to give instead: 503 if the store fails, when some of them may have
    /// ended; 500 without one.
    pub async fn end_other_sessions(&self, session: &CurrentSession) -> Result<usize, Rejection> {
        let own = self.own_sessions(session)?;
        let ended = self.end_others(&own).await;
        ended.map_err(|error| own.unavailable(error))
    }

    /// Ends all sessions of somebody, and says how many those were: for an administrator,
    /// or when an account is closed or was taken over ([ASVS 5.0, 7.4.2 and 7.4.5]).
    ///
    /// What is ended is this application's: an account that is still open at the provider
    /// signs in again.
    ///
    /// # Errors
    ///
    /// When the store fails, where asking again ends what is left; when there is none.
    ///
    /// [ASVS 5.0, 7.4.2 and 7.4.5]: https://github.com/OWASP/ASVS/blob/v5.0.0/5.0/en/0x16-V7-Session-Management.md
    pub async fn end_sessions_of(&self, user: &UserId) -> Result<usize, Error> {
        let store = self.session_store()?;
        let group = self.group(KeyKind::User, user.issuer(), user.subject());
        let keys = answered(store.members(&group)).await?;
        self.end_with_tokens(&**store, &keys).await?;
        Ok(keys.len())
    }

    fn session_store(&self) -> Result<&Arc<dyn SessionStore>, Error> {
        self.config().session_store().ok_or_else(|| {
            let error = Error::no_session_store();
            tracing::error!(code = error.code(), %error, "sessions cannot be found");
            error
        })
    }

    fn own_sessions<'s>(&'s self, session: &'s CurrentSession) -> Result<Own<'s>, Rejection> {
        let visit = session.visit();
        let refused =
            |error: Error| session.refuse(StatusCode::INTERNAL_SERVER_ERROR, error.code());
        let store = self.session_store().map_err(refused)?;
        if !visit.is_of(self) {
            tracing::error!(
                code = "layer.other_handle",
                "a session of another `Ciam` handle"
            );
            return Err(Rejection::internal());
        }
        // It may have ended under this very handler's hands.
        let known = visit.user()?.zip(visit.stored()).zip(visit.latest());
        let ((user, current), _) = known.ok_or_else(|| session.sign_in(None))?;
        Ok(Own {
            session,
            store,
            user: user.id(),
            current: current.key,
        })
    }

    async fn list(&self, own: &Own<'_>) -> Result<Vec<SessionInfo>, StoreError> {
        let mut keys = self.members(own).await?;
        if keys.len() > MAX_LISTED {
            let (found, limit) = (keys.len(), MAX_LISTED);
            tracing::warn!(
                code = "sessions.too_many",
                found,
                limit,
                "not all are listed"
            );
            // The same ones every time.
            keys.sort_unstable_by_key(|key| (*key != own.current, *key));
            keys.truncate(MAX_LISTED);
        }
        let mut listed = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let found = keys.iter().map(|key| self.load_own(own, key));
            for (key, session) in keys.iter().zip(try_join_all(found).await?) {
                let is_current = *key == own.current;
                listed.extend(session.map(|session| SessionInfo::new(*key, &session, is_current)));
            }
        }
        listed.sort_unstable_by_key(|found| {
            let used = (found.last_seen_at(), found.signed_in_at());
            (std::cmp::Reverse(used), found.id())
        });
        Ok(listed)
    }

    /// What is in nobody's list but another's costs as much as what is in none.
    async fn end_one(&self, own: &Own<'_>, key: &StoreKey) -> Result<Ended, StoreError> {
        let is_there = self.members(own).await?.contains(key);
        if !is_there || self.load_own(own, key).await?.is_none() {
            return Ok(Ended::NotFound);
        }
        self.end_with_tokens(&**own.store, &[*key]).await?;
        if *key != own.current {
            return Ok(Ended::Other);
        }
        own.session.visit().note_end();
        Ok(Ended::Current)
    }

    async fn end_others(&self, own: &Own<'_>) -> Result<usize, StoreError> {
        let mut keys = self.members(own).await?;
        keys.retain(|key| *key != own.current);
        self.end_with_tokens(&**own.store, &keys).await?;
        Ok(keys.len())
    }

    /// Where the user's sessions are; the current one, too, should the store have lost
    /// sight of it.
    async fn members(&self, own: &Own<'_>) -> Result<Vec<StoreKey>, StoreError> {
        let group = self.group(KeyKind::User, own.user.issuer(), own.user.subject());
        let mut keys = answered(own.store.members(&group)).await?;
        if !keys.contains(&own.current) {
            keys.push(own.current);
        }
        Ok(keys)
    }

    /// A session that is alive, and of this very user, whatever list it is in.
    async fn load_own(&self, own: &Own<'_>, key: &StoreKey) -> Result<Option<Session>, StoreError> {
        let loaded = answered(own.store.load(key)).await?;
        let now = self.now();
        let session = loaded.and_then(|loaded| self.open_stored(key, &loaded, now));
        Ok(session.filter(|session| {
            let is_own = is_of(session, own.user);
            if !is_own {
                let code = "sessions.other_user";
                tracing::error!(code, ?key, "the store lists a session under another user");
            }
            is_own
        }))
    }
}

impl Own<'_> {
    fn unavailable(&self, error: StoreError) -> Rejection {
        let error = Error::from(error);
        tracing::error!(code = error.code(), %error, "the sessions of a user are not known");
        self.session.unavailable(&error)
    }
}

fn is_of(session: &Session, user: &UserId) -> bool {
    let claims = session.claims();
    let is = |claim, expected| claims.text(claim).as_deref() == Some(expected);
    is("iss", user.issuer()) && is("sub", user.subject())
}

/// People have a few; a list of more is read by nobody, and each is loaded and opened.
const MAX_LISTED: usize = 100;

/// Of one visitor's sessions that are loaded, or ended, together: a store has others to
/// serve.
pub(super) const AT_ONCE: usize = 10;
