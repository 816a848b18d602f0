//! The token endpoint.

mod client_credentials;
mod issue;
mod on_behalf_of;
mod redeem;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::client_auth::Credentials;
use crate::error::{Aadsts, NO_STORE};
use crate::incoming::Incoming;
use crate::requests::GrantType;
use crate::scope::Consent;
use crate::state::{State, lock};
use issue::issue;
use redeem::{redeem_code, redeem_refresh_token};

/// `POST /{tenant}/oauth2/v2.0/token`
pub(crate) async fn token(FromState(tenant): FromState<Arc<State>>, request: Request) -> Response {
    tenant.requests.token.count();
    let incoming = match Incoming::read(&tenant, request).await {
        Ok(incoming) => incoming,
        Err(refused) => return refused.document(),
    };
    let form = incoming.form().unwrap_or_default();
    let grant_type = form.get("grant_type").and_then(GrantType::parse);
    if let Some(grant_type) = grant_type {
        tenant.token_requests.count(grant_type);
    }
    let fault = grant_type.and_then(|grant_type| lock(&tenant.faults).take(grant_type));
    let response = match fault {
        Some(fault) => fault.answer(&incoming.trail),
        None => answer(&tenant, &incoming),
    };
    if grant_type == Some(GrantType::RefreshToken) {
        tenant.refreshes.pass().await;
    }
    response
}

fn answer(tenant: &State, incoming: &Incoming) -> Response {
    match exchange(tenant, incoming) {
        Ok(tokens) => (StatusCode::OK, [NO_STORE], Json(tokens)).into_response(),
        Err(error) => {
            let mut response = error.document(&incoming.trail);
            // RFC 6749 section 5.2: who used the header is told so.
            let used_header = incoming.headers.contains_key(header::AUTHORIZATION);
            if used_header && response.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Basic realm=\"ciam-tenant\""),
                );
            }
            response
        }
    }
}

/// The success document.
#[derive(Serialize)]
struct Tokens {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u64,
    ext_expires_in: u64,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

fn exchange(tenant: &State, incoming: &Incoming) -> Result<Tokens, Aadsts> {
    if incoming.method != Method::POST {
        return Err(Aadsts::invalid_request(
            900561,
            format!(
                "The endpoint only accepts POST requests. Received a {} request.",
                incoming.method
            ),
        ));
    }
    let parameters = incoming.form()?;
    if let Some(name) = parameters.repeated() {
        return Err(Aadsts::repeated(name));
    }
    let grant_type = parameters
        .get("grant_type")
        .ok_or_else(|| Aadsts::missing("grant_type"))?;
    let grant_type = GrantType::parse(grant_type).ok_or_else(|| {
        Aadsts::new(
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{grant_type}'."),
        )
    })?;
    if incoming.headers.contains_key(header::ORIGIN) {
        return Err(Aadsts::invalid_request(
            9002326,
            "Cross-origin token redemption is permitted only for the 'Single-Page Application' \
             client-type. (The request has an Origin header.)",
        ));
    }
    let credentials = Credentials::read(incoming.header("authorization"), &parameters)?;
    let application = credentials.check(|client_id| tenant.application(client_id), &tenant.name)?;
    let now = tenant.clock.now();
    let consent = Consent {
        client: &application,
        find: &|client_id| tenant.application(client_id),
        tenant: &tenant.name,
    };
    let redeemed = match grant_type {
        GrantType::AuthorizationCode => redeem_code(tenant, &consent, &parameters, now),
        GrantType::ClientCredentials => {
            return client_credentials::issue(tenant, &consent, &parameters, now);
        }
        GrantType::OnBehalfOf => on_behalf_of::redeem(tenant, &consent, &parameters, now),
        GrantType::RefreshToken => redeem_refresh_token(tenant, &consent, &parameters, now),
    };
    // RFC 6749 section 5.2 knows no better name; what it is, is in `suberror`.
    let redeemed = redeemed.map_err(|error| error.renamed("consent_required", "invalid_grant"))?;
    issue(tenant, &application, redeemed, now)
}
