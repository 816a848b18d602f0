//! The authorization response: to the redirect URI, in the mode asked for.

use aws_lc_rs::digest;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::request::{AuthorizationRequest, Destination, ResponseMode};
use crate::claims_request::ClaimsRequest;
use crate::error::{Aadsts, NO_STORE, Trail};
use crate::redirect_uri::Parts;
use crate::state::{Code, Grant, Session, State, lock};
use crate::{id_token, pages, random};

/// How a user came to the answer of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    SignedIn,
    SignedUp,
}

/// Sends the browser back with a code, an ID token, or both. `claims` are those of the request that
/// are satisfied.
pub(crate) fn grant(
    tenant: &State,
    request: &AuthorizationRequest,
    session: &Session,
    claims: ClaimsRequest,
    arrival: Arrival,
) -> Response {
    let now = tenant.clock.now();
    let user = lock(&tenant.directory).get(&session.object_id).cloned();
    lock(&session.clients).insert(request.application.client_id.clone());
    let grant = Grant {
        client_id: request.application.client_id.clone(),
        object_id: session.object_id.clone(),
        session_id: session.session_id.clone(),
        authenticated: session.authenticated,
        revocations: user.map_or(0, |user| user.revocations),
        scopes: request.scopes.clone(),
        nonce: request.nonce.clone(),
        claims,
    };
    let mut answer = Vec::new();
    let code = request.response_type.has_code().then(random::token);
    if request.response_type.has_id_token() {
        let c_hash = code.as_deref().map(half_hash);
        if let Some(token) = id_token::mint(tenant, &request.application, &grant, c_hash, now) {
            answer.push(("id_token", token));
        }
    }
    if let Some(code) = code {
        answer.push(("code", code.clone()));
        let code_entry = Code {
            grant,
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            created: now,
            used: false,
            signed_up: arrival == Arrival::SignedUp,
        };
        lock(&tenant.codes).insert(code, code_entry);
    }
    answer.push(("session_state", session.session_id.clone()));
    deliver(&request.destination, answer)
}

/// Sends the browser back with an error.
pub(crate) fn redirect_error(destination: &Destination, error: &Aadsts, trail: &Trail) -> Response {
    let answer = vec![
        ("error", error.error.to_owned()),
        ("error_description", error.description(trail)),
    ];
    deliver(destination, answer)
}

/// Sends the browser back because its user pressed "Cancel"; this error has no number.
pub(crate) fn cancel(destination: &Destination) -> Response {
    let answer = vec![
        ("error", "access_denied".to_owned()),
        (
            "error_description",
            "the user canceled the authentication".to_owned(),
        ),
    ];
    deliver(destination, answer)
}

fn deliver(destination: &Destination, mut answer: Vec<(&'static str, String)>) -> Response {
    if let Some(state) = &destination.state {
        answer.push(("state", state.clone()));
    }
    let uri = &destination.redirect_uri;
    match destination.response_mode {
        ResponseMode::FormPost => pages::form_post(uri, &answer),
        ResponseMode::Fragment => see_other(&format!("{}#{}", with_path(uri), encode(&answer))),
        ResponseMode::Query => {
            let separator = if uri.contains('?') { '&' } else { '?' };
            see_other(&format!("{}{separator}{}", with_path(uri), encode(&answer)))
        }
    }
}

/// 303, so that the browser's form post does not become a post to the application (RFC 9700
/// section 4.12).
fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (
            StatusCode::SEE_OTHER,
            [NO_STORE, (header::LOCATION, location)],
        )
            .into_response(),
        // A matched redirect URI is ASCII and the rest is encoded.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A URI without a path comes back with a slash, as from Microsoft.
fn with_path(uri: &str) -> String {
    match Parts::split(uri) {
        Some(parts) if parts.path.is_empty() => match uri.split_once('?') {
            Some((before, query)) => format!("{before}/?{query}"),
            None => format!("{uri}/"),
        },
        _ => uri.to_owned(),
    }
}

fn encode(answer: &[(&'static str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(answer)
        .finish()
}

/// OpenID Connect Core section 3.3.2.11: the left half of the SHA-256 hash.
fn half_hash(code: &str) -> String {
    let hash = digest::digest(&digest::SHA256, code.as_bytes());
    random::base64url(hash.as_ref().get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uri_without_path_gets_a_slash() {
        for (uri, expected) in [
            ("http://localhost:7071", "http://localhost:7071/"),
            ("http://localhost:7071?a=b", "http://localhost:7071/?a=b"),
            ("http://localhost:7071/", "http://localhost:7071/"),
            ("https://a.test/abc", "https://a.test/abc"),
            ("https://a.test/abc/?a=b", "https://a.test/abc/?a=b"),
        ] {
            assert_eq!(with_path(uri), expected);
        }
    }
}
