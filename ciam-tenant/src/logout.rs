//! Sign-out ([OpenID Connect RP-Initiated Logout]).
//!
//! [OpenID Connect RP-Initiated Logout]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html

use std::sync::Arc;

use axum::extract::{Request, State as FromState};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::browser;
use crate::error::{Aadsts, NO_STORE};
use crate::incoming::Incoming;
use crate::pages;
use crate::parameters::Parameters;
use crate::state::{State, lock};

/// `GET` and `POST /{tenant}/oauth2/v2.0/logout`
///
/// The session ends in any case; the parameters only decide where the browser goes then.
pub(crate) async fn logout(FromState(tenant): FromState<Arc<State>>, request: Request) -> Response {
    tenant.requests.logout.count();
    let incoming = match Incoming::read(&tenant, request).await {
        Ok(incoming) => incoming,
        Err(refused) => return refused.page(),
    };
    let cookie = browser::end_session(&tenant, &incoming.headers);
    let parameters = match incoming.method {
        Method::POST => incoming.form(),
        _ => incoming.query(),
    };
    let page = match parameters.and_then(|parameters| destination(&tenant, &parameters)) {
        Ok(Some(location)) => (
            StatusCode::SEE_OTHER,
            [NO_STORE, (header::LOCATION, location)],
        )
            .into_response(),
        Ok(None) => pages::signed_out(),
        Err(error) => pages::error(&error, &incoming.trail),
    };
    browser::with_cookie(page, cookie)
}

/// Where the application asked to go, if that is one of its addresses.
fn destination(tenant: &State, parameters: &Parameters) -> Result<Option<HeaderValue>, Aadsts> {
    if let Some(name) = parameters.repeated() {
        return Err(Aadsts::repeated(name));
    }
    let Some(target) = parameters.get("post_logout_redirect_uri") else {
        return Ok(None);
    };
    let hinted = parameters
        .get("id_token_hint")
        .and_then(|token| audience(tenant, token));
    let client_id = parameters.get("client_id");
    let registered = match (client_id, hinted) {
        // Section 2: the two must agree.
        (Some(id), Some(hinted)) if !id.eq_ignore_ascii_case(&hinted) => false,
        (Some(id), _) => has_address(tenant, id, target),
        (None, Some(hinted)) => has_address(tenant, &hinted, target),
        // Microsoft's does not ask which application it is.
        (None, None) => lock(&tenant.applications)
            .values()
            .any(|application| application.has_post_logout_redirect_uri(target)),
    };
    if !registered {
        return Ok(None);
    }
    let location = match parameters.get("state") {
        None => target.to_owned(),
        Some(state) => {
            let separator = if target.contains('?') { '&' } else { '?' };
            let state = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("state", state)
                .finish();
            format!("{target}{separator}{state}")
        }
    };
    Ok(HeaderValue::try_from(location).ok())
}

/// The application an ID token of this tenant was for, however old the token is.
fn audience(tenant: &State, token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        aud: String,
    }
    let payload = tenant.keys().open(token)?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    Some(claims.aud)
}

fn has_address(tenant: &State, client_id: &str, target: &str) -> bool {
    tenant
        .application(client_id)
        .is_some_and(|application| application.has_post_logout_redirect_uri(target))
}
