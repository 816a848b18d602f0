//! What the handle can do, over HTTP: for tests of a tenant in a process of its own.
//!
//! Only where it was asked for, and never for a web page: a request without [`HEADER`] is refused,
//! and a page of another origin cannot set it without a preflight, which nothing here answers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State as FromState};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::json;

use crate::incoming::Incoming;
use crate::state::{State, lock};

/// `GET /control/token-requests`, and `POST /control/…` with a form.
pub(crate) fn routes() -> Router<Arc<State>> {
    Router::new().route("/control/{command}", axum::routing::any(control))
}

async fn control(FromState(tenant): FromState<Arc<State>>, request: Request) -> Response {
    let headers = request.headers();
    if !headers.contains_key(HEADER) || headers.contains_key(header::ORIGIN) {
        return answer(
            StatusCode::FORBIDDEN,
            "Programs only: the header is missing.",
        );
    }
    let path = request.uri().path().to_owned();
    let incoming = match Incoming::read(&tenant, request).await {
        Ok(incoming) => incoming,
        Err(refused) => return refused.document(),
    };
    let form = incoming.form().unwrap_or_default();
    let command = path.rsplit('/').next().unwrap_or_default();
    match (&incoming.method, command) {
        (&Method::GET, "token-requests") => {
            let requests = tenant.token_requests.read();
            let counted = json!({
                "authorization_code": requests.authorization_code,
                "client_credentials": requests.client_credentials,
                "on_behalf_of": requests.on_behalf_of,
                "refresh_token": requests.refresh_token,
            });
            Json(counted).into_response()
        }
        (&Method::POST, "advance") => match form.get("seconds").map(str::parse) {
            Some(Ok(seconds)) => {
                tenant.clock.advance(Duration::from_secs(seconds));
                StatusCode::NO_CONTENT.into_response()
            }
            _ => answer(StatusCode::BAD_REQUEST, "seconds: a whole number."),
        },
        (&Method::POST, "revoke-sign-in-sessions") => {
            match tenant.revoke_sign_in_sessions(form.get("email").unwrap_or_default()) {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(_) => answer(StatusCode::BAD_REQUEST, "email: there is no such account."),
            }
        }
        (&Method::POST, "rotate-keys") => {
            // Making the key takes a moment.
            let rotated = tokio::task::spawn_blocking(move || tenant.rotate_keys()).await;
            match rotated {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
        (&Method::POST, "end-sessions") => {
            lock(&tenant.sessions).retain(|_| false);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => answer(StatusCode::NOT_FOUND, "There is no such command."),
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    (status, format!("{text}\n")).into_response()
}

const HEADER: &str = "ciam-tenant-control";
