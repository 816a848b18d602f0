//! The limit of a session in memory, written by hand on axum: finds one cookie, asks a cache
//! for what is kept under it, hands that on. Nothing expires, nothing is checked, and whoever
//! reads the memory reads ids. Not a product.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::FromRequestParts;
use http::header::COOKIE;
use http::request::Parts;
use http::{Request, StatusCode};
use memchr::memchr;
use moka::sync::Cache;
use tower::{Layer, Service};

use crate::support::profile::Profile;

#[derive(Clone)]
pub(crate) struct ById(Cache<[u8; ID], Arc<Profile>>);

impl ById {
    /// With one session, of whoever has these claims.
    pub(crate) fn new(claims: &[u8]) -> Self {
        let profile: Profile = serde_json::from_slice(claims).expect("a profile");
        let sessions = Cache::new(100_000);
        sessions.insert(THE_ID, Arc::new(profile));
        Self(sessions)
    }

    /// `name=value` of the one session.
    pub(crate) fn cookie() -> String {
        let text = |bytes| str::from_utf8(bytes).expect("a text");
        format!("{}={}", text(NAME), text(&THE_ID))
    }

    fn find(&self, mut cookies: &[u8]) -> Option<Arc<Profile>> {
        let value = loop {
            let end = memchr(b';', cookies).unwrap_or(cookies.len());
            if let Some(value) = cookies[..end].strip_prefix(NAME) {
                break value.strip_prefix(b"=")?;
            }
            cookies = cookies.get(end + 2..)?;
        };
        self.0.get(<&[u8; ID]>::try_from(value).ok()?)
    }
}

impl<S> Layer<S> for ById {
    type Service = ByIdService<S>;

    fn layer(&self, inner: S) -> ByIdService<S> {
        let by_id = self.clone();
        ByIdService { by_id, inner }
    }
}

#[derive(Clone)]
pub(crate) struct ByIdService<S> {
    by_id: ById,
    inner: S,
}

impl<S: Service<Request<Body>, Error = Infallible>> Service<Request<Body>> for ByIdService<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        let cookies = request.headers().get(COOKIE);
        if let Some(profile) = cookies.and_then(|cookies| self.by_id.find(cookies.as_bytes())) {
            request.extensions_mut().insert(profile);
        }
        self.inner.call(request)
    }
}

/// What the handler asks for.
pub(crate) struct Known(Arc<Profile>);

impl<S: Sync> FromRequestParts<S> for Known {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let profile = parts.extensions.remove();
        profile.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

pub(crate) async fn known(Known(profile): Known) -> String {
    profile.name.clone()
}

/// As long as the name of ours.
const NAME: &[u8] = b"__Host-limit-session-01234567";

/// As long as an id of ours.
const ID: usize = 43;
const THE_ID: [u8; ID] = *b"0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE";
