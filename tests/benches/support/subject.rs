//! A service as something to ask, to time and to count the allocations of.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{Service as ActixService, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::test::{TestRequest, init_service, read_body};
use actix_web::{App, Error};
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::Request;
use http::header::{ACCEPT, CONNECTION, HOST};
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt as _};

use super::sign_in::SHOP;

pub(crate) trait Subject {
    /// Status and body of the answer to a request with this header, for a check.
    fn answer(&self, runtime: &Runtime, header: Option<Header<'_>>) -> (u16, String);

    /// Makes a request with each of these headers. What comes back answers them all, and
    /// says how long it took.
    fn prepare<'a>(
        &'a self,
        runtime: &'a Runtime,
        headers: &mut dyn Iterator<Item = Option<Header<'_>>>,
    ) -> Work<'a>;
}

/// What a visitor or a caller has: a name in lower case, and a value.
pub(crate) type Header<'a> = (&'static str, &'a str);

pub(crate) type Work<'a> = Box<dyn FnOnce() -> Duration + 'a>;

pub(crate) struct OnAxum<S>(pub(crate) S);

impl<S> OnAxum<S> {
    fn request(header: Option<Header<'_>>) -> Request<Body> {
        let request = Request::get("/")
            .header(HOST, SHOP)
            .header(CONNECTION, "keep-alive")
            .header(ACCEPT, "*/*");
        let request = match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        request.body(Body::empty()).expect("a request")
    }
}

impl<S> Subject for OnAxum<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    fn answer(&self, runtime: &Runtime, header: Option<Header<'_>>) -> (u16, String) {
        runtime.block_on(async {
            let Ok(response) = self.0.clone().oneshot(Self::request(header)).await;
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), 64 * 1024).await;
            (status, text(&body.expect("a short body")))
        })
    }

    fn prepare<'a>(
        &'a self,
        runtime: &'a Runtime,
        headers: &mut dyn Iterator<Item = Option<Header<'_>>>,
    ) -> Work<'a> {
        let requests: Vec<_> = headers.map(Self::request).collect();
        Box::new(move || {
            runtime.block_on(async {
                let started = Instant::now();
                for request in requests {
                    let _ = black_box(self.0.clone().oneshot(request).await);
                }
                started.elapsed()
            })
        })
    }
}

/// An application of actix-web, initialized as its server would.
pub(crate) fn on_actix<F, B>(runtime: &Runtime, app: App<F>) -> Box<dyn Subject>
where
    F: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    Box::new(OnActix(runtime.block_on(init_service(app))))
}

struct OnActix<S>(S);

impl<S> OnActix<S> {
    fn request(header: Option<Header<'_>>) -> actix_http::Request {
        let request = TestRequest::get()
            .insert_header(("host", SHOP))
            .insert_header(("connection", "keep-alive"))
            .insert_header(("accept", "*/*"));
        let request = match header {
            Some(header) => request.insert_header(header),
            None => request,
        };
        request.to_request()
    }
}

impl<S, B> Subject for OnActix<S>
where
    S: ActixService<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn answer(&self, runtime: &Runtime, header: Option<Header<'_>>) -> (u16, String) {
        runtime.block_on(async {
            match self.0.call(Self::request(header)).await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    (status, text(&read_body(response).await))
                }
                Err(error) => (error.error_response().status().as_u16(), error.to_string()),
            }
        })
    }

    fn prepare<'a>(
        &'a self,
        runtime: &'a Runtime,
        headers: &mut dyn Iterator<Item = Option<Header<'_>>>,
    ) -> Work<'a> {
        let requests: Vec<_> = headers.map(Self::request).collect();
        Box::new(move || {
            runtime.block_on(async {
                let started = Instant::now();
                for request in requests {
                    let _ = black_box(self.0.call(request).await);
                }
                started.elapsed()
            })
        })
    }
}

fn text(body: &[u8]) -> String {
    str::from_utf8(body).expect("a text").to_owned()
}
