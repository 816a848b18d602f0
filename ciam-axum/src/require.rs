//! The layer that lets only some visitors through.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::response::{IntoResponse, Response};
use ciam_core::{Ciam, Guard, PendingVisit};
use http::Request;
use http::request::Parts;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::Rejection;
use crate::request::{incoming, pending, visit};

/// Lets visitors through who have what its guard asks for. Made by
/// [`CiamExt::require`](crate::CiamExt::require).
#[derive(Clone, Debug)]
pub struct RequireLayer {
    ciam: Ciam,
    guard: Arc<Guard>,
}

impl RequireLayer {
    pub(crate) fn new(ciam: Ciam, guard: Guard) -> Self {
        Self {
            ciam,
            guard: Arc::new(guard),
        }
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = RequireService<S>;

    fn layer(&self, inner: S) -> RequireService<S> {
        RequireService {
            layer: self.clone(),
            inner,
        }
    }
}

/// The service of [`RequireLayer`].
#[derive(Clone, Debug)]
pub struct RequireService<S> {
    layer: RequireLayer,
    inner: S,
}

impl RequireLayer {
    /// What has to be waited for before the guard can be asked.
    fn pending(&self, parts: &Parts) -> Option<PendingVisit> {
        let visit = visit(parts).ok()?;
        pending(visit, parts, visit.is_for_callers(&self.guard))
    }

    fn check(&self, parts: &Parts) -> Result<(), Rejection> {
        let visit = visit(parts)?;
        if !visit.is_of(&self.ciam) {
            tracing::error!(
                code = "layer.other_handle",
                "a route requires something of one `Ciam` handle and is inside the layer of another"
            );
            return Err(Rejection::internal());
        }
        Ok(visit.require(&self.guard, incoming(parts))?)
    }
}

impl<S> RequireService<S> {
    fn decide<B>(
        layer: &RequireLayer,
        inner: &mut S,
        (parts, body): (Parts, B),
    ) -> RequireFuture<S, B>
    where
        S: Service<Request<B>, Response = Response>,
    {
        match layer.check(&parts) {
            Ok(()) => RequireFuture::Passed {
                inner: inner.call(Request::from_parts(parts, body)),
            },
            Err(rejection) => RequireFuture::Refused {
                response: Some(rejection.into_response()),
            },
        }
    }
}

impl<S, B> Service<Request<B>> for RequireService<S>
where
    S: Service<Request<B>, Response = Response> + Clone,
{
    type Response = Response;
    type Error = S::Error;
    type Future = RequireFuture<S, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> RequireFuture<S, B> {
        let (parts, body) = request.into_parts();
        let Some(pending) = self.layer.pending(&parts) else {
            return Self::decide(&self.layer, &mut self.inner, (parts, body));
        };
        // The one that was made ready is the one to call.
        let next = self.inner.clone();
        let inner = mem::replace(&mut self.inner, next);
        RequireFuture::Pending {
            pending,
            then: Some((self.layer.clone(), inner, (parts, body))),
        }
    }
}

pin_project! {
    /// The future of [`RequireService`].
    #[project = Project]
    #[allow(missing_debug_implementations)] // of what a service is made of, too little has one
    #[allow(missing_docs, clippy::exhaustive_enums)] // named by `Service::Future`, used by nobody
    pub enum RequireFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        /// It is not known yet who calls.
        Pending { pending: PendingVisit, then: Option<(RequireLayer, S, (Parts, B))> },
        /// The inner service is at work.
        Passed { #[pin] inner: S::Future },
        /// The inner service was not asked.
        Refused { response: Option<Response> },
    }
}

impl<S, B> Future for RequireFuture<S, B>
where
    S: Service<Request<B>, Response = Response>,
{
    type Output = Result<Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Project::Pending { pending, then } = self.as_mut().project() {
            ready!(pending.as_mut().poll(context));
            if let Some((layer, mut inner, request)) = then.take() {
                let decided = RequireService::decide(&layer, &mut inner, request);
                self.set(decided);
            }
        }
        match self.project() {
            Project::Passed { inner } => inner.poll(context),
            Project::Refused { response } => {
                // Polled once more after it was ready, which no executor does.
                let again = || Rejection::internal().into_response();
                Poll::Ready(Ok(response.take().unwrap_or_else(again)))
            }
            Project::Pending { .. } => Poll::Ready(Ok(Rejection::internal().into_response())),
        }
    }
}
