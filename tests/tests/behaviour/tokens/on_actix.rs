//! The routes on actix-web.

use actix_web::App;
use actix_web::web::{Data, Json, Path, get};
use ciam_actix::{AccessToken, Caller, Ciam, CiamExt, MaybeUser, Rejection, Session, User};
use ciam_tests::{ActixRoutes, actix_app};

use super::{Waiting, stock};

pub(super) const CALLING: ActixRoutes = actix_app!(|ciam| App::new()
    .app_data(Data::new(ciam.clone()))
    .route("/", get().to(home))
    .route("/account", get().to(async |user: User| Json(user)))
    .route("/token", get().to(async |token: AccessToken| shown(&token)))
    .route("/waiting/{name}", get().to(waiting))
    .route("/stock", get().to(for_stock))
    .route("/relayed", get().to(relayed))
    .route("/own", get().to(own))
    .configure(ciam.routes())
    .wrap(ciam.layer()));

async fn home(user: MaybeUser) -> String {
    user.as_ref()
        .map_or_else(|| "nobody".to_owned(), |user| user.id().to_string())
}

async fn waiting(name: Path<String>, session: Session) -> Result<String, Rejection> {
    let waiting = Waiting::begin(&name);
    let token = session.access_token().await;
    waiting.done();
    Ok(token?.expose().to_owned())
}

async fn for_stock(session: Session, ciam: Data<Ciam>) -> Result<String, Rejection> {
    let token = ciam.token(&session, &[&stock("stock.read")]).await?;
    Ok(token.expose().to_owned())
}

async fn relayed(caller: Caller, ciam: Data<Ciam>) -> Result<String, Rejection> {
    let token = ciam
        .token_on_behalf_of(&caller, &[&stock("stock.read")])
        .await?;
    Ok(token.expose().to_owned())
}

async fn own(ciam: Data<Ciam>) -> String {
    let token = ciam.token_of_application(&[&stock(".default")]).await;
    token.map_or_else(
        |error| error.code().to_owned(),
        |token| token.expose().to_owned(),
    )
}

fn shown(token: &AccessToken) -> String {
    token.expose().to_owned()
}
