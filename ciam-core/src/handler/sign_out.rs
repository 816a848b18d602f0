//! The logout route: here, then at the provider; and where the provider sends back to.

use std::time::Duration;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{Response, StatusCode};

use super::incoming::front_page;
use super::rejection::{login_path, page, redirect, to_front_page};
use super::session_cookies::set_cookie;
use super::{Ciam, Incoming, Rejection};
use crate::flow::logout::{LogoutHint, Returned, end_session_url, returned};
use crate::page::{Action, Page};
use crate::random;
use crate::session::cookie;

impl Ciam {
    /// Ends the session, then sends the visitor to end the provider's.
    ///
    /// Held to the cross-site rule even without a session: the provider's session
    /// may be another one's to keep.
    pub(super) async fn logout(&self, incoming: Incoming<'_>) -> Response<Bytes> {
        if incoming.is_cross_site(self.config()) {
            return Rejection::cross_site(self, incoming).into_response();
        }
        let cleared = match self.clear_session(incoming.headers) {
            Ok(cleared) => cleared,
            Err(error) => return self.fail(&error),
        };
        let state = random::token(&**self.config().random()).ok();
        // Whom the provider signs out is known as long as the session is there.
        let target = self.end_session(incoming, state.as_deref()).await;
        if let Some(store) = self.config().session_store()
            && let Err(error) = self.end_stored(store, incoming.headers).await
        {
            // The cookie stays too: who sees the page can try again.
            return self.fail(&error);
        }
        let (target, state) = match target {
            Some(target) => (target, state),
            None => (self.config().path_for("signed-out"), None),
        };
        let mut response = redirect(&target);
        for cookie in cleared {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        let cookies = self.config().cookies();
        let state = state.as_ref();
        let state = state.map(|state| cookies.logout_state(state, STATE_LIFETIME));
        if let Some(Ok(cookie)) = state.as_ref().map(set_cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Says so to nobody who is signed in: who reads it may leave the computer to others.
    pub(super) async fn signed_out(&self, incoming: Incoming<'_>) -> Response<Bytes> {
        let config = self.config();
        let mut response = match self.session(incoming.headers).await {
            Ok(Some(_)) => redirect(front_page(config).as_str()),
            Ok(None) => self.signed_out_page(),
            Err(error) => return self.fail(&error),
        };
        let cookies = config.cookies();
        let sent = cookie::single(incoming.headers, cookies.logout_state_name());
        let sent = sent.ok().flatten();
        let query = incoming.uri.query().unwrap_or_default();
        if returned(query, sent) == Returned::Otherwise {
            tracing::info!(
                code = "logout.state",
                "the provider did not send the visitor back with the state of this sign-out"
            );
        }
        if sent.is_some()
            && let Ok(cookie) = set_cookie(&cookies.logout_state_removal())
        {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    fn signed_out_page(&self) -> Response<Bytes> {
        let config = self.config();
        let again = login_path(config, &front_page(config));
        page(
            config,
            &Page {
                status: StatusCode::OK,
                title: "You are signed out",
                message: "Close the browser if others use this computer too.",
                code: None,
                correlation_id: None,
                actions: vec![to_front_page(config), Action::new("Sign in again", again)],
            },
        )
    }

    /// Where the provider ends its session. A provider that cannot be reached does
    /// not keep anyone signed in here.
    async fn end_session(&self, incoming: Incoming<'_>, state: Option<&str>) -> Option<String> {
        let now = self.now();
        let metadata = self.0.provider.metadata.metadata(now).await;
        let metadata = metadata
            .inspect_err(|error| {
                let code = error.code();
                tracing::warn!(code, %error, "signed out here, not at the provider");
            })
            .ok()?;
        let session = self.session(incoming.headers).await;
        let session = session.inspect_err(|error| {
            tracing::warn!(code = error.code(), %error, "the provider is not told whom");
        });
        let hint = match session.ok().flatten() {
            None => LogoutHint::Unknown,
            Some(session) => {
                let claims = session.claims();
                match (
                    claims.text("login_hint"),
                    self.open_id_token(incoming.headers, now),
                ) {
                    (Some(login_hint), _) => LogoutHint::LoginHint(login_hint),
                    (None, Some(id_token)) => LogoutHint::IdToken(id_token),
                    (None, None) => LogoutHint::Unknown,
                }
            }
        };
        end_session_url(&metadata, self.config(), &hint, state).map(Into::into)
    }
}

/// Longer than the provider asks whether somebody wants to sign out.
const STATE_LIFETIME: Duration = Duration::from_secs(10 * 60);
