//! The limit: the named work written by hand, and nothing around it.
//!
//! Finds one cookie, decodes it, opens AES-256-GCM under one fixed key, reads the JSON into
//! a typed struct and gives it to the handler. No expiry, no rotation, no chunks, no check
//! of who caused the request, nothing overwritten, no headers written. Not a product.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use axum::body::Body;
use axum::extract::FromRequestParts;
use base64_simd::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use memchr::memchr;
use tower::{Layer, Service};

use crate::support::sign_in::Profile;

#[derive(Clone)]
pub(crate) struct Limit {
    key: Arc<LessSafeKey>,
}

impl Limit {
    pub(crate) fn new() -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes");
        Self {
            key: Arc::new(LessSafeKey::new(key)),
        }
    }

    /// `name=value` of the cookie that holds this text.
    pub(crate) fn seal(&self, json: &[u8]) -> String {
        let mut sealed = json.to_vec();
        let nonce = Nonce::assume_unique_for_key(NONCE);
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
            .expect("it is short");
        let value = URL_SAFE_NO_PAD.encode_to_string([&NONCE[..], &sealed].concat());
        format!("{}={value}", str::from_utf8(NAME).expect("a text"))
    }

    fn open(&self, headers: &HeaderMap) -> Option<Profile> {
        let mut cookies = headers.get(COOKIE)?.as_bytes();
        let value = loop {
            let end = memchr(b';', cookies).unwrap_or(cookies.len());
            if let Some(value) = cookies[..end].strip_prefix(NAME) {
                break value.strip_prefix(b"=")?;
            }
            cookies = cookies.get(end + 2..)?;
        };
        let mut sealed = URL_SAFE_NO_PAD.decode_to_vec(value).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let json = self.key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        serde_json::from_str(str::from_utf8(json).ok()?).ok()
    }
}

impl<S> Layer<S> for Limit {
    type Service = LimitService<S>;

    fn layer(&self, inner: S) -> LimitService<S> {
        let limit = self.clone();
        LimitService { limit, inner }
    }
}

#[derive(Clone)]
pub(crate) struct LimitService<S> {
    limit: Limit,
    inner: S,
}

impl<S: Service<Request<Body>, Error = Infallible>> Service<Request<Body>> for LimitService<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        if let Some(profile) = self.limit.open(request.headers()) {
            request.extensions_mut().insert(profile);
        }
        self.inner.call(request)
    }
}

/// What the handler asks for.
pub(crate) struct Limited(pub(crate) Profile);

impl<S: Sync> FromRequestParts<S> for Limited {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let profile = parts.extensions.remove();
        profile.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// As long as the name of ours.
const NAME: &[u8] = b"__Host-limit-session-01234567";

/// One cookie is ever sealed under the key.
const NONCE: [u8; NONCE_LEN] = [1; NONCE_LEN];
