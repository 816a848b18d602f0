//! The layer that lets only some visitors through.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::response::{IntoResponse, Response};
use ciam_core::{Ciam, Guard};
use http::Request;
use http::request::Parts;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::Rejection;
use crate::request::{incoming, visit};

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

impl<S> RequireService<S> {
    fn check(&self, parts: &Parts) -> Result<(), Rejection> {
        let visit = visit(parts)?;
        if !visit.is_of(&self.layer.ciam) {
            tracing::error!(
                code = "layer.other_handle",
                "a route requires something of one `Ciam` handle and is inside the layer of another"
            );
            return Err(Rejection::internal());
        }
        Ok(visit.require(&self.layer.guard, incoming(parts))?)
    }
}

impl<S, B> Service<Request<B>> for RequireService<S>
where
    S: Service<Request<B>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = RequireFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> RequireFuture<S::Future> {
        let (parts, body) = request.into_parts();
        match self.check(&parts) {
            Ok(()) => {
                let inner = self.inner.call(Request::from_parts(parts, body));
                RequireFuture::Passed { inner }
            }
            Err(rejection) => RequireFuture::Refused {
                response: Some(rejection.into_response()),
            },
        }
    }
}

pin_project! {
    /// The future of [`RequireService`].
    #[project = Project]
    #[derive(Debug)]
    #[allow(missing_docs, clippy::exhaustive_enums)] // named by `Service::Future`, used by nobody
    pub enum RequireFuture<F> {
        /// The inner service is at work.
        Passed { #[pin] inner: F },
        /// The inner service was not asked.
        Refused { response: Option<Response> },
    }
}

impl<F, E> Future for RequireFuture<F>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Project::Passed { inner } => inner.poll(context),
            Project::Refused { response } => {
                // Polled once more after it was ready, which no executor does.
                let again = || Rejection::internal().into_response();
                Poll::Ready(Ok(response.take().unwrap_or_else(again)))
            }
        }
    }
}
