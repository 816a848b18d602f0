//! The handlers on axum, and the limit as an extractor.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use ciam_axum::Caller;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::access::{APPLICATION, Access};
use super::limit::Limit;

pub(crate) async fn fixed() -> String {
    APPLICATION.to_owned()
}

pub(crate) async fn limited(Limited(access): Limited) -> String {
    access.azp.clone()
}

pub(crate) async fn caller(caller: Caller) -> String {
    caller.application().unwrap_or_default().to_owned()
}

/// What the handler asks for.
pub(crate) struct Limited(Arc<Access>);

impl FromRequestParts<Limit> for Limited {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, limit: &Limit) -> Result<Self, StatusCode> {
        let value = parts.headers.get(AUTHORIZATION);
        let access = value.and_then(|value| limit.caller(value.as_bytes()));
        access.map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}
