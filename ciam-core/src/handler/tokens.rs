//! Tokens for the APIs that the application calls: held, refreshed once for all who ask,
//! and never lost on the way.

use std::time::Duration;

use super::token_home::{Newest, TokenHome};
use super::{Ciam, CurrentSession, Rejection, Visit};
use crate::cache::flights::{Flight, Flights};
use crate::clock::Timestamp;
use crate::config::OFFLINE_ACCESS;
use crate::flow::TokensError;
use crate::flow::refresh::{Refreshed, refresh};
use crate::session::Session;
use crate::session::scopes::{Scopes, ScopesError};
use crate::session::tokens::{AccessToken, TokenState};
use crate::store::{KeyKind, Saved, StoreKey, answered};
use crate::telemetry;

/// What is refreshed at the moment: a session's token for some scopes.
pub(super) type Refreshes = Flights<(StoreKey, Scopes), Result<Tokened, TokensError>>;

/// A token, and the session it was found in.
#[derive(Clone, Debug)]
pub(super) struct Tokened {
    session: Session,
    token: AccessToken,
}

impl Ciam {
    /// A token for an API that is called for the user of a session: with these scopes of
    /// one API, or, where none are named, with those of `CIAM_SCOPES`.
    ///
    /// It needs `offline_access` among `CIAM_SCOPES`. A token is kept with the session and
    /// refreshed some minutes before it ends, once for all requests that ask for it, with
    /// a session store also across instances. While the provider cannot be reached, the
    /// one that is still valid is given.
    ///
    /// # Errors
    ///
    /// The answer to give instead. The session has ended, or the provider wants to see the
    /// user again: the way to sign-in, and back here. No token can be had now: 503.
    pub async fn token(
        &self,
        session: &CurrentSession,
        scopes: &[&str],
    ) -> Result<AccessToken, Rejection> {
        let visit = session.visit();
        visit.consult();
        let scopes = self
            .scopes_of_token(scopes)
            .map_err(|error| session.without_token(&error.into(), &Scopes::default()))?;
        let token = self.session_token(visit, &scopes).await;
        token.map_err(|error| session.without_token(&error, &scopes))
    }

    /// None, where they are those of the sign-in: one token serves both ways of asking.
    fn scopes_of_token(&self, scopes: &[&str]) -> Result<Scopes, ScopesError> {
        let asked = Scopes::new(scopes.iter().copied())?;
        let own = self.config().scopes().iter().map(String::as_str);
        let own = Scopes::new(own.filter(|scope| !OF_SIGN_IN.contains(scope)))?;
        Ok(if asked == own {
            Scopes::default()
        } else {
            asked
        })
    }

    async fn session_token(
        &self,
        visit: &Visit,
        scopes: &Scopes,
    ) -> Result<AccessToken, TokensError> {
        let seen = visit.latest().ok_or(TokensError::Gone)?;
        let kept = seen.kept().tokens.ok_or(TokensError::NotKept)?;
        let home = match visit.stored() {
            Some(at) => TokenHome::of_stored(at),
            None => TokenHome::of_cookie(self, &kept),
        };
        let (session, tokens) = if home.is_in_cookie() {
            // What a request before this one refreshed may not have reached the browser.
            let newest = self.newest(&home, &seen).await?;
            (newest.session, newest.tokens)
        } else {
            (seen, kept)
        };
        let now = self.now();
        let (held, is_fresh) = usable(tokens.held(scopes).cloned(), now);
        if let (Some(token), true) = (&held, is_fresh) {
            visit.note(&session);
            return Ok(token.clone());
        }
        let place = (home.key, scopes.clone());
        if let Some(error) = self.0.pauses.current(&place, now) {
            return held.ok_or(error);
        }
        let flight = self
            .0
            .refreshes
            .join(&place, Err(TokensError::Interrupted), || {
                let (ciam, home, scopes) = (self.clone(), home.clone(), scopes.clone());
                async move { ciam.refreshed(&home, &scopes, &session).await }
            });
        match awaited(flight, held.is_some()).await {
            Ok(tokened) => {
                visit.note(&tokened.session);
                Ok(tokened.token)
            }
            Err(error @ (TokensError::Ended(_) | TokensError::Gone)) => {
                visit.note_end();
                Err(error)
            }
            Err(error) => held.ok_or(error),
        }
    }

    /// Asks the provider, unless another instance does so at the moment.
    async fn refreshed(
        &self,
        home: &TokenHome,
        scopes: &Scopes,
        seen: &Session,
    ) -> Result<Tokened, TokensError> {
        let realm = self.config().cookies().realm();
        let lease = StoreKey::of(KeyKind::Refresh, realm, &[home.key.as_bytes()]);
        // A request to the provider, and what it gave written down. One that is killed
        // meanwhile holds it to its end.
        let life = self.config().http_timeout() + WRITING;
        let began = tokio::time::Instant::now();
        let (newest, is_ours) = loop {
            let is_ours = answered(home.store.mark(&lease, life)).await?;
            // What the other one wrote is read after it let go.
            let newest = self.newest(home, seen).await;
            if is_ours || newest.is_err() {
                break (newest, is_ours);
            }
            if let Ok(newest) = &newest
                && let Some(tokened) = newest.fresh(scopes, self.now())
            {
                return Ok(tokened);
            }
            if began.elapsed() >= WHILE_NONE {
                let seconds = began.elapsed().as_secs();
                return Err(TokensError::Busy { seconds });
            }
            tokio::time::sleep(STEP).await;
        };
        let result = match newest {
            Ok(newest) => self.refresh_now(home, scopes, newest).await,
            Err(error) => Err(error),
        };
        if is_ours && let Err(error) = answered(home.store.unmark(&lease)).await {
            // It ends by itself.
            tracing::warn!(code = error.code(), %error, "a refresh could not be marked as done");
        }
        self.conclude(&(home.key, scopes.clone()), &result);
        result
    }

    async fn refresh_now(
        &self,
        home: &TokenHome,
        scopes: &Scopes,
        mut newest: Newest,
    ) -> Result<Tokened, TokensError> {
        if let Some(tokened) = newest.fresh(scopes, self.now()) {
            return Ok(tokened);
        }
        let config = self.config();
        loop {
            let now = self.now();
            let (tokens, claims) = (&newest.tokens, newest.session.claims());
            let asked = refresh(tokens, scopes, claims, &self.0.provider, config, now).await;
            let error = match asked {
                Ok(refreshed) => return self.keep(home, scopes, newest, &refreshed).await,
                Err(error) => error,
            };
            let TokensError::TokenEndpoint(refused) = &error else {
                return Err(error);
            };
            if !error.ends_session() {
                return Err(error);
            }
            // It may be worth nothing because somebody else has redeemed it.
            let again = self.newest(home, &newest.session).await?;
            let used = newest.tokens.refresh_token.expose();
            if !again.tokens.refresh_token.matches(used) {
                newest = again;
                continue;
            }
            self.forget(home).await?;
            return Err(TokensError::Ended(refused.clone()));
        }
    }

    /// Writes the answer down. The provider may take the refresh token once only: what it
    /// gave for it must not be lost because a store is slow or restarts.
    async fn keep(
        &self,
        home: &TokenHome,
        scopes: &Scopes,
        mut newest: Newest,
        refreshed: &Refreshed,
    ) -> Result<Tokened, TokensError> {
        let now = self.now();
        let token = refreshed.answer.access_token(now)?;
        let began = tokio::time::Instant::now();
        loop {
            let refresh_token = refreshed.answer.refresh_token.clone();
            let session = newest.after(refreshed, scopes, token.clone(), refresh_token, now);
            match self.keep_newest(home, &newest, &session).await {
                Ok(Saved::Written) => return Ok(Tokened { session, token }),
                Ok(Saved::Gone) => return Err(TokensError::Gone),
                Ok(Saved::Changed) => {}
                Err(error) if began.elapsed() < WRITING => {
                    tracing::warn!(code = error.code(), %error, "newer tokens are not stored yet");
                    tokio::time::sleep(STEP).await;
                }
                Err(error) => return Err(error),
            }
            // Renewed by a request meanwhile, or it is not known what became of it.
            match self.newest(home, &newest.session).await {
                Ok(again) => newest = again,
                Err(TokensError::Store(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// After a failure the provider is left alone for a while.
    pub(super) fn conclude<T>(&self, place: &(StoreKey, Scopes), result: &Result<T, TokensError>) {
        match result {
            Ok(_) => {
                telemetry::token("granted");
                self.0.pauses.end(place);
            }
            Err(error) => {
                let code = error.code();
                telemetry::token(code);
                tracing::warn!(code, %error, "the provider gave no token");
                self.0.pauses.begin(place, error, self.now());
            }
        }
    }
}

impl Newest {
    /// The token, if it need not be refreshed (any more).
    fn fresh(&self, scopes: &Scopes, now: Timestamp) -> Option<Tokened> {
        let token = self.tokens.held(scopes)?;
        (token.state(now) == TokenState::Fresh).then(|| Tokened {
            session: self.session.clone(),
            token: token.clone(),
        })
    }

    /// The session with what the provider gave.
    fn after(
        &self,
        refreshed: &Refreshed,
        scopes: &Scopes,
        token: AccessToken,
        refresh_token: Option<crate::Secret>,
        now: Timestamp,
    ) -> Session {
        let session = match &refreshed.claims {
            Some(claims) => self.session.with_claims(claims.clone(), refreshed.ceiling),
            None => self.session.clone(),
        };
        let mut kept = session.kept();
        kept.tokens = Some(self.tokens.with(scopes, token, refresh_token, now));
        session.keeping(&kept)
    }
}

/// A token that has not expired, and whether it is not to be renewed yet.
pub(super) fn usable(token: Option<AccessToken>, now: Timestamp) -> (Option<AccessToken>, bool) {
    match token.map(|token| (token.state(now), token)) {
        Some((TokenState::Fresh, token)) => (Some(token), true),
        Some((TokenState::Due, token)) => (Some(token), false),
        Some((TokenState::Expired, _)) | None => (None, false),
    }
}

/// What comes of a request to the provider, which goes on where that takes long.
pub(super) async fn awaited<T: Clone>(
    flight: Flight<Result<T, TokensError>>,
    has_valid: bool,
) -> Result<T, TokensError> {
    let patience = if has_valid { WHILE_VALID } else { WHILE_NONE };
    let late = |_| {
        Err(TokensError::Busy {
            seconds: patience.as_secs(),
        })
    };
    let outcome = tokio::time::timeout(patience, flight).await;
    outcome.unwrap_or_else(late)
}

/// Scopes that say something about the user, and make no token for an API.
const OF_SIGN_IN: [&str; 6] = [
    "address",
    "email",
    OFFLINE_ACCESS,
    "openid",
    "phone",
    "profile",
];

/// How long it is tried to write down what the provider gave.
const WRITING: Duration = Duration::from_secs(20);

/// How long a request waits for a newer token while it has one that is valid, …
const WHILE_VALID: Duration = Duration::from_secs(2);

/// … and while it has none.
const WHILE_NONE: Duration = Duration::from_secs(15);

/// Between two looks at what another instance does.
const STEP: Duration = Duration::from_millis(50);
