//! What tokens are asked for with.

use crate::secret::Secret;

/// What tokens are asked for with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grant<'a> {
    /// [RFC 6749, section 4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3),
    /// and RFC 7636, section 4.5.
    AuthorizationCode {
        code: &'a Secret,
        redirect_uri: &'a str,
        code_verifier: &'a Secret,
    },
    /// For the application itself:
    /// [RFC 6749, section 4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2).
    ClientCredentials { scope: &'a str },
    /// For the user whom an access token speaks for: [Microsoft's on-behalf-of], a profile
    /// of RFC 7523, section 2.1.
    ///
    /// [Microsoft's on-behalf-of]: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
    OnBehalfOf {
        assertion: &'a Secret,
        scope: &'a str,
    },
    /// [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6). Without a
    /// scope: all that was granted before.
    RefreshToken {
        refresh_token: &'a Secret,
        scope: Option<&'a str>,
    },
}

impl<'a> Grant<'a> {
    /// The parameters of the request, the secret ones marked.
    pub(super) fn parameters(self) -> Vec<(&'static str, Parameter<'a>)> {
        use Parameter::{Open, Sealed};
        let type_ = |grant_type| ("grant_type", Open(grant_type));
        match self {
            Self::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => vec![
                type_("authorization_code"),
                ("code", Sealed(code)),
                ("redirect_uri", Open(redirect_uri)),
                ("code_verifier", Sealed(code_verifier)),
            ],
            Self::ClientCredentials { scope } => {
                let scope = (!scope.is_empty()).then_some(("scope", Open(scope)));
                let always = [type_("client_credentials")];
                always.into_iter().chain(scope).collect()
            }
            Self::OnBehalfOf { assertion, scope } => vec![
                type_("urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", Sealed(assertion)),
                ("requested_token_use", Open("on_behalf_of")),
                ("scope", Open(scope)),
            ],
            Self::RefreshToken {
                refresh_token,
                scope,
            } => {
                let scope = scope.map(|scope| ("scope", Open(scope)));
                let refresh_token = ("refresh_token", Sealed(refresh_token));
                let always = [type_("refresh_token"), refresh_token];
                always.into_iter().chain(scope).collect()
            }
        }
    }
}

/// The value of a parameter, which may have to be kept out of errors.
pub(super) enum Parameter<'a> {
    Open(&'a str),
    Sealed(&'a Secret),
}
