//! The caller of an API: the other way to be somebody, beside a session.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::guard::Lacking;
use super::{Ciam, Guard, Rejection, Visit};
use crate::api::challenge::Challenge;
use crate::api::{self, ApiError};
use crate::claims::Caller;
use crate::error::{Error, ErrorKind};
use crate::telemetry::{self, TokenSource};

/// What has to be waited for until it is known who visits, or calls.
pub type PendingVisit = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Visit {
    /// What has to be waited for before [`caller`](Self::caller) is asked; nothing for
    /// a token that was verified before, and where there is none.
    pub(super) fn pending_caller<'h>(
        &self,
        authorization: impl Iterator<Item = &'h [u8]>,
        query: Option<&str>,
    ) -> Option<PendingVisit> {
        if self.caller_slot().get().is_some() {
            return None;
        }
        // Without an answer of the store it is not known who asks: `caller` says so.
        let has_session = self.session().ok()?.is_some();
        let settle = |result| {
            self.settle(result);
            None
        };
        let ciam = self.ciam();
        let token = match api::bearer_token(authorization, query) {
            Ok(None) => return settle(Ok(None)),
            Ok(Some(_)) if has_session => return settle(Err(ApiError::SessionAndToken)),
            Ok(Some(token)) => token,
            Err(error) => return settle(Err(error)),
        };
        let now = self.now();
        if let Some(caller) = at_once(ciam.api().caller(token, now)) {
            return settle(caller.map(Some));
        }
        let (visit, token) = (self.clone(), token.to_owned());
        Some(Box::pin(async move {
            let caller = visit.ciam().api().caller(&token, now).await;
            visit.settle(caller.map(Some));
        }))
    }

    /// Whether the handle is an API's, where everyone is a caller. For adapters.
    pub fn is_for_api(&self) -> bool {
        self.ciam().config().is_api()
    }

    /// Whether a route with this guard is for callers, so that
    /// [`pending`](Self::pending) has to be asked of the caller before
    /// [`require`](Self::require). For adapters.
    pub fn is_for_callers(&self, guard: &Guard) -> bool {
        self.is_for_api() || guard.is_for_callers()
    }

    /// The caller, if the request has a token.
    ///
    /// # Errors
    ///
    /// A token that is not accepted is an error, never "nobody".
    pub fn caller(&self) -> Result<Option<&Caller>, Rejection> {
        self.consult();
        match self.caller_slot().get() {
            Some(Ok(caller)) => Ok(caller.as_ref()),
            Some(Err(error)) => Err(Rejection::refused_token(self.ciam(), error)),
            // The store failed, or an adapter did not wait: nobody is let in by mistake.
            None => {
                self.session()?;
                Err(Rejection::internal())
            }
        }
    }

    /// The caller; otherwise the answer that asks for a token.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not accepted.
    pub fn require_caller(&self) -> Result<&Caller, Rejection> {
        self.caller()?
            .ok_or_else(|| Rejection::without_token(self.ciam()))
    }

    /// Keeps what is known of the caller, and tells the log why it is nothing.
    fn settle(&self, caller: Result<Option<Caller>, ApiError>) {
        if let Err(error) = &caller {
            let code = error.code();
            if error.kind() == ErrorKind::Request {
                // Anyone can send nonsense, and fill a log with it.
                tracing::info!(code, %error, "a caller was refused");
            } else {
                tracing::error!(code, %error, "no caller can be let in");
            }
            telemetry::access_token(TokenSource::Refused);
        }
        let _ = self.caller_slot().set(caller);
    }
}

impl Rejection {
    /// Asks for a token.
    pub(super) fn without_token(ciam: &Ciam) -> Self {
        Self::challenge(ciam, &Challenge::Credentials)
    }

    /// Asks for a token that allows, or proves, more.
    pub(super) fn lacking(ciam: &Ciam, lacking: &Lacking, caller: &Caller) -> Self {
        Self::challenge(ciam, &challenge(lacking, caller))
    }

    /// Tells the caller the code of RFC 6750 alone.
    fn refused_token(ciam: &Ciam, error: &ApiError) -> Self {
        let challenge = match error {
            ApiError::MalformedCredentials
            | ApiError::SeveralCredentials
            | ApiError::SessionAndToken => Challenge::InvalidRequest,
            _ => Challenge::InvalidToken,
        };
        match error.kind() {
            ErrorKind::Request => Self::challenge(ciam, &challenge),
            ErrorKind::Unavailable => Self::unavailable(&Error::from(error.clone())),
            _ => Self::internal(),
        }
    }
}

/// What a future says without waiting. One that would wait is dropped: whatever it asked
/// the provider for is on its way, and the next one waits for the same answer.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(said) => Some(said),
        Poll::Pending => None,
    }
}

/// What the caller is asked for, whose token does not suffice.
fn challenge(lacking: &Lacking, caller: &Caller) -> Challenge {
    if lacking.beyond_help || !lacking.scopes.is_empty() {
        return Challenge::InsufficientScope {
            scopes: lacking.scopes.clone(),
        };
    }
    // Microsoft's clients know another form, and say so in their tokens; those of
    // them that do not cannot do anything about it.
    let of_microsoft = caller.directory_id().is_some();
    match (of_microsoft, lacking.auth_contexts.as_slice()) {
        (true, [context, ..]) if caller.understands_challenges() => Challenge::Claims {
            context: context.clone(),
        },
        (true, [_, ..]) => Challenge::InsufficientScope { scopes: Vec::new() },
        _ => Challenge::InsufficientAuthentication {
            contexts: lacking.auth_contexts.clone(),
            max_age: lacking.max_age,
        },
    }
}
