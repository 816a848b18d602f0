//! Where the customer is signed in: `/account/sessions`.

use actix_web::web::{Data, Form, Html, Redirect, ServiceConfig, resource};
use ciam_actix::{Ciam, Rejection, Session, User};
use shop::{EndSession, Pages};

use crate::read;

pub(crate) fn routes(app: &mut ServiceConfig) {
    app.service(resource("/account/sessions").route(read().to(list)))
        .service(resource("/account/sessions/end").post(end))
        .service(resource("/account/sessions/end-others").post(end_others));
}

async fn list(
    ciam: Data<Ciam>,
    pages: Data<Pages>,
    user: User,
    session: Session,
) -> Result<Html, Rejection> {
    if ciam.config().session_store().is_none() {
        return Ok(Html::new(pages.no_sessions(&user)));
    }
    let sessions = ciam.sessions(&session).await?;
    Ok(Html::new(pages.sessions(&user, &sessions)))
}

async fn end(
    ciam: Data<Ciam>,
    pages: Data<Pages>,
    session: Session,
    form: Form<EndSession>,
) -> Result<Redirect, Rejection> {
    let ended = ciam.end_session(&session, &form.session).await?;
    Ok(Redirect::to(pages.after_ending(ended)).see_other())
}

async fn end_others(
    ciam: Data<Ciam>,
    pages: Data<Pages>,
    session: Session,
) -> Result<Redirect, Rejection> {
    ciam.end_other_sessions(&session).await?;
    Ok(Redirect::to(pages.sessions_path()).see_other())
}
