use actix_web::web::Data;
use actix_web::{App, HttpServer, web};
use ciam_actix::{AccessToken, Ciam, CiamExt, Config, Rejection, Session};

/// One API: that of the scopes in `CIAM_SCOPES`.
async fn orders(token: AccessToken) -> String {
    // let orders = client.get(ORDERS).insert_header((AUTHORIZATION, …))…
    format!("a token until {}", token.expires_at())
}

/// Several: a token for each.
async fn mail(session: Session, ciam: Data<Ciam>) -> Result<String, Rejection> {
    let token = ciam.token(&session, &["api://mail/mail.read"]).await?;
    Ok(format!("a token until {}", token.expires_at()))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ciam = Ciam::new(Config::from_env().build()?);
    let app = move || {
        App::new()
            .app_data(Data::new(ciam.clone()))
            .route("/orders", web::get().to(orders))
            .route("/mail", web::get().to(mail))
            .configure(ciam.routes())
            .wrap(ciam.layer())
    };
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
