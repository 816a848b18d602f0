//! The library's own routes: which there are, and who answers them.

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::answer::forbid_caching;
use super::rejection;
use super::sign_in::Experience;
use super::{Ciam, Incoming, Rejection};
use crate::claims::User;
use crate::error::Error;

/// A route under the prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Route {
    BackchannelLogout,
    Callback,
    FrontchannelLogout,
    Login,
    Logout,
    Me,
    SignedOut,
    Signup,
}

impl Route {
    const ALL: [Self; 8] = [
        Self::BackchannelLogout,
        Self::Callback,
        Self::FrontchannelLogout,
        Self::Login,
        Self::Logout,
        Self::Me,
        Self::SignedOut,
        Self::Signup,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::BackchannelLogout => "backchannel-logout",
            Self::Callback => "callback",
            Self::FrontchannelLogout => "frontchannel-logout",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Me => "me",
            Self::SignedOut => "signed-out",
            Self::Signup => "signup",
        }
    }

    const fn allowed(self) -> &'static str {
        match self {
            Self::Callback => "GET, POST",
            // Ends sessions, so it is no GET that could be asked for the headers of.
            Self::FrontchannelLogout => "GET",
            // Signing out changes something: a link, an image or a prefetch must
            // not do it (RFC 9110, section 9.2.1).
            Self::BackchannelLogout | Self::Logout => "POST",
            Self::Login | Self::Me | Self::SignedOut | Self::Signup => "GET, HEAD",
        }
    }

    fn allows(self, method: &Method) -> bool {
        self.allowed().split(", ").any(|allowed| allowed == method)
    }
}

impl Ciam {
    /// The paths of the library's routes, as the application sees them. For adapters.
    pub fn route_paths(&self) -> impl Iterator<Item = String> + use<> {
        let prefix = self.config().route_prefix().to_owned();
        let routes: &[Route] = if self.config().is_api() {
            &[]
        } else {
            &Route::ALL
        };
        let routes = routes
            .iter()
            .map(move |route| format!("{prefix}/{}", route.name()));
        routes.chain(self.config().resource_metadata_path())
    }

    /// Answers a request to one of the library's routes. Never fails: it answers.
    #[tracing::instrument(level = "debug", name = "respond", skip_all)]
    pub async fn respond(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let incoming = Incoming {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
        };
        let path = parts.uri.path();
        let mut response = match self.route(path) {
            None if self.config().is_resource_metadata(path) => match parts.method {
                Method::GET | Method::HEAD => self.resource_metadata().await,
                _ => not_allowed("GET, HEAD"),
            },
            None => rejection::json(StatusCode::NOT_FOUND, "request.not_found"),
            Some(route) if !route.allows(&parts.method) => not_allowed(route.allowed()),
            Some(Route::BackchannelLogout) => self.backchannel_logout(incoming, &body).await,
            Some(Route::Callback) => self.callback(incoming, &body).await,
            Some(Route::FrontchannelLogout) => self.frontchannel_logout(incoming).await,
            Some(Route::Login) => self.login(incoming, Experience::SignIn).await,
            Some(Route::Logout) => self.logout(incoming).await,
            Some(Route::Me) => self.me(incoming).await,
            Some(Route::SignedOut) => self.signed_out(incoming).await,
            Some(Route::Signup) => self.login(incoming, Experience::SignUp).await,
        };
        forbid_caching(response.headers_mut());
        response
    }

    /// The answer to a body longer than [`CALLBACK_BODY_LIMIT`](crate::CALLBACK_BODY_LIMIT),
    /// or one that broke off. For adapters.
    pub fn refuse_body(&self) -> Response<Bytes> {
        let mut response = rejection::json(StatusCode::PAYLOAD_TOO_LARGE, "request.too_long");
        forbid_caching(response.headers_mut());
        response
    }

    /// The callback is another site's doing by design, and the back channel no browser's;
    /// their own checks are stricter than the cross-site rule. An application that is nested under the path of its
    /// base URL sees that path here, one behind a proxy that takes it away does not.
    pub(super) fn is_exempt(&self, incoming: Incoming<'_>) -> bool {
        self.own_routes(incoming)
            .any(|route| matches!(route, Route::BackchannelLogout | Route::Callback))
    }

    /// Whether the request is for one of the library's own routes.
    pub(super) fn is_own(&self, incoming: Incoming<'_>) -> bool {
        let path = incoming.uri.path();
        self.own_routes(incoming).next().is_some() || self.config().is_resource_metadata(path)
    }

    /// What the path may mean, read with and without the base URL's path.
    fn own_routes(&self, incoming: Incoming<'_>) -> impl Iterator<Item = Route> {
        let path = incoming.uri.path();
        let nested = path.strip_prefix(self.config().base_path());
        let paths = [Some(path), nested].into_iter().flatten();
        paths.filter_map(|path| self.route(path))
    }

    fn route(&self, path: &str) -> Option<Route> {
        if self.config().is_api() {
            return None;
        }
        let name = path
            .strip_prefix(self.config().route_prefix())?
            .strip_prefix('/')?;
        Route::ALL.into_iter().find(|route| route.name() == name)
    }

    /// What clients read of the API ([RFC 9728, section 2]). Public, whoever asks.
    ///
    /// [RFC 9728, section 2]: https://www.rfc-editor.org/rfc/rfc9728#section-2
    async fn resource_metadata(&self) -> Response<Bytes> {
        let metadata = match self.0.provider.metadata.metadata(self.now()).await {
            Ok(metadata) => metadata,
            Err(error) => {
                let error = Error::from(error);
                tracing::error!(code = error.code(), %error, "the API cannot be described");
                return Rejection::unavailable(&error).into_response();
            }
        };
        let body = json!({
            "resource": self.config().base_url().url_for_path(""),
            "authorization_servers": [metadata.issuer()],
            "bearer_methods_supported": ["header"],
        });
        let mut response = Response::new(Bytes::from(body.to_string()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    /// Who is signed in, for scripts of the application's pages.
    async fn me(&self, incoming: Incoming<'_>) -> Response<Bytes> {
        let session = match self.session(incoming.headers).await {
            Ok(Some(session)) => session,
            Ok(None) => return rejection::json(StatusCode::UNAUTHORIZED, "visit.not_signed_in"),
            Err(error) => return Rejection::unavailable(&error).into_response(),
        };
        let user = User::from_claims(session.claims().clone());
        let Some(body) = user.ok().and_then(|user| serde_json::to_vec(&user).ok()) else {
            return rejection::json(StatusCode::INTERNAL_SERVER_ERROR, "internal");
        };
        let mut response = Response::new(Bytes::from(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            "x-content-type-options",
            HeaderValue::from_static("nosniff"),
        );
        response
    }
}

fn not_allowed(allowed: &'static str) -> Response<Bytes> {
    let mut response = rejection::json(StatusCode::METHOD_NOT_ALLOWED, "request.method");
    let allowed = HeaderValue::from_static(allowed);
    response.headers_mut().insert(ALLOW, allowed);
    response
}
