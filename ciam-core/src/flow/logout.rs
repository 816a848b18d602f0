//! Sign-out at the provider (OpenID Connect RP-Initiated Logout 1.0).

use url::Url;

use super::parameters::Parameters;
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
///
/// The state comes back with the visitor (section 2): it tells a sign-out that began here.
pub(crate) fn end_session_url(
    metadata: &Metadata,
    config: &Config,
    hint: &LogoutHint,
    state: Option<&str>,
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
        if let Some(state) = state {
            query.append_pair("state", state);
        }
    }
    Some(url)
}

/// What the state of a return from the provider says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Returned {
    /// From a sign-out of this browser, or nothing was expected and nothing came.
    AsExpected,
    /// From another one, or the provider did not send back what it was sent.
    Otherwise,
}

/// Compares the state of this browser's sign-out with the one in the address.
///
/// Nothing depends on it: the page says what is so whoever sent the visitor there, and
/// some providers drop the parameter. It is for the log.
pub(crate) fn returned(query: &str, sent: Option<&[u8]>) -> Returned {
    let parameters = Parameters::parse(query.as_bytes()).ok();
    let found = parameters.as_ref().and_then(|found| found.value("state"));
    if found.map(str::as_bytes) == sent && parameters.is_some() {
        Returned::AsExpected
    } else {
        Returned::Otherwise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_state_that_was_sent_is_expected() {
        let of = |query: &str, sent: Option<&str>| returned(query, sent.map(str::as_bytes));
        for (query, sent) in [
            ("", None),
            ("state=abc", Some("abc")),
            ("a=b&state=abc", Some("abc")),
        ] {
            assert_eq!(of(query, sent), Returned::AsExpected, "{query} {sent:?}");
        }
        for (query, sent) in [
            ("", Some("abc")),
            ("state=", Some("abc")),
            ("state=abcd", Some("abc")),
            ("state=ABC", Some("abc")),
            ("state=abc", None),
            ("state=abc&state=abc", Some("abc")),
            ("state=abc", Some("")),
            (&"a&".repeat(100), None),
        ] {
            assert_eq!(of(query, sent), Returned::Otherwise, "{query} {sent:?}");
        }
    }
}
