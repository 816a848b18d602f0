//! Which application a token request comes from, and whether it can prove it.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::application::{Platform, Registered};
use crate::error::Aadsts;
use crate::parameters::Parameters;

/// What a token request says about its client.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    client_id: String,
    client_secret: Option<String>,
}

impl Credentials {
    /// Reads them from the header or the body ([RFC 6749] section 2.3).
    ///
    /// [RFC 6749]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
    pub(crate) fn read(
        authorization: Option<&str>,
        parameters: &Parameters,
    ) -> Result<Self, Aadsts> {
        let body_id = parameters.owned("client_id");
        let body_secret = parameters.owned("client_secret");
        let Some(basic) = authorization else {
            return Ok(Self {
                client_id: body_id.ok_or_else(|| Aadsts::missing("client_id"))?,
                client_secret: body_secret,
            });
        };
        let credentials = decode_basic(basic).ok_or_else(|| {
            Aadsts::malformed("The Authorization header is not of the form 'Basic'.")
        })?;
        // "The client MUST NOT use more than one authentication method in each request."
        if body_secret.is_some() {
            return Err(Aadsts::malformed(
                "The client secret is both in the header and in the body.",
            ));
        }
        if body_id.is_some_and(|id| !id.eq_ignore_ascii_case(&credentials.client_id)) {
            return Err(Aadsts::malformed(
                "The client_id in the header is not the one in the body.",
            ));
        }
        Ok(credentials)
    }

    /// The application these belong to.
    pub(crate) fn check(
        &self,
        application: impl Fn(&str) -> Option<Arc<Registered>>,
        tenant: &str,
    ) -> Result<Arc<Registered>, Aadsts> {
        let application = application(&self.client_id)
            .ok_or_else(|| Aadsts::unknown_application(&self.client_id, tenant))?;
        match (application.platform, &self.client_secret) {
            (Platform::Public, None) => Ok(application),
            (Platform::Public, Some(_)) => Err(Aadsts::new(
                "invalid_client",
                700025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be \
                 presented.",
            )),
            (Platform::Web, None) => Err(missing_secret()),
            (Platform::Web, Some(secret)) => {
                let expected = application.client_secret.as_deref().unwrap_or_default();
                match verify_slices_are_equal(expected.as_bytes(), secret.as_bytes()) {
                    Ok(()) => Ok(application),
                    Err(_) => Err(Aadsts::new(
                        "invalid_client",
                        7000215,
                        format!(
                            "Invalid client secret provided. Ensure the secret being sent in the \
                             request is the client secret value, not the client secret ID, for a \
                             secret added to app '{}'.",
                            application.client_id
                        ),
                    )),
                }
            }
        }
    }
}

pub(crate) fn missing_secret() -> Aadsts {
    Aadsts::new(
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or \
         'client_secret'.",
    )
}

/// Both parts are form encoded before they are joined (section 2.3.1): a secret with `+` or `%`
/// that was sent as it is does not match, here as there.
fn decode_basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = base64_simd::STANDARD
        .decode_to_vec(encoded.trim().as_bytes())
        .ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let secret = form_decode(secret);
    Some(Credentials {
        client_id: form_decode(id),
        client_secret: (!secret.is_empty()).then_some(secret),
    })
}

fn form_decode(text: &str) -> String {
    // As the value of a form of one pair; the characters that would end it are encoded first.
    let pair = format!("v={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        for (joined, id, secret) in [
            ("id:secret", "id", Some("secret")),
            ("i%3Ad:a%2Bb+c%25", "i:d", Some("a+b c%")),
            ("id:a&b=c:d", "id", Some("a&b=c:d")),
            ("id:", "id", None),
        ] {
            let header = format!("basic {}", base64_simd::STANDARD.encode_to_string(joined));
            let found = decode_basic(&header).unwrap();
            assert_eq!(
                (found.client_id.as_str(), found.client_secret.as_deref()),
                (id, secret)
            );
        }
    }

    #[test]
    fn other_headers_are_refused() {
        for header in [
            "Basic",
            "Bearer aWQ6cw==",
            "Basic !",
            "Basic aWQ=",
            "Basic /w==",
        ] {
            assert!(decode_basic(header).is_none(), "{header}");
        }
    }
}
