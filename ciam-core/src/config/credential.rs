//! How the application proves itself to the provider.

use crate::secret::Secret;

use super::authority::Authority;
use super::guid::Guid;
use super::problem::{Fault, shown};

/// What the application proves itself with at the token endpoint.
///
/// Default: [`Public`](Self::Public), the code verifier alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientCredential {
    /// Nothing but PKCE.
    Public,
    /// A client secret.
    Secret(Secret),
}

/// How a client secret is sent.
///
/// Default: what the provider's metadata allows. [RFC 6749, section 2.3.1].
///
/// [RFC 6749, section 2.3.1]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClientAuth {
    /// In the `Authorization` header: `client_secret_basic`.
    Basic,
    /// Not at all, because there is none: `none`.
    None,
    /// In the form: `client_secret_post`.
    Post,
}

impl ClientAuth {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "basic" => Ok(Self::Basic),
            "none" => Ok(Self::None),
            "post" => Ok(Self::Post),
            _ => Err(Fault::new(
                "config.client_auth_unknown",
                format!("{} is not a way to send a client secret", shown(text)),
                "use basic, post or none, or leave it out",
            )),
        }
    }

    /// As `CIAM_CLIENT_AUTH` has it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::None => "none",
            Self::Post => "post",
        }
    }
}

/// Reads `CIAM_CLIENT_ID`.
pub(super) fn client_id(text: &str) -> Result<String, Fault> {
    let fix = "set it to the application (client) id";
    if text.len() > MAX_CLIENT_ID {
        let what = format!("has {} bytes, the limit is {MAX_CLIENT_ID}", text.len());
        return Err(Fault::new("config.client_id_invalid", what, fix));
    }
    match text.chars().find(|c| !is_vschar(*c)) {
        None => Ok(text.to_owned()),
        Some(odd) => {
            let what = format!("holds the character {odd:?}");
            Err(Fault::new("config.client_id_invalid", what, fix))
        }
    }
}

/// Reads `CIAM_CLIENT_SECRET`.
pub(super) fn client_secret(secret: &Secret) -> Result<(), Fault> {
    let text = secret.expose();
    no_surrounding_space(text)?;
    if text.len() > MAX_CLIENT_SECRET {
        let what = format!("has {} bytes, the limit is {MAX_CLIENT_SECRET}", text.len());
        let fix = "set it to the secret's value";
        return Err(Fault::new("config.client_secret_invalid", what, fix));
    }
    if !text.chars().all(is_vschar) {
        return Err(Fault::new(
            "config.client_secret_invalid",
            "holds a character that no client secret may have",
            "copy the secret's value again, without line ends and quotation marks",
        ));
    }
    Ok(())
}

/// What a secret can only be wrong about once the provider is known.
pub(super) fn client_secret_for(secret: &Secret, authority: &Authority) -> Result<(), Fault> {
    // AADSTS7000215 at the first sign-in: the portal shows both side by side.
    if authority.is_microsoft() && Guid::parse(secret.expose()).is_some() {
        return Err(Fault::new(
            "config.client_secret_is_id",
            "is a GUID, as the id of a secret is",
            "set it to the secret's value instead of its id; the portal shows the value once, so \
             create a new secret if it is lost",
        ));
    }
    Ok(())
}

/// Whether the way to send a secret and the secret go together.
pub(super) fn client_auth_for(auth: ClientAuth, has_secret: bool) -> Result<(), Fault> {
    match (auth, has_secret) {
        (ClientAuth::Basic | ClientAuth::Post, true) | (ClientAuth::None, false) => Ok(()),
        (ClientAuth::Basic | ClientAuth::Post, false) => Err(Fault::new(
            "config.client_auth_without_secret",
            format!("is {}, but there is no client secret", auth.as_str()),
            "set CIAM_CLIENT_SECRET, or remove CIAM_CLIENT_AUTH",
        )),
        (ClientAuth::None, true) => Err(Fault::new(
            "config.client_auth_with_secret",
            "is none, but there is a client secret",
            "remove CIAM_CLIENT_SECRET, or set CIAM_CLIENT_AUTH to basic or post",
        )),
    }
}

/// A pasted line end would be sent, and answered with "invalid client".
pub(super) fn no_surrounding_space(secret: &str) -> Result<(), Fault> {
    if secret.trim() == secret {
        return Ok(());
    }
    Err(Fault::new(
        "config.secret_surrounding_space",
        "begins or ends with white space",
        "remove it: copying often adds a space or a line end",
    ))
}

/// RFC 6749, appendix A: `VSCHAR`.
const fn is_vschar(c: char) -> bool {
    matches!(c, ' '..='~')
}

const MAX_CLIENT_ID: usize = 256;

/// Far above the secrets that providers generate (Entra: 40 characters).
const MAX_CLIENT_SECRET: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids() {
        for text in [
            "shop",
            "aaaabbbb-0000-cccc-1111-dddd2222eeee",
            "urn:a b",
            &"a".repeat(256),
        ] {
            assert_eq!(client_id(text).expect(text), text);
        }
        for text in ["a\nb", "ä", "a\u{7f}", &"a".repeat(257)] {
            let fault = client_id(text).expect_err(text);
            assert_eq!(fault.code, "config.client_id_invalid", "{text}");
        }
    }

    #[test]
    fn client_secrets() {
        client_secret(&Secret::new("a8Q~abc.def-g h")).expect("a secret");
        for (text, code) in [
            (" hunter2", "config.secret_surrounding_space"),
            ("hunter2\n", "config.secret_surrounding_space"),
            ("hun\nter2", "config.client_secret_invalid"),
            ("hünter2", "config.client_secret_invalid"),
            (&"a".repeat(4097), "config.client_secret_invalid"),
        ] {
            let fault = client_secret(&Secret::new(text)).expect_err(text);
            assert_eq!(fault.code, code);
            assert!(!format!("{fault:?}").contains("ter2"), "{fault:?}");
        }
    }

    #[test]
    fn a_microsoft_secret_is_not_its_id() {
        let id = Secret::new("AAAABBBB-0000-cccc-1111-dddd2222eeee");
        let at = |authority| Authority::new(authority, None, None, None).expect("an authority");
        let fault = client_secret_for(&id, &at("https://contoso.ciamlogin.com"));
        assert_eq!(fault.expect_err("an id").code, "config.client_secret_is_id");
        client_secret_for(&id, &at("https://id.example")).expect("another provider's secret");
        let value = Secret::new("a8Q~abc");
        client_secret_for(&value, &at("https://contoso.ciamlogin.com")).expect("a value");
    }

    #[test]
    fn client_auth_needs_what_it_sends() {
        for auth in [ClientAuth::Basic, ClientAuth::None, ClientAuth::Post] {
            assert_eq!(
                ClientAuth::parse(auth.as_str()).expect("its own name"),
                auth
            );
            let sends = auth != ClientAuth::None;
            assert_eq!(client_auth_for(auth, true).is_ok(), sends);
            assert_eq!(client_auth_for(auth, false).is_ok(), !sends);
        }
        for text in ["Basic", "client_secret_basic", "jwt"] {
            let fault = ClientAuth::parse(text).expect_err(text);
            assert_eq!(fault.code, "config.client_auth_unknown");
        }
    }

    #[test]
    fn debug_does_not_leak() {
        let credential = ClientCredential::Secret(Secret::new("hunter2"));
        assert_eq!(format!("{credential:?}"), "Secret(Secret)");
    }
}
