use axum::{Router, routing::get};
use ciam_axum::{Ciam, CiamExt, Config, User, role};

async fn account(user: User) -> String {
    format!("Hello {}", user.name().unwrap_or("customer"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ciam = Ciam::new(Config::from_env().build()?);
    let app = Router::new()
        .route(
            "/admin",
            get(|| async { "staff only" }).route_layer(ciam.require(role("Admin"))),
        )
        .route("/account", get(account))
        .merge(ciam.routes())
        .layer(ciam.layer());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
