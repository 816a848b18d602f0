//! Signing in and signing up: the two forms between a request and its answer.

use std::sync::Arc;

use axum::extract::{Request, State as FromState};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use crate::authorize::{Arrival, cancel, grant};
use crate::browser;
use crate::clock::Timestamp;
use crate::directory::{NewUser, User, UserError};
use crate::error::Aadsts;
use crate::incoming::Incoming;
use crate::pages::{self, SignIn, SignUp};
use crate::parameters::Parameters;
use crate::state::{Flow, State, lock};

/// `GET` and `POST /{tenant}/login`
pub(crate) async fn login(FromState(tenant): FromState<Arc<State>>, request: Request) -> Response {
    let step = match Step::read(&tenant, request).await {
        Ok(step) => step,
        Err(refused) => return refused,
    };
    let email = step.parameters.get("email").unwrap_or_default();
    let page = |error| {
        pages::sign_in(&SignIn {
            flow: &step.flow_id,
            tenant: &tenant.tenant_id,
            application: &step.flow.request.application.name,
            email,
            error,
        })
    };
    if step.incoming.method != Method::POST {
        return page(None);
    }
    tenant.requests.sign_in.count();
    if step.parameters.get("cancel").is_some() {
        return step.cancel(&tenant);
    }
    let password = step.parameters.get("password").unwrap_or_default();
    match authenticate(&tenant, email, password).await {
        Ok(object_id) => step.finish(&tenant, object_id, Arrival::SignedIn),
        Err(refusal) => page(Some(refusal)),
    }
}

/// `GET` and `POST /{tenant}/signup`
pub(crate) async fn sign_up(
    FromState(tenant): FromState<Arc<State>>,
    request: Request,
) -> Response {
    let step = match Step::read(&tenant, request).await {
        Ok(step) => step,
        Err(refused) => return refused,
    };
    let email = step.parameters.get("email").unwrap_or_default();
    let display_name = step.parameters.get("display_name").unwrap_or_default();
    let page = |error| {
        pages::sign_up(&SignUp {
            flow: &step.flow_id,
            tenant: &tenant.tenant_id,
            application: &step.flow.request.application.name,
            email,
            display_name,
            error,
        })
    };
    if step.incoming.method != Method::POST {
        return page(None);
    }
    tenant.requests.sign_up.count();
    if step.parameters.get("cancel").is_some() {
        return step.cancel(&tenant);
    }
    let password = step.parameters.get("password").unwrap_or_default();
    let new = NewUser::new(email, password).display_name(display_name.trim());
    match add(&tenant, new).await {
        Ok(object_id) => step.finish(&tenant, object_id, Arrival::SignedUp),
        Err(UserError::Duplicate) => page(Some(
            "There is an account with this e-mail address already. Sign in instead.",
        )),
        Err(error) => page(Some(&sentence(&error))),
    }
}

/// A request for one of the forms, tied to its flow and to the browser the flow began in.
struct Step {
    incoming: Incoming,
    parameters: Parameters,
    flow_id: String,
    flow: Flow,
}

impl Step {
    async fn read(tenant: &State, request: Request) -> Result<Self, Response> {
        let incoming = match Incoming::read(tenant, request).await {
            Ok(incoming) => incoming,
            Err(refused) => return Err(refused.page()),
        };
        let parameters = match incoming.method {
            Method::POST => incoming.form(),
            _ => incoming.query(),
        };
        let now = tenant.clock.now();
        let checked = parameters.and_then(|parameters| {
            let flow_id = parameters.owned("flow").unwrap_or_default();
            let flow = pending(tenant, &flow_id, &incoming.headers, now)?;
            Ok((parameters, flow_id, flow))
        });
        match checked {
            Ok((parameters, flow_id, flow)) => Ok(Self {
                incoming,
                parameters,
                flow_id,
                flow,
            }),
            Err(error) => Err(pages::error(&error, &incoming.trail)),
        }
    }

    fn cancel(self, tenant: &State) -> Response {
        lock(&tenant.flows).remove(&self.flow_id);
        cancel(&self.flow.request.destination)
    }

    /// Whoever takes the flow out answers it; a form sent twice is answered once.
    fn finish(self, tenant: &State, object_id: String, arrival: Arrival) -> Response {
        let Some(flow) = lock(&tenant.flows).remove(&self.flow_id) else {
            return pages::error(&expired(), &self.incoming.trail);
        };
        let now = tenant.clock.now();
        let (session, cookie) =
            browser::begin_session(tenant, &self.incoming.headers, object_id, now);
        // The user was here a moment ago: every authentication context is satisfied.
        let claims = flow.request.claims.clone();
        let answer = grant(tenant, &flow.request, &session, claims, arrival);
        browser::with_cookie(answer, cookie)
    }
}

fn pending(
    tenant: &State,
    flow_id: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Flow, Aadsts> {
    let flow = lock(&tenant.flows).get(flow_id).cloned();
    let browser = browser::identity(tenant, headers);
    flow.filter(|flow| browser.is_some_and(|browser| browser == flow.browser))
        .filter(|flow| now.since(flow.created).as_secs() < FLOW_SECONDS)
        .ok_or_else(expired)
}

fn expired() -> Aadsts {
    Aadsts::invalid_request(
        50089,
        "Authentication failed due to flow token expired. Go back to the application and sign in \
         again. (The page was open too long, was sent twice, or belongs to another browser.)",
    )
}

/// The user's object id, or what the page says.
async fn authenticate(
    tenant: &Arc<State>,
    email: &str,
    password: &str,
) -> Result<String, (&'static str, u32)> {
    let user = lock(&tenant.directory)
        .by_email(email)
        .map(|user| (user.object_id.clone(), user.password.clone()));
    let (object_id, hash) = match user {
        Some((object_id, hash)) => (Some(object_id), hash),
        None => (None, tenant.no_password.clone()),
    };
    let password = password.to_owned();
    let matches = tokio::task::spawn_blocking(move || hash.matches(&password))
        .await
        .unwrap_or(false);
    match object_id {
        Some(object_id) if matches => Ok(object_id),
        Some(_) => Err(("Your account or password is incorrect.", 50126)),
        None => Err((
            "We couldn't find an account with this email address.",
            50034,
        )),
    }
}

/// Adds a user, and gives its object id.
pub(crate) async fn add(tenant: &State, new: NewUser) -> Result<String, UserError> {
    let user = tokio::task::spawn_blocking(move || User::new(new))
        .await
        .map_err(|_| UserError::TooMany)??;
    let object_id = user.object_id.clone();
    lock(&tenant.directory).add(user)?;
    Ok(object_id)
}

/// An error's text as a sentence on a page.
fn sentence(error: &UserError) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    let full_stop = if text.ends_with('.') { "" } else { "." };
    first.into_iter().chain(characters).collect::<String>() + full_stop
}

/// How long a sign-in page may stay open.
const FLOW_SECONDS: u64 = 3600;
