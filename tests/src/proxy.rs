//! A reverse proxy that gives an application a path on a host it shares.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::HOST;
use http::{HeaderValue, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running proxy on `localhost`, as long as this value. It takes `/shop` away
/// from addresses, and answers 404 to all others.
#[derive(Debug)]
pub struct StrippingProxy {
    port: u16,
    server: JoinHandle<()>,
}

/// Which `Host` the application sees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // of the tests only
pub enum Forwarded {
    /// Its own, as proxies do by default.
    Own,
    /// The one the browser sent.
    Public,
}

#[derive(Clone, Debug)]
struct Target {
    client: reqwest::Client,
    port: u16,
    host: Forwarded,
}

impl StrippingProxy {
    /// Starts one in front of an application on this port.
    pub async fn start(port: u16, host: Forwarded) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .build()
            .expect("a client");
        let own = listener.local_addr().expect("an address").port();
        let target = Target { client, port, host };
        let router = Router::new().fallback(forward).with_state(target);
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
        });
        Self { port: own, server }
    }

    /// The application's public address.
    pub fn base_url(&self) -> String {
        format!("http://localhost:{}{PATH}", self.port)
    }
}

impl Drop for StrippingProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(target): State<Target>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
    let Some(rest) = here.strip_prefix(PATH).filter(|rest| rest.starts_with('/')) else {
        return status(StatusCode::NOT_FOUND);
    };
    if target.host == Forwarded::Own {
        let own = HeaderValue::try_from(format!("127.0.0.1:{}", target.port));
        parts.headers.insert(HOST, own.expect("a header's value"));
    }
    let answer = target
        .client
        .request(
            parts.method,
            format!("http://127.0.0.1:{}{rest}", target.port),
        )
        .headers(parts.headers)
        .body(to_bytes(body, BODY_LIMIT).await.expect("a body"))
        .send()
        .await;
    let Ok(answer) = answer else {
        return status(StatusCode::BAD_GATEWAY);
    };
    let mut response = status(answer.status());
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = Body::from(answer.bytes().await.expect("a body"));
    response
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

const PATH: &str = "/shop";

const BODY_LIMIT: usize = 1024 * 1024;
