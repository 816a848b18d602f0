//! One request of one visitor: who it is, and what the answer's headers must say.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;

use serde::de::DeserializeOwned;

use super::answer::{AnswerHeaders, forbid_caching, writes_cookie};
use super::arrival::{Arrival, SignedIn, StoredAt};
use super::caller::PendingVisit;
use super::guard::Subject;
use super::{Ciam, CurrentSession, Guard, Incoming, Rejection};
use crate::api::ApiError;
use crate::claims::{Caller, User};
use crate::clock::Timestamp;
use crate::session::Session;
use crate::store::StoreError;
use crate::telemetry::{self, Visitor};

/// Who a visitor is, for the length of one request.
///
/// An adapter makes one with [`Ciam::visit`], gives it to the handler, and lets
/// [`finish`](Self::finish) write the headers of the answer.
#[derive(Clone, Debug)]
pub struct Visit(Arc<State>);

#[derive(Debug)]
struct State {
    ciam: Ciam,
    arrival: Arrival,
    /// The session in a store, when that has answered.
    loaded: OnceLock<Result<Option<SignedIn>, StoreError>>,
    now: OnceLock<Timestamp>,
    user: OnceLock<Option<User>>,
    caller: OnceLock<Result<Option<Caller>, ApiError>>,
    /// What became of it since.
    latest: Mutex<Latest>,
    /// The answer depends on who the visitor is.
    consulted: AtomicBool,
}

/// What a handler made of the session.
#[derive(Debug, Default)]
enum Latest {
    #[default]
    AsFound,
    /// It holds newer tokens.
    Newer(Session),
    /// It is there no more.
    Ended,
}

impl Visit {
    pub(super) fn new(ciam: Ciam, arrival: Arrival) -> Self {
        Self(Arc::new(State {
            ciam,
            arrival,
            loaded: OnceLock::new(),
            now: OnceLock::new(),
            user: OnceLock::new(),
            caller: OnceLock::new(),
            latest: Mutex::default(),
            consulted: AtomicBool::new(false),
        }))
    }

    /// What has to be waited for before anything is asked of the visit, or of its caller
    /// if `of_caller`; nothing where that is known. For adapters.
    ///
    /// Takes the values of the `Authorization` headers, and the query of the address.
    /// Looks for the session and the token only now: a route that does not ask is not
    /// slowed down, and works while the store does not.
    pub fn pending<'h>(
        &self,
        of_caller: bool,
        authorization: impl Iterator<Item = &'h [u8]>,
        query: Option<&str>,
    ) -> Option<PendingVisit> {
        let session = self.pending_session();
        if !of_caller {
            return session;
        }
        let Some(session) = session else {
            return self.pending_caller(authorization, query);
        };
        // Two credentials are one too many already.
        let authorization: Vec<Vec<u8>> = authorization.take(2).map(<[u8]>::to_vec).collect();
        let (visit, query) = (self.clone(), query.map(str::to_owned));
        Some(Box::pin(async move {
            session.await;
            let authorization = authorization.iter().map(Vec::as_slice);
            let pending = visit.pending_caller(authorization, query.as_deref());
            if let Some(pending) = pending {
                pending.await;
            }
        }))
    }

    fn pending_session(&self) -> Option<PendingVisit> {
        let at = self.stored()?;
        if self.0.loaded.get().is_some() {
            return None;
        }
        if let Poll::Ready(found) = self.0.ciam.find_at_once(at, self.now()) {
            self.set_session(Ok(found));
            return None;
        }
        let visit = self.clone();
        Some(Box::pin(async move {
            let at = visit.stored().expect("where it is does not change");
            let found = visit.0.ciam.find(at, visit.now()).await;
            visit.set_session(found);
        }))
    }

    fn set_session(&self, found: Result<Option<SignedIn>, StoreError>) {
        telemetry::visit(match &found {
            Ok(Some(_)) => Visitor::SignedIn,
            Ok(None) => Visitor::Anonymous,
            Err(_) => Visitor::Unknown,
        });
        if let Err(error) = &found {
            tracing::error!(code = error.code(), %error, "it is not known who the visitor is");
        }
        let _ = self.0.loaded.set(found);
    }

    /// The user, if somebody is signed in.
    ///
    /// # Errors
    ///
    /// A session that cannot be read is an error, never "nobody".
    pub fn user(&self) -> Result<Option<&User>, Rejection> {
        self.consult();
        let Some(found) = self.found()? else {
            return Ok(None);
        };
        let user = self.0.user.get_or_init(|| found.user());
        user.as_ref().map(Some).ok_or_else(Rejection::internal)
    }

    /// The user; otherwise the answer that sends the visitor to sign in.
    ///
    /// # Errors
    ///
    /// When nobody is signed in.
    pub fn require_user(&self, incoming: Incoming<'_>) -> Result<&User, Rejection> {
        self.user_for(incoming)?
            .ok_or_else(|| self.sign_in(incoming))
    }

    /// The session of a signed-in user, to ask for tokens with; otherwise the answer that
    /// sends the visitor to sign in.
    ///
    /// # Errors
    ///
    /// When nobody is signed in.
    pub fn require_session(&self, incoming: Incoming<'_>) -> Result<CurrentSession, Rejection> {
        self.require_user(incoming)?;
        Ok(CurrentSession::new(self, incoming))
    }

    /// Whether the visitor, or the caller of a route for callers, has what `guard`
    /// asks for.
    pub fn allows(&self, guard: &Guard) -> bool {
        let subject = self.subject(guard, Self::user);
        matches!(subject, Ok(Some(subject)) if guard.lacking(subject, self.now()).is_none())
    }

    /// The same, and the answer where it does not hold. The library's own routes let
    /// everybody through: behind a guard around a whole application nobody could sign
    /// in and get it.
    ///
    /// # Errors
    ///
    /// Nobody is known: the answer that sends the visitor to sign in, or asks the
    /// caller for a token. Somebody without what is asked for: 403, or what a caller
    /// has to prove.
    pub fn require(&self, guard: &Guard, incoming: Incoming<'_>) -> Result<(), Rejection> {
        if self.0.ciam.is_own(incoming) {
            return Ok(());
        }
        let Some(subject) = self.subject(guard, |visit| visit.user_for(incoming))? else {
            if self.is_for_callers(guard) && !incoming.is_navigation() {
                return Err(Rejection::without_token(&self.0.ciam));
            }
            return Err(self.sign_in(incoming));
        };
        match (guard.lacking(subject, self.now()), subject) {
            (None, _) => Ok(()),
            (Some(lacking), Subject::User(_)) => Err(match lacking.step_up() {
                Some(step_up) => Rejection::step_up(&self.0.ciam, incoming, &step_up),
                None => Rejection::forbidden(&self.0.ciam, incoming),
            }),
            (Some(lacking), Subject::Caller(caller)) => {
                Err(Rejection::lacking(&self.0.ciam, &lacking, caller))
            }
        }
    }

    /// Who asks, as a guard sees it: the caller where the route is for callers and a
    /// token came, the signed-in user otherwise.
    fn subject<'v>(
        &'v self,
        guard: &Guard,
        user: impl FnOnce(&'v Self) -> Result<Option<&'v User>, Rejection>,
    ) -> Result<Option<Subject<'v>>, Rejection> {
        // Where the store fails, nobody is known as a caller either: `user` says so.
        if self.is_for_callers(guard)
            && self.store_failure().is_none()
            && let Some(caller) = self.caller()?
        {
            return Ok(Some(Subject::Caller(caller)));
        }
        Ok(user(self)?.map(Subject::User))
    }

    /// The claims of the signed-in user as a type of the application, or those of the
    /// caller where [`is_for_api`](Self::is_for_api) says so; if there is one.
    ///
    /// # Errors
    ///
    /// 500 when the claims do not have the type's shape.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<Option<T>, Rejection> {
        self.consult();
        let claims = if self.is_for_api() {
            self.caller()?.map(Caller::claims)
        } else {
            self.session()?.map(Session::claims)
        };
        let Some(claims) = claims else {
            return Ok(None);
        };
        let claims = claims.to().map_err(|error| {
            let wanted = std::any::type_name::<T>();
            tracing::error!(code = error.code(), %error, wanted, "the claims have another shape");
            Rejection::internal()
        });
        claims.map(Some)
    }

    /// The claims of the signed-in user as a type of the application.
    ///
    /// # Errors
    ///
    /// When nobody is signed in or calls; 500 when the claims do not have the type's shape.
    pub fn require_claims<T: DeserializeOwned>(
        &self,
        incoming: Incoming<'_>,
    ) -> Result<T, Rejection> {
        let claims = self.claims();
        let claims = claims.map_err(|rejection| self.unavailable(incoming).unwrap_or(rejection));
        claims?.ok_or_else(|| self.sign_in(incoming))
    }

    /// The answer for somebody who is not signed in and would have to be.
    pub fn sign_in(&self, incoming: Incoming<'_>) -> Rejection {
        Rejection::sign_in(&self.0.ciam, incoming)
    }

    /// Whether the visit was made by this handle.
    pub fn is_of(&self, ciam: &Ciam) -> bool {
        Arc::ptr_eq(&self.0.ciam.0, &ciam.0)
    }

    /// Writes what the session asks of the answer: its cookies, and that no cache
    /// may keep an answer that depends on it. Whether there was anything to say.
    pub fn finish(&self, headers: &mut impl AnswerHeaders) -> bool {
        let asked = self.renew(headers) || self.0.consulted.load(Ordering::Relaxed);
        if asked {
            forbid_caching(headers);
        }
        asked
    }

    pub(super) fn ciam(&self) -> &Ciam {
        &self.0.ciam
    }

    /// The session, as far as it is known.
    pub(super) fn session(&self) -> Result<Option<&Session>, Rejection> {
        Ok(self.found()?.map(SignedIn::session))
    }

    fn found(&self) -> Result<Option<&SignedIn>, Rejection> {
        match self.known() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => Err(Rejection::unavailable(&error.clone().into())),
            // An adapter did not wait: nobody is let in by mistake.
            None => Err(Rejection::internal()),
        }
    }

    /// `None` while a store has not answered.
    fn known(&self) -> Option<Result<Option<&SignedIn>, &StoreError>> {
        match &self.0.arrival {
            Arrival::Anonymous => Some(Ok(None)),
            Arrival::SignedIn(found, _) => Some(Ok(Some(found))),
            Arrival::Stored(_) => Some(self.0.loaded.get()?.as_ref().map(Option::as_ref)),
        }
    }

    pub(super) fn store_failure(&self) -> Option<&StoreError> {
        self.known()?.err()
    }

    /// The session as it is now; `None` when nobody is signed in (any more).
    pub(super) fn latest(&self) -> Option<Session> {
        match &*self.lock_latest() {
            Latest::AsFound => self.session().ok().flatten().cloned(),
            Latest::Newer(session) => Some(session.clone()),
            Latest::Ended => None,
        }
    }

    /// A handler was given a token from this state of the session.
    pub(super) fn note(&self, session: &Session) {
        let mut latest = self.lock_latest();
        let known = match &*latest {
            Latest::AsFound => self.session().ok().flatten(),
            Latest::Newer(known) => Some(known),
            Latest::Ended => None,
        };
        if known.is_some_and(|known| !session.holds_what(known)) {
            *latest = Latest::Newer(session.clone());
        }
    }

    /// The session has ended under a handler's hands.
    pub(super) fn note_end(&self) {
        *self.lock_latest() = Latest::Ended;
    }

    /// Where a session in a store is.
    pub(super) fn stored(&self) -> Option<&StoredAt> {
        match &self.0.arrival {
            Arrival::Stored(at) => Some(at),
            Arrival::Anonymous | Arrival::SignedIn(..) => None,
        }
    }

    fn lock_latest(&self) -> MutexGuard<'_, Latest> {
        // Nothing that can panic runs while the lock is held.
        self.0.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn caller_slot(&self) -> &OnceLock<Result<Option<Caller>, ApiError>> {
        &self.0.caller
    }

    /// The time of the visit: the clock is read once, and only where somebody asks.
    pub(super) fn now(&self) -> Timestamp {
        match &self.0.arrival {
            Arrival::SignedIn(_, opened_at) => *opened_at,
            Arrival::Anonymous | Arrival::Stored(_) => {
                *self.0.now.get_or_init(|| self.0.ciam.now())
            }
        }
    }

    pub(super) fn consult(&self) {
        self.0.consulted.store(true, Ordering::Relaxed);
    }

    /// A session that the answer itself begins or ends is not written over.
    fn renew(&self, headers: &mut impl AnswerHeaders) -> bool {
        let name = &self.0.ciam.config().cookies().session_names()[0];
        let Some(Ok(Some(found))) = self.known() else {
            return false;
        };
        let ciam = &self.0.ciam;
        let written = match &*self.lock_latest() {
            Latest::Ended => Cow::Owned(ciam.session_removals(found.present)),
            Latest::Newer(session) if self.stored().is_none() => {
                Cow::Owned(ciam.rewritten(found, session, self.0.ciam.now()))
            }
            Latest::AsFound | Latest::Newer(_) => Cow::Borrowed(&found.renewal),
        };
        if written.is_empty() || writes_cookie(headers, name) {
            return false;
        }
        for cookie in &*written {
            headers.add_cookie(cookie);
        }
        true
    }
}
