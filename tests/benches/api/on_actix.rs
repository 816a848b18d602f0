//! The handlers on actix, and the limit as an extractor.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::{Error, ErrorUnauthorized};
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use ciam_actix::Caller;

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

impl FromRequest for Limited {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let limit = request.app_data::<Limit>();
        let value = request.headers().get(AUTHORIZATION);
        let access = limit.and_then(|limit| limit.caller(value?.as_bytes()));
        ready(
            access
                .map(Self)
                .ok_or_else(|| ErrorUnauthorized("no token")),
        )
    }
}
