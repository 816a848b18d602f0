//! The middleware that lets only some visitors through.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage};
use ciam_core::{Ciam, Guard};
use pin_project_lite::pin_project;

use crate::Rejection;
use crate::convert::Head;
use crate::request::visit;

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

impl<S, B> Transform<S, ServiceRequest> for RequireLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireService<S>;
    type InitError = ();
    type Future = Ready<Result<RequireService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(RequireService {
            layer: self.clone(),
            inner,
        }))
    }
}

/// The service of [`RequireLayer`].
#[derive(Debug)]
pub struct RequireService<S> {
    layer: RequireLayer,
    inner: S,
}

impl<S> RequireService<S> {
    fn check(&self, request: &ServiceRequest) -> Result<(), Rejection> {
        let extensions = request.extensions();
        let visit = visit(&extensions, request.head())?;
        if !visit.is_of(&self.layer.ciam) {
            tracing::error!(
                code = "layer.other_handle",
                "a route requires something of one `Ciam` handle and is inside the layer of another"
            );
            return Err(Rejection::internal());
        }
        if visit.allows(&self.layer.guard) {
            return Ok(());
        }
        let head = Head::read(request.head())?;
        Ok(visit.require(&self.layer.guard, head.incoming())?)
    }
}

impl<S, B> Service<ServiceRequest> for RequireService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = RequireFuture<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> RequireFuture<S::Future> {
        match self.check(&request) {
            Ok(()) => RequireFuture::Passed {
                inner: self.inner.call(request),
            },
            Err(rejection) => RequireFuture::Refused {
                response: Some(request.into_response(rejection.into_response())),
            },
        }
    }
}

pin_project! {
    /// The future of [`RequireService`].
    #[project = Project]
    #[allow(missing_debug_implementations)] // of what actix-web gives, too little has one
    #[allow(missing_docs, clippy::exhaustive_enums)] // named by `Service::Future`, used by nobody
    pub enum RequireFuture<F> {
        /// The inner service is at work.
        Passed { #[pin] inner: F },
        /// The inner service was not asked.
        Refused { response: Option<ServiceResponse> },
    }
}

impl<F, B> Future for RequireFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Project::Passed { inner } => {
                let response = ready!(inner.poll(context))?;
                Poll::Ready(Ok(response.map_into_left_body()))
            }
            Project::Refused { response } => {
                // Polled once more after it was ready, which no executor does.
                let again = || Rejection::internal().into();
                let response = response.take().map(ServiceResponse::map_into_right_body);
                Poll::Ready(response.ok_or_else(again))
            }
        }
    }
}
