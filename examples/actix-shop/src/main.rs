//! A shop with customer sign-in.
//!
//! With no settings it starts a local tenant and needs no account anywhere:
//! `cargo run -p actix-shop`. With `CIAM_AUTHORITY`, `CIAM_CLIENT_ID`,
//! `CIAM_CLIENT_SECRET` and `CIAM_BASE_URL` it signs in at any OpenID provider.

mod sessions;

use std::process::ExitCode;

use actix_web::error::{Error, ErrorBadGateway};
use actix_web::web::{Data, Html, Json, ServiceConfig, resource};
use actix_web::{App, HttpResponse, HttpServer, Route, guard, web};
use ciam_actix::{AccessToken, Ciam, CiamExt, Guard, MaybeUser, User, caller, role, scope};
use shop::{Order, Pages};

fn routes(ciam: &Ciam) -> impl FnOnce(&mut ServiceConfig) {
    let ciam = ciam.clone();
    move |app| {
        app.app_data(Data::new(Pages::new(ciam.config())))
            .app_data(Data::new(ciam.clone()))
            .service(
                resource("/admin")
                    .route(read().to(admin))
                    .wrap(ciam.require(role("Admin"))),
            )
            .service(resource("/account").route(read().to(account)))
            .service(resource("/account/orders").route(read().to(my_orders)))
            .service(resource("/api/me").route(read().to(me)))
            .service(
                resource("/api/orders")
                    .guard(guard::Get())
                    .get(orders)
                    .wrap(ciam.require(may_read())),
            )
            .service(
                resource("/api/orders")
                    .post(order)
                    .wrap(ciam.require(scope("orders.write"))),
            )
            .service(resource("/healthz").route(read().to(healthz)))
            .service(resource("/").route(read().to(home)))
            .configure(sessions::routes)
            .configure(ciam.routes());
    }
}

/// GET, and HEAD, which actix-web does not answer by itself.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn home(pages: Data<Pages>, user: MaybeUser) -> Html {
    Html::new(pages.home(user.as_ref()))
}

async fn account(pages: Data<Pages>, user: User) -> Html {
    Html::new(pages.account(&user))
}

/// Calls an API for the customer: the token is there, and refreshed in time.
async fn my_orders(pages: Data<Pages>, user: User, token: AccessToken) -> Result<Html, Error> {
    let page = pages.orders(&user, &token).await;
    page.map(Html::new)
        .map_err(|_| ErrorBadGateway("no orders"))
}

async fn admin(pages: Data<Pages>, user: User) -> Html {
    Html::new(pages.admin(&user))
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

async fn order(order: Json<Order>) -> HttpResponse {
    HttpResponse::Created().json(order)
}

async fn healthz(ciam: Data<Ciam>) -> HttpResponse {
    // An answer from a probe, too: the first one fetches what is missing.
    let mut answer = match ciam.ready().await {
        Ok(()) => HttpResponse::Ok(),
        Err(_) => HttpResponse::ServiceUnavailable(),
    };
    answer.json(shop::health(&ciam.health()))
}

#[actix_web::main]
async fn main() -> ExitCode {
    shop::log();
    let started = match shop::start().await {
        Ok(started) => started,
        Err(error) => {
            eprintln!("actix-shop does not start: {error}");
            return error.exit_code();
        }
    };
    // Outside of the factory, which runs once per worker: all share one handle.
    let ciam = Ciam::new(started.config);
    let server = HttpServer::new(move || App::new().configure(routes(&ciam)).wrap(ciam.layer()));
    let served = match server.listen(started.listener) {
        Ok(server) => server.run().await,
        Err(error) => Err(error),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("actix-shop stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
