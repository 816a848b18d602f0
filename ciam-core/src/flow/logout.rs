//! Sign-out at the provider (OpenID Connect RP-Initiated Logout 1.0).

use url::Url;

use crate::config::Config;
use crate::metadata::Metadata;
use crate::secret::Secret;

/// How the provider recognises whom to sign out.
#[derive(Debug)]
pub(crate) enum LogoutHint {
    /// The ID token of the session.
    IdToken(Secret),
    /// The `login_hint` claim, Microsoft's way of sparing the account picker.
    LoginHint(String),
    /// Nothing is known; the provider may ask.
    Unknown,
}

/// The provider's end-session address, if it has one.
pub(crate) fn end_session_url(
    metadata: &Metadata,
    config: &Config,
    hint: &LogoutHint,
) -> Option<Url> {
    let mut url = metadata.document().end_session_endpoint.clone()?;
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", config.client_id())
            .append_pair("post_logout_redirect_uri", &config.url_for("signed-out"));
        match hint {
            LogoutHint::IdToken(id_token) => {
                query.append_pair("id_token_hint", id_token.expose());
            }
            LogoutHint::LoginHint(login_hint) => {
                query.append_pair("logout_hint", login_hint);
            }
            LogoutHint::Unknown => {}
        }
    }
    Some(url)
}
