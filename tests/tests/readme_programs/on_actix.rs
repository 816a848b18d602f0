use actix_web::{App, HttpServer, web};
use ciam_actix::{Ciam, CiamExt, Config, User, role};

async fn account(user: User) -> String {
    format!("Hello {}", user.name().unwrap_or("customer"))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ciam = Ciam::new(Config::from_env().build()?);
    let app = move || {
        App::new()
            .service(
                web::resource("/admin")
                    .get(async || "staff only")
                    .wrap(ciam.require(role("Admin"))),
            )
            .route("/account", web::get().to(account))
            .configure(ciam.routes())
            .wrap(ciam.layer())
    };
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
