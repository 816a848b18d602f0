//! A server that answers what its addresses say, and remembers who asked.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::visitor::query;

/// A running server on 127.0.0.1, as long as this value.
///
/// The query of a request says what is answered: `html=…` a page, `to=…` a
/// redirect there, `status=…` the status, and anything else is a header.
#[derive(Debug)]
pub struct Echo {
    port: u16,
    requests: Arc<Mutex<Vec<Received>>>,
    server: JoinHandle<()>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its method.
    pub method: Method,
    /// Its path and query, on `http://localhost`.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as text.
    pub body: String,
}

impl Echo {
    /// Starts one in this runtime.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::<Mutex<Vec<Received>>>::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&requests));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
        });
        Self {
            port,
            requests,
            server,
        }
    }

    /// An address on this host name (`localhost` or `127.0.0.1`).
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// All requests so far, but for those that a browser makes by itself.
    pub fn requests(&self) -> Vec<Received> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests
            .iter()
            .filter(|r| r.url.path() != "/favicon.ico")
            .cloned()
            .collect()
    }

    /// The last request of this path.
    pub fn last(&self, path: &str) -> Received {
        let mut requests = self.requests();
        requests.retain(|request| request.url.path() == path);
        requests
            .pop()
            .unwrap_or_else(|| panic!("nobody asked for {path}"))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter of its query.
    pub fn query(&self, name: &str) -> Option<String> {
        query(&self.url, name)
    }

    /// A field of its body, a form.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = url::form_urlencoded::parse(self.body.as_bytes());
        fields
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.into_owned())
    }
}

async fn answer(State(requests): State<Arc<Mutex<Vec<Received>>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let url = Url::parse("http://localhost").expect("an address");
    let url = url.join(&parts.uri.to_string()).expect("a path");
    let body = axum::body::to_bytes(body, BODY_LIMIT)
        .await
        .unwrap_or_default();

    let mut status = StatusCode::OK;
    let mut html = "<!DOCTYPE html><title>Echo</title>".to_owned();
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    for (name, value) in url.query_pairs() {
        match &*name {
            "html" => html.push_str(&value),
            "status" => status = value.parse().expect("a status"),
            "to" => {
                status = StatusCode::SEE_OTHER;
                headers.insert(LOCATION, header(&value));
            }
            name => {
                // A name that cannot be a header's is the business of the test.
                if let Ok(name) = HeaderName::try_from(name) {
                    headers.append(name, header(&value));
                }
            }
        }
    }
    *response.status_mut() = status;
    *response.body_mut() = Body::from(html);

    let received = Received {
        method: parts.method,
        url,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(received);
    response
}

fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("a header's value")
}

const BODY_LIMIT: usize = 1024 * 1024;
