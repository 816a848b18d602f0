//! An API for callers with access tokens, and nothing else.
//!
//! `cargo run -p axum-api` brings its own tenant, and prints how to call it. With
//! `CIAM_AUTHORITY` and `CIAM_AUDIENCE` it takes the tokens of any OpenID provider.

use std::process::ExitCode;

use axum::routing::get;
use axum::{Json, Router};
use ciam_axum::{Caller, Ciam, CiamExt, role, scope};
use shop::Order;

async fn orders(caller: Caller) -> Json<Vec<Order>> {
    println!("{} asks for the orders", caller.id());
    Json(shop::orders())
}

#[tokio::main]
async fn main() -> ExitCode {
    shop::log();
    let started = match shop::start_api().await {
        Ok(started) => started,
        Err(error) => {
            eprintln!("axum-api does not start: {error}");
            return error.exit_code();
        }
    };
    let ciam = Ciam::new(started.config);
    let may_read = scope("orders.read") | role("Orders.Read.All");
    let app = Router::new()
        .route(
            "/api/orders",
            get(orders).route_layer(ciam.require(may_read)),
        )
        .merge(ciam.routes())
        .layer(ciam.layer());
    let listener = tokio::net::TcpListener::from_std(started.listener);
    let served = match listener {
        Ok(listener) => axum::serve(listener, app).await,
        Err(error) => Err(error),
    };
    served.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
