//! One request of one visitor: who it is, and what the answer's headers must say.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use http::header::{CACHE_CONTROL, Entry, HeaderName, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue};

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
    /// The names of all headers that [`finish`](Self::finish) reads and writes.
    pub const HEADERS: [HeaderName; 3] = [CACHE_CONTROL, SET_COOKIE, VARY];

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
    /// may keep an answer that depends on it.
    pub fn finish(&self, headers: &mut HeaderMap) {
        let written = self.renew(headers);
        if written || self.0.consulted.load(Ordering::Relaxed) {
            forbid_caching(headers);
        }
    }

    fn consult(&self) {
        self.0.consulted.store(true, Ordering::Relaxed);
    }

    /// A session that the answer itself begins or ends is not written over.
    fn renew(&self, headers: &mut HeaderMap) -> bool {
        if self.0.renewal.is_empty() {
            return false;
        }
        let name = &self.0.ciam.config().cookies().session_names()[0];
        let own = |value: &HeaderValue| {
            value
                .as_bytes()
                .strip_prefix(name.as_bytes())
                .is_some_and(|v| v.starts_with(b"="))
        };
        if headers.get_all(SET_COOKIE).iter().any(own) {
            return false;
        }
        for cookie in &self.0.renewal {
            headers.append(SET_COOKIE, cookie.clone());
        }
        true
    }
}

/// `no-store`, unless the handler chose `private` or `no-store` itself; and `Vary:
/// Cookie` for caches that know the answer of another visitor.
pub(super) fn forbid_caching(headers: &mut HeaderMap) {
    match headers.entry(CACHE_CONTROL) {
        Entry::Vacant(absent) => {
            absent.insert(NO_STORE);
        }
        Entry::Occupied(mut own) => {
            if !keeps_caches_away(own.iter()) {
                own.insert(NO_STORE);
            }
        }
    }
    match headers.entry(VARY) {
        Entry::Vacant(absent) => {
            absent.insert(BY_COOKIE);
        }
        Entry::Occupied(mut own) => {
            if !varies_by_cookie(own.iter()) {
                own.append(BY_COOKIE);
            }
        }
    }
}

fn keeps_caches_away<'a>(cache_control: impl Iterator<Item = &'a HeaderValue>) -> bool {
    let own = cache_control.filter_map(|v| v.to_str().ok());
    let own = own.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let directives = || {
        own.split(',')
            .map(|d| d.split('=').next().unwrap_or_default().trim())
    };
    let shared = directives().any(|d| d == "public" || d == "s-maxage");
    let careful = directives().any(|d| d == "private" || d == "no-store");
    if shared {
        tracing::warn!(
            code = "response.shared_cache",
            cache_control = own,
            "an answer that depends on a session asked to be kept in shared caches: no-store is \
             sent instead"
        );
    }
    careful && !shared
}

fn varies_by_cookie<'a>(mut vary: impl Iterator<Item = &'a HeaderValue>) -> bool {
    vary.any(|value| {
        let names = value.to_str().unwrap_or_default().split(',');
        names
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("cookie"))
    })
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const BY_COOKIE: HeaderValue = HeaderValue::from_static("Cookie");
