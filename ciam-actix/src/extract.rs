//! What a handler asks for.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use ciam_core::Visit;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Rejection;
use crate::convert::Head;
use crate::request::visit;

/// The signed-in user. A visitor who is not signed in is sent to sign in, and the
/// handler does not run.
///
/// Where signing in is optional ask for [`MaybeUser`]: `Option<User>` turns failures
/// into `None` in actix-web.
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

impl FromRequest for User {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request, |visit| {
            Ok(visit.user()?.cloned().map(Self))
        }))
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

impl FromRequest for MaybeUser {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let visit = visit(&extensions, request.head());
        ready(visit.and_then(|visit| Ok(Self(visit.user()?.cloned()))))
    }
}

/// The claims of the signed-in user as a type of your own. A visitor who is not
/// signed in is sent to sign in.
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

impl<T: DeserializeOwned> FromRequest for Claims<T> {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request, |visit| Ok(visit.claims()?.map(Self))))
    }
}

/// What somebody who is signed in gets; anybody else is answered.
fn signed_in<T>(
    request: &HttpRequest,
    extract: impl FnOnce(&Visit) -> Result<Option<T>, ciam_core::Rejection>,
) -> Result<T, Rejection> {
    let extensions = request.extensions();
    let visit = visit(&extensions, request.head())?;
    match extract(visit)? {
        Some(extracted) => Ok(extracted),
        None => Err(visit.sign_in(Head::read(request.head())?.incoming()).into()),
    }
}
