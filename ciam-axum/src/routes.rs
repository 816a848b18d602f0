//! The library's own routes.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use ciam_core::{CALLBACK_BODY_LIMIT, Ciam};

use crate::request::{incoming, into_axum};

pub(crate) fn routes<S>(ciam: &Ciam) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    ciam.route_paths().fold(Router::new(), |router, path| {
        let ciam = ciam.clone();
        router.route(&path, any(move |request| respond(ciam, request)))
    })
}

async fn respond(ciam: Ciam, request: Request) -> Response {
    let (parts, mut body): (_, Body) = request.into_parts();
    if incoming(&parts).offers_websocket() {
        body = Body::empty();
    }
    match to_bytes(body, CALLBACK_BODY_LIMIT).await {
        Ok(body) => into_axum(ciam.respond(http::Request::from_parts(parts, body)).await),
        Err(_) => into_axum(ciam.refuse_body()),
    }
}
