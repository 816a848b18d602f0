//! The logout route: here, then at the provider.

use bytes::Bytes;
use http::Response;
use http::header::SET_COOKIE;

use super::rejection::redirect;
use super::{Ciam, Incoming, Rejection};
use crate::flow::logout::{LogoutHint, end_session_url};

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
        // Whom the provider signs out is known as long as the session is there.
        let target = self.end_session(incoming).await;
        if let Some(store) = self.config().session_store()
            && let Err(error) = self.end_stored(store, incoming.headers).await
        {
            // The cookie stays too: who sees the page can try again.
            return self.fail(&error);
        }
        let signed_out = || self.config().path_for("signed-out");
        let mut response = redirect(&target.unwrap_or_else(signed_out));
        for cookie in cleared {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// Where the provider ends its session. A provider that cannot be reached does
    /// not keep anyone signed in here.
    async fn end_session(&self, incoming: Incoming<'_>) -> Option<String> {
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
        end_session_url(&metadata, self.config(), &hint).map(Into::into)
    }
}
