//! A service as something to ask, to time and to count the allocations of.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{Request, StatusCode};
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt as _};

pub(crate) trait Subject {
    /// The answer, for a check.
    fn answer(&self, runtime: &Runtime, request: Request<Body>) -> (StatusCode, String);

    /// Answers all requests, and says how long it took.
    fn answer_all(&self, runtime: &Runtime, requests: Vec<Request<Body>>) -> Duration;
}

impl<S> Subject for S
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    fn answer(&self, runtime: &Runtime, request: Request<Body>) -> (StatusCode, String) {
        runtime.block_on(async {
            let Ok(response) = self.clone().oneshot(request).await;
            let status = response.status();
            let body = to_bytes(response.into_body(), 64 * 1024).await;
            let body = body.expect("a short body").to_vec();
            (status, String::from_utf8(body).expect("a text"))
        })
    }

    fn answer_all(&self, runtime: &Runtime, requests: Vec<Request<Body>>) -> Duration {
        runtime.block_on(async {
            let started = Instant::now();
            for request in requests {
                let _ = black_box(self.clone().oneshot(request).await);
            }
            started.elapsed()
        })
    }
}
