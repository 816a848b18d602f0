//! Sign-out ([OpenID Connect RP-Initiated Logout]), and the applications of the same session that
//! are told in hidden frames ([OpenID Connect Front-Channel Logout]).
//!
//! [OpenID Connect RP-Initiated Logout]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html
//! [OpenID Connect Front-Channel Logout]: https://openid.net/specs/openid-connect-frontchannel-1_0.html

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
use crate::state::{Session, State, lock};

/// `GET` and `POST /{tenant}/oauth2/v2.0/logout`
///
/// The session ends in any case; the parameters only decide where the browser goes then. Refresh
/// tokens stay good (Microsoft, "Refresh tokens": single sign-out revokes cookies only).
pub(crate) async fn logout(FromState(tenant): FromState<Arc<State>>, request: Request) -> Response {
    tenant.requests.logout.count();
    let incoming = match Incoming::read(&tenant, request).await {
        Ok(incoming) => incoming,
        Err(refused) => return refused.page(),
    };
    let (session, cookie) = browser::end_session(&tenant, &incoming.headers);
    let frames = session.map_or_else(Vec::new, |session| frames(&tenant, &session));
    let parameters = match incoming.method {
        Method::POST => incoming.form(),
        _ => incoming.query(),
    };
    let page = match parameters.and_then(|parameters| destination(&tenant, &parameters)) {
        Ok(Some(location)) if frames.is_empty() => see_other(&location),
        Ok(destination) => pages::signed_out(&frames, destination.as_deref()),
        Err(error) => pages::error(&error, &incoming.trail),
    };
    browser::with_cookie(page, cookie)
}

/// Where the application asked to go, if that is one of its addresses.
fn destination(tenant: &State, parameters: &Parameters) -> Result<Option<String>, Aadsts> {
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
        Some(state) => with_parameter(target, "state", state),
    };
    Ok(Some(location))
}

/// The front-channel logout URLs of the session's applications, the one that asks among them.
///
/// With `sid` and without `iss`, as Entra has it (nginxinc/nginx-openid-connect#117), and as the
/// discovery document says: it has no `frontchannel_logout_session_supported`.
fn frames(tenant: &State, session: &Session) -> Vec<String> {
    let clients = lock(&session.clients).clone();
    let applications = clients.iter().filter_map(|id| tenant.application(id));
    let urls = applications.filter_map(|application| application.logout_url.clone());
    urls.map(|url| with_parameter(&url, "sid", &session.session_id))
        .collect()
}

fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (
            StatusCode::SEE_OTHER,
            [NO_STORE, (header::LOCATION, location)],
        )
            .into_response(),
        // A matched address is ASCII and the rest is encoded.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    let parameter = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    format!("{url}{separator}{parameter}")
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
