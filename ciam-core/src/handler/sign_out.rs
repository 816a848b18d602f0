//! The logout route: here, then at the provider; and where the provider sends back to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{Response, StatusCode};

use super::incoming::front_page;
use super::rejection::{login_path, page, redirect, to_front_page};
use super::session_cookies::set_cookie;
use super::token_home::TokenHome;
use super::{Ciam, Incoming, Rejection};
use crate::flow::logout::{LogoutHint, Returned, end_session_url, returned};
use crate::flow::revocation::revoke;
use crate::metadata::Metadata;
use crate::page::{Action, Page};
use crate::random;
use crate::session::Session;
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
        let session = self.session(incoming.headers).await;
        let session = session.inspect_err(|error| {
            tracing::warn!(code = error.code(), %error, "the provider is not told whom");
        });
        let session = session.ok().flatten();
        let metadata = self.metadata_for_sign_out().await;
        let target = metadata.as_ref().and_then(|metadata| {
            self.end_at_provider(incoming, metadata, session.as_ref(), state.as_deref())
        });
        if let Some(store) = self.config().session_store()
            && let Err(error) = self.end_stored(store, incoming.headers).await
        {
            // The cookie stays too: who sees the page can try again.
            return self.fail(&error);
        }
        if let Some(session) = &session {
            self.end_tokens(session, metadata.as_deref()).await;
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

    /// A provider that cannot be reached does not keep anyone signed in here.
    async fn metadata_for_sign_out(&self) -> Option<Arc<Metadata>> {
        let metadata = self.0.provider.metadata.metadata(self.now()).await;
        let metadata = metadata.inspect_err(|error| {
            let code = error.code();
            tracing::warn!(code, %error, "signed out here, not at the provider");
        });
        metadata.ok()
    }

    /// Where the provider ends its session.
    fn end_at_provider(
        &self,
        incoming: Incoming<'_>,
        metadata: &Metadata,
        session: Option<&Session>,
        state: Option<&str>,
    ) -> Option<String> {
        let hint = session.and_then(|session| {
            if let Some(login_hint) = session.claims().text("login_hint") {
                return Some(LogoutHint::LoginHint(login_hint));
            }
            let in_cookie = || self.open_id_token(incoming.headers, self.now());
            let id_token = session.kept().id_token.or_else(in_cookie)?;
            Some(LogoutHint::IdToken(id_token))
        });
        let hint = hint.unwrap_or(LogoutHint::Unknown);
        end_session_url(metadata, self.config(), &hint, state).map(Into::into)
    }

    /// Whoever has a copy of the tokens of a session that was signed out of gets no newer
    /// ones, where the provider can see to that.
    async fn end_tokens(&self, session: &Session, metadata: Option<&Metadata>) {
        let Some(mut tokens) = session.kept().tokens else {
            return;
        };
        if self.config().session_store().is_none() {
            let home = TokenHome::of_cookie(self, &tokens);
            if let Ok(newest) = self.newest(&home, session).await {
                tokens = newest.tokens;
            }
            // It cannot fail: it is in this process.
            let _ = self.forget(&home).await;
        }
        if let Some(metadata) = metadata {
            let provider = &self.0.provider;
            revoke(provider, metadata, self.config(), &tokens.refresh_token);
        }
    }
}

/// Longer than the provider asks whether somebody wants to sign out.
const STATE_LIFETIME: Duration = Duration::from_secs(10 * 60);
