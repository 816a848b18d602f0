//! The bearer token of a request ([RFC 6750, section 2]).
//!
//! [RFC 6750, section 2]: https://www.rfc-editor.org/rfc/rfc6750#section-2

use super::ApiError;
use crate::token::{MAX_TOKEN_BYTES, TokenError};

/// The token in the values of the `Authorization` headers; `None` where the request has no
/// credentials of this kind. Whether its characters are a token's says
/// [`bearer_text`]: of a token that is known nobody has to ask.
///
/// A token in the query is none: addresses are logged, kept and passed on. Beside
/// one in the header it makes two, which section 2 forbids.
pub(crate) fn bearer_token<'h>(
    mut values: impl Iterator<Item = &'h [u8]>,
    query: Option<&str>,
) -> Result<Option<&'h [u8]>, ApiError> {
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(ApiError::SeveralCredentials);
    }
    // RFC 9110, section 11.1: the name of a scheme has no case.
    let scheme = value.get(..SCHEME.len());
    if !scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
        return Ok(None);
    }
    let token = &value[SCHEME.len()..];
    if token.first().is_some_and(|byte| *byte != b' ') {
        // The scheme of another name: `BearerX`.
        return Ok(None);
    }
    // Before anything is read: what follows costs at most as much as the limit.
    let (found, limit) = (token.len().saturating_sub(1), MAX_TOKEN_BYTES);
    if found > limit {
        return Err(TokenError::TooLarge { found, limit }.into());
    }
    let token = token.trim_ascii_start();
    if token.is_empty() {
        return Err(ApiError::MalformedCredentials);
    }
    if query.is_some_and(has_token) {
        return Err(ApiError::SeveralCredentials);
    }
    Ok(Some(token))
}

/// The token as text, if it has the characters of `b64token` (RFC 6750, section 2.1).
pub(super) fn bearer_text(token: &[u8]) -> Result<&str, ApiError> {
    let text = std::str::from_utf8(token).ok();
    text.filter(|_| is_token(token))
        .ok_or(ApiError::MalformedCredentials)
}

/// Every byte is looked at, whatever those before it were: without a branch the compiler
/// takes many at once.
fn is_token(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .fold(true, |all, byte| all & is_of_token(*byte))
}

const fn is_of_token(byte: u8) -> bool {
    // Two runs of ASCII, `-./0123456789` and the letters of either case; then `+=_~`.
    let in_first_run = byte.wrapping_sub(b'-') <= b'9' - b'-';
    let is_letter = (byte | 0x20).wrapping_sub(b'a') <= b'z' - b'a';
    let is_other = (byte == b'+') | (byte == b'=') | (byte == b'_') | (byte == b'~');
    in_first_run | is_letter | is_other
}

fn has_token(query: &str) -> bool {
    let names = query.split('&').map(|pair| pair.split('=').next());
    names.flatten().any(|name| name == "access_token")
}

const SCHEME: &[u8] = b"Bearer";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str], uri: &str) -> Result<Option<String>, &'static str> {
        let query = uri.split_once('?').map(|(_, query)| query);
        let token = bearer_token(values.iter().map(|value| value.as_bytes()), query);
        let text = token.and_then(|token| token.map(bearer_text).transpose());
        text.map(|token| token.map(str::to_owned))
            .map_err(|error| error.code())
    }

    #[test]
    fn one_token_in_one_header() {
        for value in ["Bearer a.b-c_", "bearer a.b-c_", "BEARER  a.b-c_"] {
            assert_eq!(
                read(&[value], "/"),
                Ok(Some("a.b-c_".to_owned())),
                "{value}"
            );
        }
        assert_eq!(read(&[], "/"), Ok(None));
        assert_eq!(read(&[], "/?access_token=a.b.c"), Ok(None));
        for value in ["Basic YTpi", "BearerX a", "", "Bear", "DPoP a.b.c"] {
            assert_eq!(read(&[value], "/"), Ok(None), "{value}");
        }
    }

    #[test]
    fn a_token_has_the_characters_of_its_grammar_and_no_others() {
        for byte in 0..=u8::MAX {
            let of_grammar = byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            assert_eq!(is_of_token(byte), of_grammar, "{byte:#x}");
            for place in [0, 17, 40] {
                let mut token = [b'a'; 41];
                token[place] = byte;
                assert_eq!(is_token(&token), of_grammar, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn what_is_longer_than_any_token_is_not_looked_at() {
        let longest = "a".repeat(MAX_TOKEN_BYTES);
        let header = format!("Bearer {longest}");
        assert_eq!(read(&[&header], "/"), Ok(Some(longest)));
        for rest in ["a", "\u{e9}", " ", "."] {
            let header = format!("Bearer {}", rest.repeat(MAX_TOKEN_BYTES + 1));
            assert_eq!(read(&[&header], "/"), Err("token.too_large"), "{rest:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer \"a\"",
            "Bearer \u{e9}",
            "Bearer a%2Eb",
        ] {
            assert_eq!(read(&[value], "/"), Err("bearer.malformed"), "{value}");
        }
        for values in [
            &["Bearer a", "Bearer a"][..],
            &["Bearer a", "Basic YTpi"],
            &["Basic YTpi", "Bearer a"],
        ] {
            assert_eq!(read(values, "/"), Err("bearer.several"), "{values:?}");
        }
        assert_eq!(
            read(&["Bearer a"], "/?x=1&access_token=b"),
            Err("bearer.several")
        );
    }
}
