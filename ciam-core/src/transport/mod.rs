//! The one way to the network.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use url::{Host, Url};

mod reqwest_client;

pub(crate) use reqwest_client::ReqwestClient;

/// Sends requests to the provider. The default is built on reqwest; an
/// application may bring its own.
///
/// An implementation follows no redirects, ends within a bounded time and reads
/// at most [`MAX_RESPONSE_BYTES`].
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Sends one request and reads the whole answer.
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_>;
}

/// What [`HttpClient::send`] returns.
pub type ResponseFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'a>>;

/// How the default client connects.
#[derive(Clone, Debug)]
pub(crate) struct TransportOptions {
    /// Per request, from the first byte sent to the last byte read.
    pub(crate) timeout: Duration,
    /// PEM certificates trusted beside those of the system.
    pub(crate) extra_certificates: Option<Vec<u8>>,
    /// Names that are not looked up.
    pub(crate) resolve: Vec<(String, SocketAddr)>,
}

/// A request that brought no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection.
    #[error("cannot connect to {host}: {detail}")]
    Connect {
        /// The host of the request.
        host: String,
        /// The innermost cause.
        detail: String,
    },
    /// Neither https nor a loopback host.
    #[error("refused to send a request to {host} without TLS")]
    Insecure {
        /// The host of the request.
        host: String,
    },
    /// Broke off while the request was under way.
    #[error("the exchange with {host} broke off: {detail}")]
    Interrupted {
        /// The host of the request.
        host: String,
        /// The innermost cause.
        detail: String,
    },
    /// No certificate to trust.
    #[error(
        "no CA certificates to trust ({detail}): install the package ca-certificates, \
         or name a PEM file in CIAM_CA_FILE"
    )]
    NoCertificates {
        /// What the TLS library said.
        detail: String,
    },
    /// No answer in time.
    #[error("no answer from {host} within {} ms", .limit.as_millis())]
    Timeout {
        /// The host of the request.
        host: String,
        /// The limit that passed.
        limit: Duration,
    },
    /// The answer did not end within the limit.
    #[error("the answer of {host} is longer than {limit} bytes")]
    TooLarge {
        /// The host of the request.
        host: String,
        /// In bytes.
        limit: usize,
    },
}

impl TransportError {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "transport.connect",
            Self::Insecure { .. } => "transport.insecure",
            Self::Interrupted { .. } => "transport.interrupted",
            Self::NoCertificates { .. } => "transport.no_certificates",
            Self::Timeout { .. } => "transport.timeout",
            Self::TooLarge { .. } => "transport.too_large",
        }
    }
}

/// A request for `url`, which was parsed as one of http or https.
pub(crate) fn get(url: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    // Such a URL is always a valid `Uri`: both are ASCII.
    *request.uri_mut() = url.parse().unwrap_or_default();
    request
}

/// A request that sends a form to `url` and takes JSON for an answer.
pub(crate) fn post_form(
    url: &Url,
    form: String,
    authorization: Option<HeaderValue>,
) -> Request<Bytes> {
    let mut request = get(url.as_str());
    *request.method_mut() = Method::POST;
    *request.body_mut() = Bytes::from(form);
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    if let Some(authorization) = authorization {
        headers.insert(AUTHORIZATION, authorization);
    }
    request
}

/// The media type of a message without its parameters; empty when there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media_type = content_type.and_then(|v| v.split(';').next());
    media_type.unwrap_or_default().trim()
}

/// Sends a request in a task of its own: whoever waits may be dropped, and what the
/// provider was asked to do is still done and answered.
pub(crate) async fn send_to_its_end(
    client: Arc<dyn HttpClient>,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let task = tokio::spawn(async move { client.send(request).await });
    task.await.unwrap_or_else(|_| {
        let detail = "its task was stopped".to_owned();
        Err(TransportError::Interrupted { host, detail })
    })
}

/// Whether a request to `url` may be sent: https anywhere, http to this machine.
pub(crate) fn is_permitted(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether `url` names this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// The longest answer read, in bytes: 1 MiB, as golang.org/x/oauth2 reads token
/// answers. The largest key sets in use are a few dozen kilobytes.
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
