//! The authorization endpoint.

mod request;
mod response;

pub(crate) use request::{AuthorizationRequest, Mismatch};
pub(crate) use response::{Arrival, cancel, grant};

use std::sync::Arc;

use axum::extract::{Request, State as FromState};
use axum::http::Method;
use axum::response::Response;

use crate::browser;
use crate::claims_request::interaction_required;
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::incoming::Incoming;
use crate::pages;
use crate::state::{Flow, Session, State, lock};
use request::{Prompt, Refusal};
use response::redirect_error;

/// `GET` and `POST /{tenant}/oauth2/v2.0/authorize`
pub(crate) async fn authorize(
    FromState(tenant): FromState<Arc<State>>,
    request: Request,
) -> Response {
    tenant.requests.authorize.count();
    let incoming = match Incoming::read(&tenant, request).await {
        Ok(incoming) => incoming,
        Err(refusal) => return refusal.page(),
    };
    let parameters = match incoming.method {
        Method::POST => incoming.form(),
        _ => incoming.query(),
    };
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return pages::error(&error, &incoming.trail),
    };
    let checked = AuthorizationRequest::parse(
        &parameters,
        |client_id| tenant.application(client_id),
        &tenant.name,
    );
    match checked {
        Ok(request) => answer(&tenant, &incoming, request),
        Err(Refusal::Page(error)) => pages::error(&error, &incoming.trail),
        Err(Refusal::RedirectUri(mismatch)) => {
            pages::redirect_uri_mismatch(&mismatch, &incoming.trail)
        }
        Err(Refusal::Redirect(destination, error)) => {
            redirect_error(&destination, &error, &incoming.trail)
        }
    }
}

/// Signs in silently where that is possible, and shows a page where it is not.
fn answer(tenant: &State, incoming: &Incoming, request: AuthorizationRequest) -> Response {
    let now = tenant.clock.now();
    let session = usable_session(tenant, incoming, &request, now);
    let step_up = request.claims.has_contexts();
    let silent = session.filter(|session| request.takes(session, now));
    match (request.prompt, silent) {
        (Prompt::Default | Prompt::None, Some(session)) if !step_up => {
            let claims = request.claims.without_contexts();
            grant(tenant, &request, &session, claims, Arrival::SignedIn)
        }
        (Prompt::None, Some(_)) => {
            let error = interaction_required(None);
            redirect_error(&request.destination, &error, &incoming.trail)
        }
        (Prompt::None, None) => {
            let error = Aadsts::new(
                "login_required",
                50058,
                "A silent sign-in request was sent but no user is signed in.",
            );
            redirect_error(&request.destination, &error, &incoming.trail)
        }
        (prompt, _) => {
            let (browser, cookie) = browser::identify(tenant, &incoming.headers);
            let flow_id = crate::random::token();
            let page = match prompt {
                Prompt::Create => pages::sign_up(&pages::SignUp {
                    flow: &flow_id,
                    tenant: &tenant.tenant_id,
                    application: &request.application.name,
                    email: request.login_hint.as_deref().unwrap_or_default(),
                    ..pages::SignUp::default()
                }),
                _ => pages::sign_in(&pages::SignIn {
                    flow: &flow_id,
                    tenant: &tenant.tenant_id,
                    application: &request.application.name,
                    email: &hinted_email(tenant, &request),
                    ..pages::SignIn::default()
                }),
            };
            let flow = Flow {
                request,
                browser,
                created: now,
            };
            lock(&tenant.flows).insert(flow_id, flow);
            browser::with_cookie(page, cookie)
        }
    }
}

/// The browser's session, unless the request hints at somebody else.
fn usable_session(
    tenant: &State,
    incoming: &Incoming,
    request: &AuthorizationRequest,
    now: Timestamp,
) -> Option<Session> {
    let session = browser::session(tenant, &incoming.headers, now)?;
    let hinted = request.login_hint.as_deref();
    let somebody_else = hinted.is_some_and(|hint| {
        let directory = lock(&tenant.directory);
        directory
            .by_hint(hint)
            .is_none_or(|user| user.object_id != session.object_id)
    });
    (!somebody_else).then_some(session)
}

/// What the e-mail field begins with; an opaque hint becomes the address it stands for.
fn hinted_email(tenant: &State, request: &AuthorizationRequest) -> String {
    let Some(hint) = request.login_hint.as_deref() else {
        return String::new();
    };
    let directory = lock(&tenant.directory);
    directory
        .by_hint(hint)
        .map_or_else(|| hint.to_owned(), |user| user.email.clone())
}
