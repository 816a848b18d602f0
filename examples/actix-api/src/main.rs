//! An API for callers with access tokens, and nothing else.
//!
//! `cargo run -p actix-api` brings its own tenant, and prints how to call it. With
//! `CIAM_AUTHORITY` and `CIAM_AUDIENCE` it takes the tokens of any OpenID provider.

use std::process::ExitCode;

use actix_web::web::{Json, resource};
use actix_web::{App, HttpServer};
use ciam_actix::{Caller, Ciam, CiamExt, role, scope};
use shop::Order;

async fn orders(caller: Caller) -> Json<Vec<Order>> {
    println!("{} asks for the orders", caller.id());
    Json(shop::orders())
}

#[actix_web::main]
async fn main() -> ExitCode {
    shop::log();
    let started = match shop::start_api().await {
        Ok(started) => started,
        Err(error) => {
            eprintln!("actix-api does not start: {error}");
            return error.exit_code();
        }
    };
    // Outside of the factory, which runs once per worker: all share one handle.
    let ciam = Ciam::new(started.config);
    let app = move || {
        let may_read = scope("orders.read") | role("Orders.Read.All");
        let orders = resource("/api/orders").get(orders);
        App::new()
            .service(orders.wrap(ciam.require(may_read)))
            .configure(ciam.routes())
            .wrap(ciam.layer())
    };
    let served = match HttpServer::new(app).listen(started.listener) {
        Ok(server) => server.run().await,
        Err(error) => Err(error),
    };
    served.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
