//! Where the customer is signed in: `/account/sessions`.

use axum::Router;
use axum::extract::{Form, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use ciam_axum::{Ciam, Rejection, Session, User};
use shop::{EndSession, Pages};

#[derive(Clone)]
struct Shop {
    ciam: Ciam,
    pages: Pages,
}

pub(crate) fn routes<S>(ciam: &Ciam, pages: &Pages) -> Router<S> {
    let (ciam, pages) = (ciam.clone(), pages.clone());
    Router::new()
        .route("/account/sessions", get(list))
        .route("/account/sessions/end", post(end))
        .route("/account/sessions/end-others", post(end_others))
        .with_state(Shop { ciam, pages })
}

async fn list(
    State(shop): State<Shop>,
    user: User,
    session: Session,
) -> Result<Html<String>, Rejection> {
    if shop.ciam.config().session_store().is_none() {
        return Ok(Html(shop.pages.no_sessions(&user)));
    }
    let sessions = shop.ciam.sessions(&session).await?;
    Ok(Html(shop.pages.sessions(&user, &sessions)))
}

async fn end(
    State(shop): State<Shop>,
    session: Session,
    Form(form): Form<EndSession>,
) -> Result<Redirect, Rejection> {
    let ended = shop.ciam.end_session(&session, &form.session).await?;
    Ok(Redirect::to(&shop.pages.after_ending(ended)))
}

async fn end_others(State(shop): State<Shop>, session: Session) -> Result<Redirect, Rejection> {
    shop.ciam.end_other_sessions(&session).await?;
    Ok(Redirect::to(&shop.pages.sessions_path()))
}
