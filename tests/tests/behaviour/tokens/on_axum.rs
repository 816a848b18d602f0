//! The routes on axum.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Json;
use axum::routing::get;
use ciam_axum::{AccessToken, Caller, Ciam, CiamExt, MaybeUser, Rejection, Session, User};

use super::{Waiting, stock};

pub(super) fn calling(ciam: &Ciam) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/account", get(async |user: User| Json(user)))
        .route("/token", get(async |token: AccessToken| shown(&token)))
        .route("/waiting/{name}", get(waiting))
        .route("/stock", get(for_stock))
        .route("/relayed", get(relayed))
        .route("/own", get(own))
        .merge(ciam.routes())
        .layer(ciam.layer())
        .with_state(ciam.clone())
}

async fn home(user: MaybeUser) -> String {
    user.as_ref()
        .map_or_else(|| "nobody".to_owned(), |user| user.id().to_string())
}

async fn waiting(Path(name): Path<String>, session: Session) -> Result<String, Rejection> {
    let waiting = Waiting::begin(&name);
    let token = session.access_token().await;
    waiting.done();
    Ok(token?.expose().to_owned())
}

async fn for_stock(session: Session, State(ciam): State<Ciam>) -> Result<String, Rejection> {
    let token = ciam.token(&session, &[&stock("stock.read")]).await?;
    Ok(token.expose().to_owned())
}

async fn relayed(caller: Caller, State(ciam): State<Ciam>) -> Result<String, Rejection> {
    let token = ciam
        .token_on_behalf_of(&caller, &[&stock("stock.read")])
        .await?;
    Ok(token.expose().to_owned())
}

async fn own(State(ciam): State<Ciam>) -> String {
    let token = ciam.token_of_application(&[&stock(".default")]).await;
    token.map_or_else(
        |error| error.code().to_owned(),
        |token| token.expose().to_owned(),
    )
}

fn shown(token: &AccessToken) -> String {
    token.expose().to_owned()
}
