//! One request of one visitor: who it is, and what the answer's headers must say.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use http::HeaderValue;

use super::answer::{AnswerHeaders, forbid_caching, writes_cookie};
use super::{Ciam, Guard, Incoming, Rejection};
use crate::claims::User;
use crate::session::Session;
use serde::de::DeserializeOwned;

/// Who a visitor is, for the length of one request.
///
/// An adapter makes one with [`Ciam::visit`], gives it to the handler, and lets
/// [`finish`](Self::finish) write the headers of the answer.
#[derive(Clone, Debug)]
pub struct Visit(Arc<State>);

#[derive(Debug)]
struct State {
    ciam: Ciam,
    session: Option<Session>,
    user: OnceLock<Option<User>>,
    /// The answer depends on who the visitor is.
    consulted: AtomicBool,
    /// Session cookies to write, because a part of the idle time has passed.
    renewal: Vec<HeaderValue>,
}

impl Visit {
    pub(super) fn new(ciam: Ciam, session: Option<Session>, renewal: Vec<HeaderValue>) -> Self {
        let consulted = AtomicBool::new(false);
        Self(Arc::new(State {
            ciam,
            session,
            user: OnceLock::new(),
            consulted,
            renewal,
        }))
    }

    /// The user, if somebody is signed in.
    ///
    /// # Errors
    ///
    /// A session that cannot be read is an error, never "nobody".
    pub fn user(&self) -> Result<Option<&User>, Rejection> {
        self.consult();
        let Some(session) = &self.0.session else {
            return Ok(None);
        };
        let user = self.0.user.get_or_init(|| {
            User::from_claims(session.claims().clone())
                .inspect_err(|error| tracing::error!(code = error.code(), %error, "no user"))
                .ok()
        });
        user.as_ref().map(Some).ok_or_else(Rejection::internal)
    }

    /// The user; otherwise the answer that sends the visitor to sign in.
    ///
    /// # Errors
    ///
    /// When nobody is signed in.
    pub fn require_user(&self, incoming: Incoming<'_>) -> Result<&User, Rejection> {
        self.user()?.ok_or_else(|| self.sign_in(incoming))
    }

    /// Whether somebody is signed in who has what `guard` asks for.
    pub fn allows(&self, guard: &Guard) -> bool {
        matches!(self.user(), Ok(Some(user)) if guard.allows(user))
    }

    /// Whether the visitor has what `guard` asks for. The library's own routes let
    /// everybody through: behind a guard around a whole application nobody could sign
    /// in and get it.
    ///
    /// # Errors
    ///
    /// Nobody signed in: the answer that sends the visitor to sign in. Signed in
    /// without what is asked for: 403.
    pub fn require(&self, guard: &Guard, incoming: Incoming<'_>) -> Result<(), Rejection> {
        if self.0.ciam.is_own(incoming) {
            return Ok(());
        }
        let user = self.require_user(incoming)?;
        if guard.allows(user) {
            Ok(())
        } else {
            Err(Rejection::forbidden(&self.0.ciam, incoming))
        }
    }

    /// The claims of the signed-in user as a type of the application, if somebody is.
    ///
    /// # Errors
    ///
    /// 500 when the claims do not have the type's shape.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<Option<T>, Rejection> {
        self.consult();
        let Some(session) = &self.0.session else {
            return Ok(None);
        };
        let claims = session.claims().to().map_err(|error| {
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
    /// When nobody is signed in; 500 when the claims do not have the type's shape.
    pub fn require_claims<T: DeserializeOwned>(
        &self,
        incoming: Incoming<'_>,
    ) -> Result<T, Rejection> {
        self.claims()?.ok_or_else(|| self.sign_in(incoming))
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

    fn consult(&self) {
        self.0.consulted.store(true, Ordering::Relaxed);
    }

    /// A session that the answer itself begins or ends is not written over.
    fn renew(&self, headers: &mut impl AnswerHeaders) -> bool {
        let name = &self.0.ciam.config().cookies().session_names()[0];
        if self.0.renewal.is_empty() || writes_cookie(headers, name) {
            return false;
        }
        for cookie in &self.0.renewal {
            headers.add_cookie(cookie);
        }
        true
    }
}
