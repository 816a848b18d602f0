use axum::extract::State;
use axum::{Router, routing::get};
use ciam_axum::{AccessToken, Ciam, CiamExt, Config, Rejection, Session};

/// One API: that of the scopes in `CIAM_SCOPES`.
async fn orders(token: AccessToken) -> String {
    // let orders = client.get(ORDERS).header(AUTHORIZATION, token.authorization())…
    format!("a token until {}", token.expires_at())
}

/// Several: a token for each.
async fn mail(session: Session, State(ciam): State<Ciam>) -> Result<String, Rejection> {
    let token = ciam.token(&session, &["api://mail/mail.read"]).await?;
    Ok(format!("a token until {}", token.expires_at()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ciam = Ciam::new(Config::from_env().build()?);
    let app = Router::new()
        .route("/orders", get(orders))
        .route("/mail", get(mail))
        .merge(ciam.routes())
        .layer(ciam.layer())
        .with_state(ciam);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
