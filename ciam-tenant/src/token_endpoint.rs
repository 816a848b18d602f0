//! The token endpoint.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as FromState};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::application::Registered;
use crate::client_auth::Credentials;
use crate::clock::Timestamp;
use crate::error::{Aadsts, NO_STORE};
use crate::incoming::Incoming;
use crate::parameters::Parameters;
use crate::pkce::Challenge;
use crate::state::{AccessToken, Grant, RefreshToken, State, lock};
use crate::{id_token, random};

/// `POST /{tenant}/oauth2/v2.0/token`
pub(crate) async fn token(FromState(tenant): FromState<Arc<State>>, request: Request) -> Response {
    tenant.requests.token.count();
    let incoming = match Incoming::read(&tenant, request).await {
        Ok(incoming) => incoming,
        Err(refused) => return refused.document(),
    };
    match exchange(&tenant, &incoming) {
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
    scope: String,
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
    let redeem = match grant_type {
        "authorization_code" => redeem_code,
        "refresh_token" => redeem_refresh_token,
        other => {
            return Err(Aadsts::new(
                "unsupported_grant_type",
                70003,
                format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    };
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
    let grant = redeem(tenant, &application, &parameters, now)?;
    Ok(issue(tenant, &application, grant, now))
}

fn redeem_code(
    tenant: &State,
    application: &Registered,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Grant, Aadsts> {
    let sent = parameters
        .get("code")
        .ok_or_else(|| Aadsts::missing("code"))?;
    let mut codes = lock(&tenant.codes);
    let code = codes
        .get_mut(sent)
        .filter(|code| code.grant.client_id == application.client_id)
        .ok_or_else(|| {
            let why = "The provided authorization code is not valid, or was issued to another \
                       application.";
            Aadsts::new("invalid_grant", 70000, why)
        })?;
    if code.used {
        return Err(Aadsts::new(
            "invalid_grant",
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code \
             or use an existing refresh token.",
        ));
    }
    if now.since(code.created).as_secs() >= CODE_SECONDS {
        return Err(Aadsts::new(
            "invalid_grant",
            70008,
            "The provided authorization code or refresh token has expired due to inactivity. Send \
             a new interactive authorization request for this user and resource.",
        ));
    }
    let redirect_uri = parameters.get("redirect_uri");
    if let Some(expected) = &code.redirect_uri {
        let found = redirect_uri.ok_or_else(|| Aadsts::missing("redirect_uri"))?;
        if found != expected {
            return Err(other_redirect_uri(found, application));
        }
    } else if let Some(found) = redirect_uri.filter(|uri| !application.has_redirect_uri(uri)) {
        return Err(other_redirect_uri(found, application));
    }
    Challenge::check(code.challenge.as_ref(), parameters.get("code_verifier"))?;
    let mut grant = code.grant.clone();
    if let Some(scope) = parameters.get("scope") {
        grant.scopes = grant.scopes.narrowed(scope)?;
    }
    // Last: a request that fails for another reason may be repeated with the same code.
    code.used = true;
    Ok(grant)
}

fn redeem_refresh_token(
    tenant: &State,
    application: &Registered,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Grant, Aadsts> {
    let sent = parameters
        .get("refresh_token")
        .ok_or_else(|| Aadsts::missing("refresh_token"))?;
    let tokens = lock(&tenant.refresh_tokens);
    let token = tokens
        .get(sent)
        .filter(|token| token.grant.client_id == application.client_id)
        .ok_or_else(|| {
            let why = "The provided refresh token is not valid, or was issued to another \
                       application.";
            Aadsts::new("invalid_grant", 70000, why)
        })?;
    if now.since(token.created).as_secs() >= REFRESH_TOKEN_SECONDS {
        return Err(Aadsts::new(
            "invalid_grant",
            700082,
            "The refresh token has expired due to inactivity.",
        ));
    }
    let mut grant = token.grant.clone();
    if let Some(scope) = parameters.get("scope") {
        grant.scopes = grant.scopes.narrowed(scope)?;
    }
    // OpenID Connect Core section 12.2: the nonce was for the sign-in.
    grant.nonce = None;
    Ok(grant)
}

fn issue(tenant: &State, application: &Registered, grant: Grant, now: Timestamp) -> Tokens {
    let id_token = grant
        .scopes
        .has("openid")
        .then(|| id_token::mint(tenant, application, &grant, None, now))
        .flatten();
    // The old one stays valid, as Microsoft's do.
    let refresh_token = grant.scopes.has("offline_access").then(|| {
        let token = format!("1.{}", random::token());
        let entry = RefreshToken {
            grant: grant.clone(),
            created: now,
        };
        lock(&tenant.refresh_tokens).insert(token.clone(), entry);
        token
    });
    let [a, b] = random::bytes::<2>();
    let expires_in =
        MIN_TOKEN_SECONDS + u64::from(u16::from_be_bytes([a, b])) % TOKEN_SPREAD_SECONDS;
    let access_token = format!("EwB{}{}", random::token(), random::token());
    let scope = grant.scopes.to_text();
    let entry = AccessToken {
        grant,
        expires: Timestamp(now.seconds() + expires_in),
    };
    lock(&tenant.access_tokens).insert(access_token.clone(), entry);
    Tokens {
        token_type: "Bearer",
        scope,
        expires_in,
        ext_expires_in: expires_in,
        access_token,
        refresh_token,
        id_token,
    }
}

fn other_redirect_uri(found: &str, application: &Registered) -> Aadsts {
    Aadsts::new(
        "invalid_client",
        50011,
        format!(
            "The redirect URI '{found}' specified in the request does not match the one the \
             authorization code for the application '{}' was issued for.",
            application.client_id
        ),
    )
}

const CODE_SECONDS: u64 = 600;
const REFRESH_TOKEN_SECONDS: u64 = 90 * 86_400;
/// Access tokens live between 60 and 90 minutes, at random, so that no client counts on a number.
const MIN_TOKEN_SECONDS: u64 = 3600;
const TOKEN_SPREAD_SECONDS: u64 = 1800;
