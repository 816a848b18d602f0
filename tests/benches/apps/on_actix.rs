//! The handlers on actix, and the limit as a middleware.

use std::future::{Ready, ready};
use std::task::{Context, Poll};

use actix_web::dev::{Payload, Service, ServiceRequest, Transform};
use actix_web::error::{Error, ErrorUnauthorized};
use actix_web::http::header::COOKIE;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use ciam_actix::{Claims, MaybeUser, User};

use super::NOBODY;
use super::limit::{Finds as _, Limit};
use crate::support::profile::Profile;
use crate::support::sign_in::NAME;

pub(crate) async fn fixed() -> String {
    NAME.to_owned()
}

pub(crate) async fn limited(Limited(profile): Limited) -> String {
    profile.name
}

pub(crate) async fn user(user: User) -> String {
    user.name().unwrap_or_default().to_owned()
}

pub(crate) async fn maybe_user(user: MaybeUser) -> String {
    let name = user.as_ref().and_then(|user| user.name());
    name.unwrap_or(NOBODY).to_owned()
}

pub(crate) async fn claims(claims: Claims<Profile>) -> String {
    claims.0.name
}

/// The limit.
pub(crate) fn limit(limit: Limit) -> Before<impl Fn(&ServiceRequest) + Clone> {
    Before::new(move |request| {
        let cookies = request.headers().get(COOKIE);
        if let Some(profile) = cookies.and_then(|cookies| limit.find(cookies.as_bytes())) {
            request.extensions_mut().insert(profile);
        }
    })
}

/// A middleware that does this before a request goes on, boxes nothing and adds no future.
#[derive(Clone)]
pub(crate) struct Before<F>(F);

impl<F: Fn(&ServiceRequest) + Clone> Before<F> {
    pub(crate) const fn new(before: F) -> Self {
        Self(before)
    }
}

impl<S, F> Transform<S, ServiceRequest> for Before<F>
where
    S: Service<ServiceRequest>,
    F: Fn(&ServiceRequest) + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Transform = BeforeService<F, S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let before = self.0.clone();
        ready(Ok(BeforeService { before, inner }))
    }
}

pub(crate) struct BeforeService<F, S> {
    before: F,
    inner: S,
}

impl<S, F> Service<ServiceRequest> for BeforeService<F, S>
where
    S: Service<ServiceRequest>,
    F: Fn(&ServiceRequest),
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> S::Future {
        (self.before)(&request);
        self.inner.call(request)
    }
}

/// What the handler asks for.
pub(crate) struct Limited(Profile);

impl FromRequest for Limited {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let profile = request.extensions_mut().remove();
        let nobody = || ErrorUnauthorized("nobody is signed in");
        ready(profile.map(Self).ok_or_else(nobody))
    }
}
