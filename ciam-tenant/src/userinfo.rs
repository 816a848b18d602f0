//! The userinfo endpoint. The real one belongs to Microsoft Graph; this one is the tenant's own.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::error::{NO_STORE, Trail};
use crate::id_token::{display_name, subject};
use crate::state::{Grant, State, lock};

/// `GET` and `POST /oidc/userinfo`
pub(crate) async fn userinfo(
    FromState(tenant): FromState<Arc<State>>,
    request: Request,
) -> Response {
    tenant.requests.userinfo.count();
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim());
    let members = match token {
        None => Err("Access token is empty."),
        Some(token) => valid_grant(&tenant, token).and_then(|grant| {
            members(&tenant, &grant).ok_or("The user of the access token does not exist.")
        }),
    };
    match members {
        Ok(members) => ([NO_STORE], Json(members)).into_response(),
        Err(why) => refusal(why, &Trail::new(request.headers(), tenant.clock.now())),
    }
}

fn valid_grant(tenant: &State, token: &str) -> Result<Grant, &'static str> {
    let tokens = lock(&tenant.graph_tokens);
    let found = tokens
        .get(token)
        .ok_or("CompactToken parsing failed with error code: 80049217")?;
    if tenant.clock.now() >= found.expires {
        return Err("Lifetime validation failed, the token is expired.");
    }
    Ok(found.grant.clone())
}

fn members(tenant: &State, grant: &Grant) -> Option<Map<String, Value>> {
    let directory = lock(&tenant.directory);
    let user = directory.get(&grant.object_id)?;
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set(
        "sub",
        json!(subject(tenant, &grant.client_id, &user.object_id)),
    );
    if grant.scopes.has("profile") {
        set("name", json!(display_name(user)));
        if let Some(name) = &user.profile.family_name {
            set("family_name", json!(name));
        }
        if let Some(name) = &user.profile.given_name {
            set("given_name", json!(name));
        }
        set("picture", json!(PICTURE));
    }
    if grant.scopes.has("email") {
        set("email", json!(user.email));
    }
    Some(members)
}

/// The error document of Microsoft Graph.
fn refusal(why: &str, trail: &Trail) -> Response {
    let document = json!({
        "error": {
            "code": "InvalidAuthenticationToken",
            "message": why,
            "innerError": {
                "date": trail.timestamp.trim_end_matches('Z').replace(' ', "T"),
                "request-id": trail.trace_id,
                "client-request-id": trail.correlation_id,
            }
        }
    });
    let challenge = (
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer error=\"invalid_token\""),
    );
    let headers = [NO_STORE, challenge];
    (StatusCode::UNAUTHORIZED, headers, Json(document)).into_response()
}

/// An address only: the local tenant has no photos.
const PICTURE: &str = "https://graph.microsoft.com/v1.0/me/photo/$value";
