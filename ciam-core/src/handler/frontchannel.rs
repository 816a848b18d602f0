//! The frontchannel-logout route: a frame of the provider's says which session is over.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use http::{Response, StatusCode};

use super::ended_sessions::without_store;
use super::{Ciam, Incoming, Rejection, rejection};
use crate::error::{Error, ErrorKind};
use crate::flow::backchannel::session_that_ended;
use crate::session::cookie;
use crate::store::{CookieId, KeyKind, SessionStore, StoreKey};

impl Ciam {
    /// Answers a frame of the provider's sign-out page ([OpenID Connect Front-Channel
    /// Logout 1.0, section 2]).
    ///
    /// Nobody proves anything: whoever knows a `sid` ends its sessions here, and nothing
    /// else. No cookie comes along from a frame of another site, so none is needed.
    ///
    /// [OpenID Connect Front-Channel Logout 1.0, section 2]: https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout
    pub(super) async fn frontchannel_logout(&self, incoming: Incoming<'_>) -> Response<Bytes> {
        let Some(store) = self.config().session_store() else {
            return without_store();
        };
        let ended = match self.end_in_frame(&**store, incoming).await {
            Ok(ended) => ended,
            Err(error) if error.kind() == ErrorKind::Request => {
                tracing::warn!(code = error.code(), %error, "a logout request was refused");
                return rejection::json(StatusCode::BAD_REQUEST, error.code());
            }
            Err(error) => {
                tracing::error!(code = error.code(), %error, "the provider's sign-out failed");
                return Rejection::unavailable(&error).into_response();
            }
        };
        let count = ended.len();
        tracing::info!(
            code = "logout.frontchannel",
            ended = count,
            "signed out by the provider"
        );
        let mut response = done();
        if self.is_of(incoming, &ended) {
            // A browser whose cookie leads nowhere is signed out as well.
            for cookie in self.clear_session(incoming.headers).unwrap_or_default() {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
        }
        response
    }

    /// The sessions that the request ended.
    async fn end_in_frame(
        &self,
        store: &dyn SessionStore,
        incoming: Incoming<'_>,
    ) -> Result<Vec<StoreKey>, Error> {
        let metadata = self.0.provider.metadata.metadata(self.now()).await?;
        let sid = session_that_ended(incoming.uri.query().unwrap_or_default(), &metadata)?;
        let group = self.group(KeyKind::ProviderSession, metadata.issuer(), &sid);
        Ok(self.end_members(store, &group).await?)
    }

    /// Whether the visitor's own session is one of them.
    fn is_of(&self, incoming: Incoming<'_>, ended: &[StoreKey]) -> bool {
        let realm = self.config().cookies().short_realm();
        let cookie = self.session_cookie(cookie::lines(incoming.headers));
        let own = cookie.and_then(|cookie| Some(CookieId::read(cookie.text())?.key(realm)));
        own.is_some_and(|own| ended.contains(&own))
    }
}

/// The only page that another site may frame: nothing is on it.
fn done() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(PAGE.as_bytes()));
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    let policy =
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'");
    headers.insert("content-security-policy", policy);
    rejection::protect(headers);
    response
}

const PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Signed out</title></html>\n";
