//! The routes on actix-web.

use actix_cors::Cors;
use actix_web::App;
use actix_web::http::{Method, header};
use actix_web::web::{ServiceConfig, get, post, resource};
use ciam_actix::{Caller, Ciam, CiamExt, Claims, User, role};
use ciam_tests::{ActixRoutes, actix_app};

use super::{Till, described, guards, may_call, placed};

pub(super) const ORDERS: ActixRoutes = actix_app!(|ciam| App::new()
    .configure(|config| configure(config, &ciam))
    .wrap(ciam.layer()));

pub(super) const CROSS_ORIGIN: ActixRoutes = actix_app!(|ciam| {
    let cors = Cors::default()
        .allowed_origin_fn(|origin, _| may_call(origin.as_bytes()))
        .allowed_methods([Method::GET, Method::POST])
        .allowed_headers([header::AUTHORIZATION])
        .expose_headers([header::WWW_AUTHENTICATE]);
    App::new()
        .configure(|config| configure(config, &ciam))
        .wrap(ciam.layer())
        .wrap(cors)
});

fn configure(config: &mut ServiceConfig, ciam: &Ciam) {
    let admin = resource("/admin").get(async || "an admin");
    config
        .route("/open", get().to(async || "open"))
        .route("/account", get().to(async |_: User| "a user"))
        .service(admin.wrap(ciam.require(role("Admin"))))
        .route("/claims", get().to(claims))
        .route("/api/orders", get().to(call))
        .route("/api/orders", post().to(call));
    for (path, guard) in guards() {
        let guarded = resource(path)
            .get(async || "passed")
            .post(async || "passed");
        config.service(guarded.wrap(ciam.require(guard)));
    }
    config.configure(ciam.routes());
}

async fn call(caller: Caller) -> String {
    described(&caller)
}

async fn claims(caller: Caller, till: Claims<Till>) -> String {
    placed(&caller, &till)
}
