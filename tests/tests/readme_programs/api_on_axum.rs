use axum::http::{HeaderValue, header};
use axum::{Router, routing::get};
use ciam_axum::{Caller, Ciam, CiamExt, Config, scope};
use tower_http::cors::CorsLayer;

async fn orders(caller: Caller) -> String {
    format!("the orders of {}", caller.id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ciam = Ciam::new(Config::from_env().as_api().build()?);
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static("https://app.example"))
        .allow_headers([header::AUTHORIZATION])
        .expose_headers([header::WWW_AUTHENTICATE]);
    let may_read = ciam.require(scope("orders.read"));
    let app = Router::new()
        .route("/api/orders", get(orders).route_layer(may_read))
        .merge(ciam.routes())
        .layer(ciam.layer())
        .layer(cors);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
