//! The middleware that lets only some visitors through.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage};
use ciam_core::{Ciam, Guard, PendingVisit};

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
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
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
}

impl<S, B> Service<ServiceRequest> for RequireService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (layer, inner) = (self.layer.clone(), Rc::clone(&self.inner));
        Box::pin(async move {
            let pending = layer.pending(&request);
            if let Some(pending) = pending {
                pending.await;
            }
            Ok(match layer.check(&request) {
                Ok(()) => inner.call(request).await?.map_into_left_body(),
                Err(rejection) => {
                    let response = request.into_response(rejection.into_response());
                    response.map_into_right_body()
                }
            })
        })
    }
}
