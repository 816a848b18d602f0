//! The middleware that lets only some visitors through.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage};
use ciam_core::{Ciam, Guard, PendingVisit};
use pin_project_lite::pin_project;

use crate::Rejection;
use crate::convert::{Head, pending};
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
            inner: Rc::new(inner),
        }))
    }
}

/// The service of [`RequireLayer`].
#[derive(Debug)]
pub struct RequireService<S> {
    layer: RequireLayer,
    inner: Rc<S>,
}

impl RequireLayer {
    /// What has to be waited for before the guard can be asked.
    fn pending(&self, request: &ServiceRequest) -> Option<PendingVisit> {
        let extensions = request.extensions();
        let visit = visit(&extensions, request.head()).ok()?;
        pending(visit, request.head(), visit.is_for_callers(&self.guard))
    }

    fn check(&self, request: &ServiceRequest) -> Result<(), Rejection> {
        let extensions = request.extensions();
        let visit = visit(&extensions, request.head())?;
        if !visit.is_of(&self.ciam) {
            tracing::error!(
                code = "layer.other_handle",
                "a route requires something of one `Ciam` handle and is inside the layer of another"
            );
            return Err(Rejection::internal());
        }
        if visit.allows(&self.guard) {
            return Ok(());
        }
        let head = Head::read(request.head())?;
        Ok(visit.require(&self.guard, head.incoming())?)
    }

    fn decide<S>(&self, inner: &S, request: ServiceRequest) -> RequireFuture<S>
    where
        S: Service<ServiceRequest>,
    {
        match self.check(&request) {
            Ok(()) => RequireFuture::Passed {
                inner: inner.call(request),
            },
            Err(rejection) => RequireFuture::Refused {
                response: Some(request.into_response(rejection.into_response())),
            },
        }
    }
}

impl<S, B> Service<ServiceRequest> for RequireService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = RequireFuture<S>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> RequireFuture<S> {
        let Some(pending) = self.layer.pending(&request) else {
            return self.layer.decide(&*self.inner, request);
        };
        RequireFuture::Pending {
            pending,
            then: Some((self.layer.clone(), Rc::clone(&self.inner), request)),
        }
    }
}

pin_project! {
    /// The future of [`RequireService`].
    #[project = Project]
    #[allow(missing_debug_implementations)] // of what actix-web gives, too little has one
    #[allow(missing_docs, clippy::exhaustive_enums)] // named by `Service::Future`, used by nobody
    pub enum RequireFuture<S>
    where
        S: Service<ServiceRequest>,
    {
        /// It is not known yet who calls.
        Pending { pending: PendingVisit, then: Option<(RequireLayer, Rc<S>, ServiceRequest)> },
        /// The inner service is at work.
        Passed { #[pin] inner: S::Future },
        /// The inner service was not asked.
        Refused { response: Option<ServiceResponse> },
    }
}

impl<S, B> Future for RequireFuture<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Project::Pending { pending, then } = self.as_mut().project() {
            ready!(pending.as_mut().poll(context));
            if let Some((layer, inner, request)) = then.take() {
                let decided = layer.decide(&*inner, request);
                self.set(decided);
            }
        }
        // Polled once more after it was ready, which no executor does.
        let again = || Rejection::internal().into();
        match self.project() {
            Project::Passed { inner } => {
                let response = ready!(inner.poll(context))?;
                Poll::Ready(Ok(response.map_into_left_body()))
            }
            Project::Refused { response } => {
                let response = response.take().map(ServiceResponse::map_into_right_body);
                Poll::Ready(response.ok_or_else(again))
            }
            Project::Pending { .. } => Poll::Ready(Err(again())),
        }
    }
}
