//! A shop with customer sign-in.
//!
//! With no settings it starts a local tenant and needs no account anywhere:
//! `cargo run -p axum-shop`. With `CIAM_AUTHORITY`, `CIAM_CLIENT_ID`,
//! `CIAM_CLIENT_SECRET` and `CIAM_BASE_URL` it signs in at any OpenID provider.

mod sessions;

use std::process::ExitCode;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use ciam_axum::{AccessToken, Ciam, CiamExt, Guard, MaybeUser, User, caller, role, scope};
use shop::{Order, Pages};

fn app(ciam: Ciam) -> Router {
    let pages = Pages::new(ciam.config());
    Router::new()
        .route(
            "/admin",
            get(admin).route_layer(ciam.require(role("Admin"))),
        )
        .route("/account", get(account))
        .route("/account/orders", get(my_orders))
        .route("/api/me", get(me))
        .route(
            "/api/orders",
            get(orders)
                .route_layer(ciam.require(may_read()))
                .merge(post(order).route_layer(ciam.require(scope("orders.write")))),
        )
        .route("/healthz", get(healthz).with_state(ciam.clone()))
        .route("/", get(home))
        .merge(sessions::routes(&ciam, &pages))
        .merge(ciam.routes())
        .layer(ciam.layer())
        .with_state(pages)
}

async fn home(State(pages): State<Pages>, user: MaybeUser) -> Html<String> {
    Html(pages.home(user.as_ref()))
}

async fn account(State(pages): State<Pages>, user: User) -> Html<String> {
    Html(pages.account(&user))
}

/// Calls an API for the customer: the token is there, and refreshed in time.
async fn my_orders(
    State(pages): State<Pages>,
    user: User,
    token: AccessToken,
) -> Result<Html<String>, StatusCode> {
    let page = pages.orders(&user, &token).await;
    page.map(Html).map_err(|_| StatusCode::BAD_GATEWAY)
}

async fn admin(State(pages): State<Pages>, user: User) -> Html<String> {
    Html(pages.admin(&user))
}

async fn me(user: User) -> Json<User> {
    Json(user)
}

/// A user's application with the scope, or a service with the app role.
fn may_read() -> Guard {
    scope("orders.read") | (caller() & role("Orders.Read.All"))
}

async fn orders() -> Json<Vec<Order>> {
    Json(shop::orders())
}

async fn order(Json(order): Json<Order>) -> (StatusCode, Json<Order>) {
    (StatusCode::CREATED, Json(order))
}

async fn healthz(State(ciam): State<Ciam>) -> impl IntoResponse {
    // An answer from a probe, too: the first one fetches what is missing.
    let ready = ciam.ready().await.is_ok();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(shop::health(&ciam.health())))
}

#[tokio::main]
async fn main() -> ExitCode {
    shop::log();
    let started = match shop::start().await {
        Ok(started) => started,
        Err(error) => {
            eprintln!("axum-shop does not start: {error}");
            return error.exit_code();
        }
    };
    let app = app(Ciam::new(started.config));
    let listener = tokio::net::TcpListener::from_std(started.listener);
    let served = match listener {
        Ok(listener) => axum::serve(listener, app).await,
        Err(error) => Err(error),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("axum-shop stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
