//! The tenant's own cookies: which browser this is, and who is signed in there.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::random;
use crate::state::{Session, State, lock};

/// The browser's identity, which binds a sign-in form to the browser that asked for it, and the
/// cookie to set if it had none.
pub(crate) fn identify(tenant: &State, headers: &HeaderMap) -> (String, Option<HeaderValue>) {
    if let Some(known) = identity(tenant, headers) {
        return (known, None);
    }
    let identity = random::token();
    let cookie = cookie(tenant, BROWSER, &identity, "");
    (identity, cookie)
}

/// The browser's identity, if it has one.
pub(crate) fn identity(tenant: &State, headers: &HeaderMap) -> Option<String> {
    let value = read(tenant, headers, BROWSER)?;
    let well_formed = value.len() == 43 && value.bytes().all(|b| b.is_ascii_graphic());
    well_formed.then(|| value.to_owned())
}

/// The session of this browser; using it extends it.
pub(crate) fn session(tenant: &State, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
    let key = read(tenant, headers, SESSION)?;
    let mut sessions = lock(&tenant.sessions);
    let session = sessions.get_mut(key)?;
    if !is_live(session, now) {
        return None;
    }
    session.used = now;
    Some(session.clone())
}

/// Begins a session in place of the one that was there; the same user's goes on, so that a sign-out
/// still reaches every application of it.
pub(crate) fn begin_session(
    tenant: &State,
    headers: &HeaderMap,
    object_id: String,
    now: Timestamp,
) -> (Session, Option<HeaderValue>) {
    let before = take_session(tenant, headers);
    let before = before.filter(|session| session.object_id == object_id && is_live(session, now));
    let (session_id, clients) = match before {
        Some(session) => (session.session_id, session.clients),
        None => (random::guid(), Arc::default()),
    };
    let session = Session {
        object_id,
        session_id,
        authenticated: now,
        used: now,
        clients,
    };
    let key = random::token();
    let cookie = cookie(tenant, SESSION, &key, "");
    lock(&tenant.sessions).insert(key, session.clone());
    (session, cookie)
}

/// Ends the session of this browser, if there is one; the cookie removes what the browser has.
pub(crate) fn end_session(
    tenant: &State,
    headers: &HeaderMap,
) -> (Option<Session>, Option<HeaderValue>) {
    let ended = take_session(tenant, headers);
    (ended, cookie(tenant, SESSION, "", "; Max-Age=0"))
}

pub(crate) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn take_session(tenant: &State, headers: &HeaderMap) -> Option<Session> {
    let key = read(tenant, headers, SESSION)?;
    lock(&tenant.sessions).remove(key)
}

fn is_live(session: &Session, now: Timestamp) -> bool {
    now.since(session.used).as_secs() < SESSION_IDLE_SECONDS
}

/// Cookies know no ports, so the name does: two local tenants do not meet.
fn name(tenant: &State, kind: &str) -> String {
    format!("ciam-tenant-{kind}-{}", tenant.address.port())
}

fn cookie(tenant: &State, kind: &str, value: &str, more: &str) -> Option<HeaderValue> {
    let secure = if tenant.tls { "; Secure" } else { "" };
    let name = name(tenant, kind);
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
    HeaderValue::try_from(cookie).ok()
}

fn read<'a>(tenant: &State, headers: &'a HeaderMap, kind: &str) -> Option<&'a str> {
    let name = name(tenant, kind);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

const BROWSER: &str = "browser";
const SESSION: &str = "session";
/// Microsoft: "Configurable token lifetimes", the non-persistent session.
const SESSION_IDLE_SECONDS: u64 = 24 * 3600;
