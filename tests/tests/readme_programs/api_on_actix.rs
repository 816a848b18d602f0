use actix_cors::Cors;
use actix_web::{App, HttpServer, http::header, web};
use ciam_actix::{Caller, Ciam, CiamExt, Config, scope};

async fn orders(caller: Caller) -> String {
    format!("the orders of {}", caller.id())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ciam = Ciam::new(Config::from_env().as_api().build()?);
    let app = move || {
        let cors = Cors::default()
            .allowed_origin("https://app.example")
            .allowed_methods(["GET"])
            .allowed_headers([header::AUTHORIZATION])
            .expose_headers([header::WWW_AUTHENTICATE]);
        let orders = web::resource("/api/orders").get(orders);
        App::new()
            .service(orders.wrap(ciam.require(scope("orders.read"))))
            .configure(ciam.routes())
            .wrap(ciam.layer())
            .wrap(cors)
    };
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
