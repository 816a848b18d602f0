//! Where the tokens of a session are: with the session in its store, or, beside a session
//! that is in a cookie, in this process.

use std::sync::Arc;

use super::Ciam;
use super::arrival::StoredAt;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flow::TokensError;
use crate::session::Session;
use crate::session::tokens::Tokens;
use crate::store::{Entry, KeyKind, Saved, SessionStore, StoreError, StoreKey, answered};

/// Where the newest tokens of a session are.
#[derive(Clone)]
pub(super) struct TokenHome {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) key: StoreKey,
    /// The session that is in a cookie: without a newer one here it counts.
    in_cookie: bool,
}

/// The newest of a session.
pub(super) struct Newest {
    pub(super) session: Session,
    pub(super) tokens: Tokens,
    /// `None`: not kept here yet.
    revision: Option<u64>,
}

impl TokenHome {
    /// Of a session in a store.
    pub(super) fn of_stored(at: &StoredAt) -> Self {
        Self {
            store: Arc::clone(&at.store),
            key: at.key,
            in_cookie: false,
        }
    }

    pub(super) const fn is_in_cookie(&self) -> bool {
        self.in_cookie
    }

    /// Of a session in a cookie.
    pub(super) fn of_cookie(ciam: &Ciam, tokens: &Tokens) -> Self {
        let realm = ciam.config().cookies().realm();
        let family = tokens.family.expose().as_bytes();
        Self {
            store: Arc::clone(&ciam.0.cookie_tokens),
            key: StoreKey::of(KeyKind::CookieTokens, realm, &[family]),
            in_cookie: true,
        }
    }
}

impl Ciam {
    /// Keeps the tokens of a session that begins in a cookie.
    pub(super) async fn remember_tokens(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), Error> {
        if let Some(tokens) = session.kept().tokens {
            let home = TokenHome::of_cookie(self, &tokens);
            let value = self.seal_stored(&home.key, session)?;
            answered(home.store.create(Entry {
                key: &home.key,
                value: &value,
                groups: &[],
                life: session.expires_at().since(now),
            }))
            .await?;
        }
        Ok(())
    }

    /// The newest of the session that was seen; an error if it is there no more.
    pub(super) async fn newest(
        &self,
        home: &TokenHome,
        seen: &Session,
    ) -> Result<Newest, TokensError> {
        let loaded = answered(home.store.load(&home.key)).await?;
        let now = self.now();
        let opened = loaded.and_then(|loaded| {
            let session = self.open_stored(&home.key, &loaded, now)?;
            // When it was used last is in the cookie.
            let session = match home.in_cookie {
                true => seen.with_contents_of(&session),
                false => session,
            };
            Some((session, Some(loaded.revision)))
        });
        let (session, revision) = match opened {
            Some(found) => found,
            None if home.in_cookie => (seen.clone(), None),
            None => return Err(TokensError::Gone),
        };
        let tokens = session.kept().tokens.ok_or(TokensError::NotKept)?;
        Ok(Newest {
            session,
            tokens,
            revision,
        })
    }

    /// Writes what became of it.
    pub(super) async fn keep_newest(
        &self,
        home: &TokenHome,
        newest: &Newest,
        session: &Session,
    ) -> Result<Saved, TokensError> {
        let now = self.now();
        let value = self.seal_stored(&home.key, session)?;
        let groups = match home.in_cookie {
            true => Vec::new(),
            false => self.groups(session.claims()),
        };
        let entry = Entry {
            key: &home.key,
            value: &value,
            groups: &groups,
            life: session.expires_at().since(now),
        };
        let saved = match newest.revision {
            Some(revision) => answered(home.store.save(entry, revision)).await?,
            None => {
                answered(home.store.create(entry)).await?;
                Saved::Written
            }
        };
        Ok(saved)
    }

    /// Ends the session, wherever it is.
    pub(super) async fn forget(&self, home: &TokenHome) -> Result<(), StoreError> {
        answered(home.store.delete(&home.key)).await
    }
}
