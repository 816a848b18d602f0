//! What a handler asks for.

use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use ciam_core::Visit;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Rejection;
use crate::request::{incoming, pending, visit};

/// The signed-in user. A visitor who is not signed in is sent to sign in, and the
/// handler does not run.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
#[serde(transparent)]
pub struct User(pub ciam_core::User);

impl Deref for User {
    type Target = ciam_core::User;

    fn deref(&self) -> &ciam_core::User {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let visit = known(parts, false).await?;
        Ok(Self(visit.require_user(incoming(parts))?.clone()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        let visit = known(parts, false).await?;
        Ok(visit.user_for(incoming(parts))?.cloned().map(Self))
    }
}

/// The user, if somebody is signed in. A session that cannot be read is an error,
/// never "nobody".
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MaybeUser(pub Option<ciam_core::User>);

impl Deref for MaybeUser {
    type Target = Option<ciam_core::User>;

    fn deref(&self) -> &Option<ciam_core::User> {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for MaybeUser {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let visit = known(parts, false).await?;
        Ok(Self(visit.user_for(incoming(parts))?.cloned()))
    }
}

/// Whoever calls an API with an access token. A request without one is answered
/// with 401, and the handler does not run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Caller(pub ciam_core::Caller);

impl Deref for Caller {
    type Target = ciam_core::Caller;

    fn deref(&self) -> &ciam_core::Caller {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Ok(Self(known(parts, true).await?.require_caller()?.clone()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        Ok(known(parts, true).await?.caller()?.cloned().map(Self))
    }
}

/// The claims of the signed-in user, or of the caller of an API, as a type of your
/// own. A visitor who is not signed in is sent to sign in.
///
/// Claims that do not fit the type are answered with 500, and the log says which:
/// give what may be absent an `Option`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claims<T>(pub T);

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let of_caller = visit(parts)?.is_for_api();
        let visit = known(parts, of_caller).await?;
        Ok(Self(visit.require_claims(incoming(parts))?))
    }
}

/// The session of the signed-in user: for [`Ciam::token`](crate::Ciam::token). A visitor who
/// is not signed in is sent to sign in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Session(pub ciam_core::CurrentSession);

impl Deref for Session {
    type Target = ciam_core::CurrentSession;

    fn deref(&self) -> &ciam_core::CurrentSession {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let visit = known(parts, false).await?;
        Ok(Self(visit.require_session(incoming(parts))?))
    }
}

/// A token for the API that the scopes in `CIAM_SCOPES` are of, to be called for the
/// signed-in user: refreshed when it is time to. For tokens of several APIs ask for
/// [`Session`], and [`Ciam::token`](crate::Ciam::token) for each.
///
/// It needs `offline_access` among `CIAM_SCOPES`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessToken(pub ciam_core::AccessToken);

impl Deref for AccessToken {
    type Target = ciam_core::AccessToken;

    fn deref(&self) -> &ciam_core::AccessToken {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for AccessToken {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let session = Session::from_request_parts(parts, state).await?;
        Ok(Self(session.access_token().await?))
    }
}

/// The visit, once it is known who visits, or calls.
async fn known(parts: &Parts, of_caller: bool) -> Result<&Visit, Rejection> {
    let visit = visit(parts)?;
    // Bound first: what is borrowed from the request is not kept while waiting.
    let pending = pending(visit, parts, of_caller);
    if let Some(pending) = pending {
        pending.await;
    }
    Ok(visit)
}
