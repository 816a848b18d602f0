//! The layer that says who a visitor is.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use ciam_core::{Ciam, Visit};
use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::request::{incoming_whole, into_axum};

/// Says who the visitor of each request is, and writes what the session asks of
/// each answer. Made by [`CiamExt::layer`](crate::CiamExt::layer).
#[derive(Clone, Debug)]
pub struct CiamLayer {
    ciam: Ciam,
}

impl CiamLayer {
    pub(crate) const fn new(ciam: Ciam) -> Self {
        Self { ciam }
    }
}

impl<S> Layer<S> for CiamLayer {
    type Service = CiamService<S>;

    fn layer(&self, inner: S) -> CiamService<S> {
        CiamService {
            ciam: self.ciam.clone(),
            inner,
        }
    }
}

/// The service of [`CiamLayer`].
#[derive(Clone, Debug)]
pub struct CiamService<S> {
    ciam: Ciam,
    inner: S,
}

impl<S, B> Service<Request<B>> for CiamService<S>
where
    S: Service<Request<B>, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = CiamFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> CiamFuture<S::Future> {
        match self.ciam.visit(incoming_whole(&request)) {
            Ok(visit) => {
                request.extensions_mut().insert(visit.clone());
                let inner = self.inner.call(request);
                CiamFuture::Visiting { inner, visit }
            }
            Err(rejection) => CiamFuture::Answered {
                response: Some(into_axum(rejection.into_response())),
            },
        }
    }
}

pin_project! {
    /// The future of [`CiamService`].
    #[project = Project]
    #[derive(Debug)]
    #[allow(missing_docs, clippy::exhaustive_enums)] // named by `Service::Future`, used by nobody
    pub enum CiamFuture<F> {
        /// The inner service is at work.
        Visiting { #[pin] inner: F, visit: Visit },
        /// The inner service was not asked.
        Answered { response: Option<Response<Body>> },
    }
}

impl<F, E> Future for CiamFuture<F>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Project::Visiting { inner, visit } => {
                let mut response = ready!(inner.poll(context))?;
                visit.finish(response.headers_mut());
                Poll::Ready(Ok(response))
            }
            Project::Answered { response } => {
                // Polled once more after it was ready, which no executor does.
                let again = || crate::Rejection::internal().into_response();
                Poll::Ready(Ok(response.take().unwrap_or_else(again)))
            }
        }
    }
}
