//! The routes on axum.

use axum::Router;
use axum::http::{Method, header};
use axum::routing::get;
use ciam_axum::{Caller, Ciam, CiamExt, Claims, User, role};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{Till, described, guards, may_call, placed};

pub(super) fn orders(ciam: &Ciam) -> Router {
    let mut router = Router::new()
        .route("/open", get(async || "open"))
        .route("/account", get(async |_: User| "a user"))
        .route(
            "/admin",
            get(async || "an admin").layer(ciam.require(role("Admin"))),
        )
        .route("/claims", get(claims))
        .route("/maybe", get(maybe))
        .route("/api/orders", get(call).post(call));
    for (path, guard) in guards() {
        let guarded = get(async || "passed").post(async || "passed");
        router = router.route(path, guarded.layer(ciam.require(guard)));
    }
    router.merge(ciam.routes()).layer(ciam.layer())
}

pub(super) fn cross_origin(ciam: &Ciam) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(|origin, _| {
            may_call(origin.as_bytes())
        }))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION])
        .expose_headers([header::WWW_AUTHENTICATE]);
    orders(ciam).layer(cors)
}

async fn call(caller: Caller) -> String {
    described(&caller)
}

async fn claims(caller: Caller, till: Claims<Till>) -> String {
    placed(&caller, &till)
}

async fn maybe(caller: Option<Caller>) -> String {
    caller.map_or_else(|| "nobody".to_owned(), |caller| described(&caller))
}
