//! What a handler asks for.

use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use ciam_core::{PendingVisit, Visit};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Rejection;
use crate::convert::{Head, pending};
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
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Extracting::new(request, false, |request| {
            signed_in(request, |visit| Ok(visit.user()?.cloned().map(Self)))
        })
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
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Extracting::new(request, false, |request| {
            let extensions = request.extensions();
            let visit = visit(&extensions, request.head())?;
            let user = visit.user();
            let user = user.map_err(|rejection| failed(visit, request, rejection))?;
            Ok(Self(user.cloned()))
        })
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

impl FromRequest for Caller {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Extracting::new(request, true, |request| {
            let extensions = request.extensions();
            let visit = visit(&extensions, request.head())?;
            Ok(Self(visit.require_caller()?.clone()))
        })
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

impl<T: DeserializeOwned> FromRequest for Claims<T> {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // A missing layer is told where the claims are asked for.
        let visit = visit(&request.extensions(), request.head()).cloned();
        let of_caller = visit.is_ok_and(|visit| visit.is_for_api());
        Extracting::new(request, of_caller, |request| {
            signed_in(request, |visit| Ok(visit.claims()?.map(Self)))
        })
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

impl FromRequest for Session {
    type Error = Rejection;
    type Future = Extracting<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Extracting::new(request, false, |request| {
            let head = Head::read(request.head())?;
            let extensions = request.extensions();
            let visit = visit(&extensions, request.head())?;
            Ok(Self(visit.require_session(head.incoming())?))
        })
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

impl FromRequest for AccessToken {
    type Error = Rejection;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejection>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let session = Session::from_request(request, payload);
        Box::pin(async move { Ok(Self(session.await?.access_token().await?)) })
    }
}

/// The future of an extractor that may have to wait until it is known who visits, or calls.
#[allow(missing_debug_implementations)] // what is waited for has none
pub struct Extracting<T> {
    request: HttpRequest,
    pending: Option<PendingVisit>,
    extract: fn(&HttpRequest) -> Result<T, Rejection>,
}

impl<T> Extracting<T> {
    fn new(
        request: &HttpRequest,
        of_caller: bool,
        extract: fn(&HttpRequest) -> Result<T, Rejection>,
    ) -> Self {
        let extensions = request.extensions();
        // A missing layer is told where the visit is asked.
        let visit = visit(&extensions, request.head()).ok();
        let pending = visit.and_then(|visit| pending(visit, request.head(), of_caller));
        Self {
            request: request.clone(),
            pending,
            extract,
        }
    }
}

impl<T> Future for Extracting<T> {
    type Output = Result<T, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(pending) = &mut self.pending {
            ready!(pending.as_mut().poll(context));
            self.pending = None;
        }
        Poll::Ready((self.extract)(&self.request))
    }
}

/// What somebody who is signed in gets; anybody else is answered.
fn signed_in<T>(
    request: &HttpRequest,
    extract: impl FnOnce(&Visit) -> Result<Option<T>, ciam_core::Rejection>,
) -> Result<T, Rejection> {
    let extensions = request.extensions();
    let visit = visit(&extensions, request.head())?;
    match extract(visit) {
        Ok(Some(extracted)) => Ok(extracted),
        Ok(None) => Err(visit.sign_in(Head::read(request.head())?.incoming()).into()),
        Err(rejection) => Err(failed(visit, request, rejection)),
    }
}

/// What a failure is told as: only now it matters whether a page was asked for.
fn failed(visit: &Visit, request: &HttpRequest, rejection: ciam_core::Rejection) -> Rejection {
    let head = Head::read(request.head()).ok();
    let told = head.and_then(|head| visit.unavailable(head.incoming()));
    told.unwrap_or(rejection).into()
}
