//! A provider in memory, and a visitor who wants to sign in there.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ciam_core::{Ciam, HttpClient, ResponseFuture};
use http::{Request, Response};
use serde_json::{Value, json};

use super::issuer_of;

/// A provider without a network.
#[derive(Debug)]
pub(crate) struct Memory {
    document: Mutex<Value>,
    asked: Mutex<Vec<String>>,
}

impl Memory {
    pub(crate) fn new(document: Value) -> Arc<Self> {
        Arc::new(Self {
            document: Mutex::new(document),
            asked: Mutex::default(),
        })
    }

    /// What the document is from now on.
    pub(crate) fn publish(&self, document: Value) {
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = document;
    }

    /// The addresses that were asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

impl HttpClient for Memory {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        let url = request.uri().to_string();
        let body = match url.contains("/.well-known/openid-configuration") {
            true => {
                let document = self.document.lock().unwrap_or_else(PoisonError::into_inner);
                document.to_string()
            }
            false => json!({ "keys": [key()] }).to_string(),
        };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(url);
        Box::pin(async move { Ok(Response::new(body.into())) })
    }
}

/// An honest document of this tenant under this origin.
pub(crate) fn tenant_document(origin: &str, guid: &str) -> Value {
    document(&issuer_of(guid), &format!("{origin}/{guid}"))
}

/// A document of this issuer, with endpoints under `base`.
pub(crate) fn document(issuer: &str, base: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

/// RFC 7517, appendix A.1.
fn key() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "kid": "1",
    })
}

/// The answer to a visitor who wants to sign in.
pub(crate) async fn login(ciam: &Ciam) -> Response<Bytes> {
    let request = Request::get("/auth/login")
        .header("host", "localhost:3000")
        .header("accept", "text/html")
        .body(Bytes::new());
    ciam.respond(request.expect("a request")).await
}
