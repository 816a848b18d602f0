//! Requests that do not reach a handler, and their answers.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Response, StatusCode};
use url::form_urlencoded;

use super::Ciam;
use super::answer::forbid_caching;
use super::incoming::{Incoming, front_page};
use crate::api::challenge::Challenge;
use crate::config::Config;
use crate::flow::return_to::ReturnTo;
use crate::flow::step_up::StepUp;
use crate::page::{Action, Page, STYLE};

/// A request that is answered before a handler sees it.
///
/// What the visitor is told and what the log says are different things: this is
/// the former.
#[derive(Clone, Debug)]
pub struct Rejection(Box<Response<Bytes>>);

impl Rejection {
    /// The answer.
    pub fn into_response(self) -> Response<Bytes> {
        *self.0
    }

    /// Sends a navigation to sign in; tells anything else that nobody is signed in.
    pub(super) fn sign_in(ciam: &Ciam, incoming: Incoming<'_>) -> Self {
        let config = ciam.config();
        if config.is_api() {
            // There is no page to sign in at.
            Self::without_token(ciam)
        } else if incoming.is_navigation() {
            let return_to = incoming.return_to(config);
            Self::from(redirect(&login_path(config, &return_to)))
        } else {
            Self::from(json(StatusCode::UNAUTHORIZED, "visit.not_signed_in"))
        }
    }

    pub(super) fn forbidden(ciam: &Ciam, incoming: Incoming<'_>) -> Self {
        if !incoming.is_navigation() {
            return Self::from(json(StatusCode::FORBIDDEN, "visit.forbidden"));
        }
        Self::from(page(
            ciam.config(),
            &Page {
                status: StatusCode::FORBIDDEN,
                title: "You may not see this page",
                message: "You are signed in, but your account does not have what this page asks for.",
                code: Some("visit.forbidden"),
                correlation_id: None,
                actions: vec![to_front_page(ciam.config())],
            },
        ))
    }

    /// Somebody who is signed in and has to prove more: a page that is read brings its
    /// reader back to it; what a form sent is not sent again.
    pub(super) fn step_up(ciam: &Ciam, incoming: Incoming<'_>, step_up: &StepUp) -> Self {
        if !incoming.is_navigation() {
            return Self::from(json(StatusCode::UNAUTHORIZED, "visit.step_up"));
        }
        let config = ciam.config();
        let again = step_up_path(config, &incoming.return_to(config), step_up);
        if *incoming.method == Method::GET || *incoming.method == Method::HEAD {
            return Self::from(redirect(&again));
        }
        Self::from(page(
            config,
            &Page {
                status: StatusCode::UNAUTHORIZED,
                title: "Please sign in again",
                message: "This step asks you to prove that it is you. What you sent was not \
                          carried out and is not kept: sign in again, and send it once more.",
                code: Some("visit.step_up"),
                correlation_id: None,
                actions: vec![Action::new("Sign in again", again), to_front_page(config)],
            },
        ))
    }

    pub(super) fn cross_site(ciam: &Ciam, incoming: Incoming<'_>) -> Self {
        tracing::warn!(
            code = "visit.cross_site",
            method = %incoming.method,
            path = incoming.uri.path(),
            "refused: another site caused this request; name its origin in CIAM_TRUSTED_ORIGINS \
             if it may"
        );
        if !incoming.is_navigation() {
            return Self::from(json(StatusCode::FORBIDDEN, "visit.cross_site"));
        }
        Self::from(page(
            ciam.config(),
            &Page {
                status: StatusCode::FORBIDDEN,
                title: "This request came from another site",
                message: "For your safety it was not carried out. Open the page here and try again.",
                code: Some("visit.cross_site"),
                correlation_id: None,
                actions: vec![to_front_page(ciam.config())],
            },
        ))
    }

    /// Asks a caller for a token, or for another one (RFC 6750, section 3).
    pub(super) fn challenge(ciam: &Ciam, challenge: &Challenge) -> Self {
        let code = challenge.error().unwrap_or("visit.no_token");
        let mut response = json(challenge.status(), code);
        let metadata = ciam.config().resource_metadata_url();
        let header = challenge.header(metadata.as_deref());
        response.headers_mut().insert(WWW_AUTHENTICATE, header);
        Self::from(response)
    }

    /// An answer for what must not happen; the log line is written where it did.
    pub fn internal() -> Self {
        Self::from(json(StatusCode::INTERNAL_SERVER_ERROR, "internal"))
    }
}

impl From<Response<Bytes>> for Rejection {
    fn from(mut response: Response<Bytes>) -> Self {
        forbid_caching(response.headers_mut());
        Self(Box::new(response))
    }
}

/// Where a visitor signs in and comes back from.
pub(super) fn login_path(config: &Config, return_to: &ReturnTo) -> String {
    step_up_path(config, return_to, &StepUp::default())
}

/// Where a visitor signs in again, and proves more.
fn step_up_path(config: &Config, return_to: &ReturnTo, step_up: &StepUp) -> String {
    login_url(config, return_to, step_up.parameters())
}

/// Where a visitor signs in with these parameters, and comes back from.
pub(super) fn login_url(
    config: &Config,
    return_to: &ReturnTo,
    more: impl IntoIterator<Item = (&'static str, String)>,
) -> String {
    let login = config.path_for("login");
    let home = *return_to == front_page(config);
    let back = (!home).then(|| ("return_to", return_to.as_str().to_owned()));
    let parameters: Vec<_> = back.into_iter().chain(more).collect();
    if parameters.is_empty() {
        return login;
    }
    let mut query = form_urlencoded::Serializer::for_suffix(format!("{login}?"), login.len() + 1);
    query.extend_pairs(parameters);
    query.finish()
}

pub(super) fn to_front_page(config: &Config) -> Action {
    Action::new("Go to the front page", front_page(config).as_str())
}

/// 303: whatever the method was, the next request is a GET (RFC 9700, section 4.12).
pub(super) fn redirect(location: &str) -> Response<Bytes> {
    let Ok(location) = HeaderValue::from_str(location) else {
        // Every location is made of URLs and paths that were parsed as such.
        tracing::error!(code = "internal", "a redirect target is no header value");
        return json(StatusCode::INTERNAL_SERVER_ERROR, "internal");
    };
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    protect(response.headers_mut());
    response
}

/// For programs: the status and a code.
pub(super) fn json(status: StatusCode, code: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{{\"error\":\"{code}\"}}")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    protect(headers);
    response
}

/// For people.
pub(super) fn page(config: &Config, page: &Page) -> Response<Bytes> {
    let (html, policy) = match config.page() {
        Some(hook) => (hook.render(page), CUSTOM_POLICY.to_owned()),
        None => (page.to_html(), default_policy()),
    };
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert("content-security-policy", policy);
    }
    headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
    protect(headers);
    response
}

/// No address with a code or a state in it goes anywhere as a `Referer`.
pub(super) fn protect(headers: &mut HeaderMap) {
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
}

fn default_policy() -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    let style = base64_simd::STANDARD.encode_to_string(digest(&SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

/// A page of the application's own may bring styles, images and fonts of its own
/// origin, and no script.
const CUSTOM_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
