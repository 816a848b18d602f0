//! The application below routers that know nothing of it: its path in the base URL,
//! and the layer innermost.

use std::sync::Arc;

use actix_web::App;
use actix_web::web::{self, resource, scope};
use axum::Router;
use axum::response::Json;
use axum::routing::{get, post};
use ciam_core::{ManualClock, User, role, signed_in};
use ciam_tests::scripted::Scripted;
use ciam_tests::{ActixRoutes, Ciam, Framework, Routes, Site, actix_app};

/// Where it is.
pub(crate) const BASE: &str = "/back/office";

pub(crate) async fn site(on: Framework, provider: &Scripted, clock: &Arc<ManualClock>) -> Site {
    let routes = Routes {
        axum: on_axum,
        actix: ON_ACTIX,
    };
    let base_url = format!("{}{BASE}", crate::BASE_URL);
    let config = async |_: &str| crate::config(provider, clock, &base_url);
    Site::serve(on, routes, config).await
}

fn on_axum(ciam: &Ciam) -> Router {
    use ciam_axum::{CiamExt, MaybeUser, User};
    let account = async |user: User| Json(user);
    let order = post(async |user: User| ordered(&user));
    let office = Router::new()
        .route("/", get(async |user: MaybeUser| who(user.as_ref())))
        .route("/account", get(account))
        .route("/order", order.layer(ciam.require(signed_in())))
        .route("/staff", get(account).layer(ciam.require(role("Admin"))))
        .merge(ciam.routes())
        .layer(ciam.layer());
    Router::new().nest("/back", Router::new().nest("/office", office))
}

const ON_ACTIX: ActixRoutes = actix_app!(|ciam| {
    use ciam_actix::{CiamExt, MaybeUser, User};
    let account = async |user: User| web::Json(user);
    let order = web::post().to(async |user: User| ordered(&user));
    let order = resource("/order").route(order);
    let staff = resource("/staff").route(web::get().to(account));
    let office = scope("/office")
        .route(
            "",
            web::get().to(async |user: MaybeUser| who(user.as_ref())),
        )
        .route("/account", web::get().to(account))
        .service(order.wrap(ciam.require(signed_in())))
        .service(staff.wrap(ciam.require(role("Admin"))))
        .configure(ciam.routes())
        .wrap(ciam.layer());
    App::new().service(scope("/back").service(office))
});

fn who(user: Option<&User>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.id().to_string())
}

fn ordered(user: &User) -> String {
    format!("ordered by {}", user.id())
}
