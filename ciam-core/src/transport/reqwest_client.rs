//! The default [`HttpClient`].

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use url::Url;

use super::{
    HttpClient, MAX_RESPONSE_BYTES, ResponseFuture, TransportError, TransportOptions, is_permitted,
};

/// Two clients, each built at its first use: a machine without CA certificates
/// can still reach a provider on its own loopback interface.
#[derive(Debug)]
pub(crate) struct ReqwestClient {
    options: TransportOptions,
    plain: OnceLock<Result<Client, TransportError>>,
    tls: OnceLock<Result<Client, TransportError>>,
}

impl ReqwestClient {
    pub(crate) const fn new(options: TransportOptions) -> Self {
        Self {
            options,
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, TransportError> {
        let client = if url.scheme() == "https" {
            self.tls.get_or_init(|| build_tls(&self.options))
        } else {
            self.plain.get_or_init(|| build_plain(&self.options))
        };
        client.as_ref().map_err(Clone::clone)
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let uri = request.uri().to_string();
        let insecure = || TransportError::Insecure {
            host: shorten(&uri),
        };
        let url = Url::parse(&uri).map_err(|_| insecure())?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if !is_permitted(&url) {
            return Err(insecure());
        }
        let failed = |error: &reqwest::Error| classify(error, &host, self.options.timeout);

        let (parts, body) = request.into_parts();
        let mut response = self
            .client(&url)?
            .request(parts.method, url)
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .map_err(|e| failed(&e))?;

        let too_large = || TransportError::TooLarge {
            host: host.clone(),
            limit: MAX_RESPONSE_BYTES,
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > MAX_RESPONSE_BYTES as u64 {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| failed(&e))? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body.freeze());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

impl HttpClient for ReqwestClient {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        Box::pin(self.exchange(request))
    }
}

fn build_plain(options: &TransportOptions) -> Result<Client, TransportError> {
    // No certificates: nothing is read from the system for a connection that
    // needs none. No proxy: loopback is this machine.
    builder(options)
        .no_proxy()
        .tls_certs_only(std::iter::empty::<Certificate>())
        .build()
        .map_err(|e| TransportError::NoCertificates {
            detail: innermost(&e),
        })
}

fn build_tls(options: &TransportOptions) -> Result<Client, TransportError> {
    let mut builder = builder(options).https_only(true);
    if let Some(pem) = &options.extra_certificates {
        let certificates =
            Certificate::from_pem_bundle(pem).map_err(|e| TransportError::NoCertificates {
                detail: innermost(&e),
            })?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|e| TransportError::NoCertificates {
        detail: innermost(&e),
    })
}

fn builder(options: &TransportOptions) -> ClientBuilder {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(options.timeout.min(CONNECT_TIMEOUT))
        .timeout(options.timeout)
        .redirect(Policy::none());
    for (name, address) in &options.resolve {
        builder = builder.resolve(name, *address);
    }
    builder
}

fn classify(error: &reqwest::Error, host: &str, limit: Duration) -> TransportError {
    let host = host.to_owned();
    if error.is_timeout() {
        TransportError::Timeout { host, limit }
    } else if error.is_connect() {
        TransportError::Connect {
            host,
            detail: innermost(error),
        }
    } else {
        TransportError::Interrupted {
            host,
            detail: innermost(error),
        }
    }
}

/// The last cause in the chain. The outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    cause.map_or_else(
        || "no further detail".to_owned(),
        |c| shorten(&c.to_string()),
    )
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

const USER_AGENT: &str = concat!("ciam/", env!("CARGO_PKG_VERSION"));

/// A provider that does not even answer the TCP handshake will not answer the
/// request; the visitor should not wait the whole time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
