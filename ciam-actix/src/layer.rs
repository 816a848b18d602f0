//! The middleware that says who a visitor is.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::{Error, HttpMessage};
use ciam_core::{Ciam, Visit};
use pin_project_lite::pin_project;

use crate::Rejection;
use crate::convert::{Answer, visit};

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

impl<S, B> Transform<S, ServiceRequest> for CiamLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CiamService<S>;
    type InitError = ();
    type Future = Ready<Result<CiamService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(CiamService {
            ciam: self.ciam.clone(),
            inner,
        }))
    }
}

/// The service of [`CiamLayer`].
#[derive(Debug)]
pub struct CiamService<S> {
    ciam: Ciam,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for CiamService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = CiamFuture<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> CiamFuture<S::Future> {
        match visit(&self.ciam, request.head()) {
            Ok(visit) => {
                request.extensions_mut().insert(visit.clone());
                let inner = self.inner.call(request);
                CiamFuture::Visiting { inner, visit }
            }
            Err(rejection) => CiamFuture::Answered {
                response: Some(request.into_response(rejection.into_response())),
            },
        }
    }
}

pin_project! {
    /// The future of [`CiamService`].
    #[project = Project]
    #[allow(missing_debug_implementations)] // of what actix-web gives, too little has one
    #[allow(missing_docs, clippy::exhaustive_enums)] // named by `Service::Future`, used by nobody
    pub enum CiamFuture<F> {
        /// The inner service is at work.
        Visiting { #[pin] inner: F, visit: Visit },
        /// The inner service was not asked.
        Answered { response: Option<ServiceResponse> },
    }
}

impl<F, B> Future for CiamFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Project::Visiting { inner, visit } => Poll::Ready(match ready!(inner.poll(context)) {
                Ok(mut response) => {
                    visit.finish(&mut Answer(response.headers_mut()));
                    Ok(response.map_into_left_body())
                }
                Err(error) => Err(finish_error(visit, error)),
            }),
            Project::Answered { response } => {
                // Polled once more after it was ready, which no executor does.
                let again = || Rejection::internal().into();
                let response = response.take().map(ServiceResponse::map_into_right_body);
                Poll::Ready(response.ok_or_else(again))
            }
        }
    }
}

/// An error of a middleware becomes an answer only outside of this one: it is made
/// here where the session asks something of it.
fn finish_error(visit: &Visit, error: Error) -> Error {
    let mut response = error.error_response();
    if visit.finish(&mut Answer(response.headers_mut())) {
        InternalError::from_response(error, response).into()
    } else {
        error
    }
}
