//! Layers that do nothing: what axum charges for any.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use http::Request;
use tower::{Layer, Service};

/// What an empty layer does to a request.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Given {
    Nothing,
    /// Four bytes in the extensions: what axum charges for handing on anything.
    Number,
}

/// Has a state to share, as any layer that does something: axum copies it.
#[derive(Clone)]
pub(crate) struct Empty(Arc<Given>);

impl Empty {
    pub(crate) fn new(given: Given) -> Self {
        Self(Arc::new(given))
    }
}

impl<S> Layer<S> for Empty {
    type Service = EmptyService<S>;

    fn layer(&self, inner: S) -> EmptyService<S> {
        let given = Arc::clone(&self.0);
        EmptyService { given, inner }
    }
}

#[derive(Clone)]
pub(crate) struct EmptyService<S> {
    given: Arc<Given>,
    inner: S,
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for EmptyService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        if *self.given == Given::Number {
            request.extensions_mut().insert(7_u32);
        }
        self.inner.call(request)
    }
}
