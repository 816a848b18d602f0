//! The handlers on axum, and the limit as a layer.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::FromRequestParts;
use ciam_axum::{Claims, MaybeUser, User};
use http::header::COOKIE;
use http::request::Parts;
use http::{Request, StatusCode};
use tower::{Layer, Service};

use super::NOBODY;
use super::limit::Limit;
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

impl<S> Layer<S> for Limit {
    type Service = LimitService<S>;

    fn layer(&self, inner: S) -> LimitService<S> {
        let limit = self.clone();
        LimitService { limit, inner }
    }
}

#[derive(Clone)]
pub(crate) struct LimitService<S> {
    limit: Limit,
    inner: S,
}

impl<S: Service<Request<Body>, Error = Infallible>> Service<Request<Body>> for LimitService<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        let cookies = request.headers().get(COOKIE);
        if let Some(profile) = cookies.and_then(|cookies| self.limit.open(cookies.as_bytes())) {
            request.extensions_mut().insert(profile);
        }
        self.inner.call(request)
    }
}

/// What the handler asks for.
pub(crate) struct Limited(Profile);

impl<S: Sync> FromRequestParts<S> for Limited {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let profile = parts.extensions.remove();
        profile.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}
