//! The handlers on axum, and the limits as layers.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::FromRequestParts;
use ciam_axum::{Claims, MaybeUser, User};
use http::header::COOKIE;
use http::request::Parts;
use http::{Request, StatusCode};
use tower::{Layer, Service};

use super::NOBODY;
use super::limit::Finds;
use crate::support::profile::Profile;
use crate::support::sign_in::NAME;

pub(crate) async fn fixed() -> String {
    NAME.to_owned()
}

pub(crate) async fn limited(Found(profile): Found<Profile>) -> String {
    profile.name
}

pub(crate) async fn limited_by_id(Found(profile): Found<Arc<Profile>>) -> String {
    profile.name.clone()
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

/// Hands on what a limit finds.
#[derive(Clone)]
pub(crate) struct ByHand<L>(pub(crate) L);

impl<S, L: Finds> Layer<S> for ByHand<L> {
    type Service = ByHandService<S, L>;

    fn layer(&self, inner: S) -> ByHandService<S, L> {
        let limit = self.0.clone();
        ByHandService { limit, inner }
    }
}

#[derive(Clone)]
pub(crate) struct ByHandService<S, L> {
    limit: L,
    inner: S,
}

impl<S, L> Service<Request<Body>> for ByHandService<S, L>
where
    S: Service<Request<Body>, Error = Infallible>,
    L: Finds,
{
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        let cookies = request.headers().get(COOKIE);
        if let Some(found) = cookies.and_then(|cookies| self.limit.find(cookies.as_bytes())) {
            request.extensions_mut().insert(found);
        }
        self.inner.call(request)
    }
}

/// What the handler asks for.
pub(crate) struct Found<T>(T);

impl<S: Sync, T: Clone + Send + Sync + 'static> FromRequestParts<S> for Found<T> {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let found = parts.extensions.remove();
        found.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}
