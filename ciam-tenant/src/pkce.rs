//! Proof Key for Code Exchange ([RFC 7636]), with Microsoft's errors.
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;

use crate::application::Platform;
use crate::error::Aadsts;
use crate::random::base64url;

/// What the authorization request committed to.
#[derive(Clone, Debug)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    /// The challenge of an authorization request.
    pub(crate) fn parse(
        challenge: Option<&str>,
        method: Option<&str>,
        platform: Platform,
    ) -> Result<Option<Self>, Aadsts> {
        // Section 4.3: without a method, it is "plain".
        let method = match method {
            None | Some("plain") => Self::Plain,
            Some("S256") => Self::S256,
            Some(_) => {
                return Err(Aadsts::invalid_request(
                    50149,
                    "Invalid Code_Challenge_method parameter.",
                ));
            }
        };
        match challenge {
            None if platform == Platform::Public => Err(Aadsts::invalid_request(
                50147,
                "Missing Code_Challenge parameter: a public client must use Proof Key for Code \
                 Exchange.",
            )),
            None => Ok(None),
            Some(text) if !has_size(text) => Err(Aadsts::invalid_request(
                501491,
                "Invalid size of Code_Challenge parameter.",
            )),
            Some(text) if !text.bytes().all(is_unreserved) => Err(Aadsts::invalid_request(
                50147,
                "Invalid Code_Challenge parameter.",
            )),
            Some(text) => Ok(Some(method(text.to_owned()))),
        }
    }

    /// Compares the verifier of a token request with the challenge that its code carries.
    pub(crate) fn check(challenge: Option<&Self>, verifier: Option<&str>) -> Result<(), Aadsts> {
        match (challenge, verifier) {
            (None, None) => Ok(()),
            // RFC 9700 section 2.1.1: otherwise an attacker removes the challenge.
            (None, Some(_)) => Err(Aadsts::new(
                "invalid_grant",
                50148,
                "The code_verifier does not match the code_challenge supplied in the authorization \
                 request for PKCE: there was none.",
            )),
            (Some(_), None) => Err(Aadsts::new(
                "invalid_grant",
                50148,
                "The code_verifier does not match the code_challenge supplied in the authorization \
                 request for PKCE: the code_verifier is missing.",
            )),
            (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(Aadsts::new(
                "invalid_grant",
                501481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization \
                 request.",
            )),
        }
    }

    fn accepts(&self, verifier: &str) -> bool {
        // Section 4.1: the verifier has the same form.
        let well_formed = has_size(verifier) && verifier.bytes().all(is_unreserved);
        let (expected, found) = match self {
            Self::Plain(challenge) => (challenge, verifier.to_owned()),
            Self::S256(challenge) => {
                let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
                (challenge, base64url(hash.as_ref()))
            }
        };
        well_formed && verify_slices_are_equal(expected.as_bytes(), found.as_bytes()).is_ok()
    }
}

fn has_size(text: &str) -> bool {
    (43..=128).contains(&text.len())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Challenge>, Aadsts> {
        Challenge::parse(challenge, method, Platform::Web)
    }

    #[test]
    fn accepts_the_example_of_the_specification() {
        let s256 = parse(Some(CHALLENGE), Some("S256")).unwrap();
        assert!(Challenge::check(s256.as_ref(), Some(VERIFIER)).is_ok());
        let plain = parse(Some(VERIFIER), None).unwrap();
        assert!(Challenge::check(plain.as_ref(), Some(VERIFIER)).is_ok());
        assert!(Challenge::check(None, None).is_ok());
    }

    #[test]
    fn refuses_what_does_not_match() {
        let s256 = parse(Some(CHALLENGE), Some("S256")).unwrap();
        for (challenge, verifier, number) in [
            (s256.as_ref(), Some(CHALLENGE), 501481),
            (s256.as_ref(), Some("short"), 501481),
            (s256.as_ref(), None, 50148),
            (None, Some(VERIFIER), 50148),
        ] {
            let refused = Challenge::check(challenge, verifier).unwrap_err();
            assert_eq!((refused.error, refused.number), ("invalid_grant", number));
        }
    }

    #[test]
    fn a_public_client_needs_a_challenge() {
        let refused = Challenge::parse(None, None, Platform::Public).unwrap_err();
        assert_eq!(refused.number, 50147);
    }
}
