//! Compact serialization: three segments and a header, before any trust.

use std::borrow::Cow;

use base64_simd::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::json::{ObjectError, check_object};
use super::members::{Member, Wanted, read_members};
use super::{Algorithm, TokenError, parse_algorithm};
use crate::keys::{PreparedKey, SignatureError};
use crate::text::shortened;

/// A token split and its header read; nothing of it is verified.
#[derive(Debug)]
pub(crate) struct CompactJws<'a> {
    pub(super) header: Header,
    signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> CompactJws<'a> {
    /// Splits a token and reads its header ([RFC 7515, section 5.2]).
    ///
    /// [RFC 7515, section 5.2]: https://www.rfc-editor.org/rfc/rfc7515#section-5.2
    pub(crate) fn parse(token: &'a str, limit: usize) -> Result<Self, TokenError> {
        // Length first: what follows costs at most as much as the limit.
        if token.len() > limit {
            return Err(TokenError::TooLarge {
                found: token.len(),
                limit,
            });
        }
        let (signing_input, header, payload, signature) = split(token)?;
        if header.len() > MAX_HEADER_BYTES {
            return Err(TokenError::HeaderTooLarge {
                found: header.len(),
                limit: MAX_HEADER_BYTES,
            });
        }
        Ok(Self {
            header: Header::parse(header)?,
            signing_input,
            payload,
            signature,
        })
    }

    /// What the token says of its issuer. Nothing of it is verified: this only tells
    /// whom to ask, and which tokens are not worth a request.
    pub(crate) fn unverified(&self) -> UnverifiedIssuer {
        let payload = decode(self.payload).unwrap_or_default();
        // As far as whoever verifies it reads.
        if is_deep(&payload, MAX_DEPTH) {
            return UnverifiedIssuer::default();
        }
        serde_json::from_slice(&payload).unwrap_or_default()
    }

    /// Verifies the signature and only then decodes what was signed: one object.
    pub(super) fn verify(
        &self,
        key: &PreparedKey,
        algorithm: Algorithm,
    ) -> Result<Vec<u8>, TokenError> {
        let payload = self.verify_signature(key, algorithm)?;
        let json = std::str::from_utf8(&payload).map_err(|_| TokenError::ClaimsMalformed)?;
        check_object(json).map_err(|error| match error {
            ObjectError::Malformed => TokenError::ClaimsMalformed,
            ObjectError::Repeated { name } => TokenError::Repeated { name },
        })?;
        Ok(payload)
    }

    /// Verifies the signature and only then decodes what was signed, which whoever
    /// reads it has to check.
    pub(super) fn verify_signature(
        &self,
        key: &PreparedKey,
        algorithm: Algorithm,
    ) -> Result<Vec<u8>, TokenError> {
        let signature = decode(self.signature)?;
        key.verify(algorithm, self.signing_input.as_bytes(), &signature)
            .map_err(|SignatureError| TokenError::Signature {
                kid: self.header.kid.as_deref().map(shortened),
            })?;
        decode(self.payload)
    }
}

/// What a token says of its issuer before anything is verified; empty where it does
/// not say it as a text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UnverifiedIssuer {
    #[serde(rename = "iss")]
    pub(crate) issuer: String,
    #[serde(rename = "tid")]
    pub(crate) tenant_id: String,
}

/// The members of a header this crate acts on. Keys that a token brings along
/// (`jwk`, `jku`, `x5c`, `x5u`) are not among them: they are never looked at.
#[derive(Debug)]
pub(crate) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    /// Only the tokens of Microsoft Graph have one here.
    pub(super) has_nonce: bool,
}

impl Header {
    fn parse(segment: &str) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD
            .decode_to_vec(segment)
            .map_err(|_| TokenError::HeaderMalformed)?;
        // Nobody had to sign it: what the reader makes of a thousand levels costs more
        // than a signature.
        if is_deep(&bytes, MAX_HEADER_DEPTH) {
            return Err(TokenError::HeaderMalformed);
        }
        let [alg, b64, crit, enc, kid, nonce, typ, zip] =
            read_members(&bytes, &WANTED).map_err(|error| match error {
                TokenError::ClaimsMalformed => TokenError::HeaderMalformed,
                repeated => repeated,
            })?;

        // The name first: no other member can make an unsigned token fine.
        let algorithm = text(alg)?.ok_or(TokenError::AlgorithmMissing)?;
        let algorithm = parse_algorithm(&algorithm)?;

        // RFC 7515, section 4.1.11: no extension is understood here, so any
        // list of critical ones is a refusal.
        if crit.is_some() {
            return Err(TokenError::Critical);
        }
        // RFC 7797 and RFC 7516, section 4.1.3: they change what the segments
        // mean, and are refused without `crit` as well.
        for (name, member) in [("b64", b64), ("enc", enc), ("zip", zip)] {
            if member.is_some() {
                return Err(TokenError::HeaderParameter { name });
            }
        }
        Ok(Self {
            algorithm,
            kid: text(kid)?.map(Cow::into_owned),
            typ: text(typ)?.map(Cow::into_owned),
            has_nonce: nonce.is_some(),
        })
    }

    /// Whether the token says that it is of this type: the comparison
    /// ignores case and an `application/` prefix (RFC 7515, section 4.1.9).
    pub(super) fn is_of_type(&self, expected: &str) -> bool {
        let typ = self.typ.as_deref();
        typ.is_some_and(|typ| media_type_matches(typ, expected))
    }

    /// Refuses a token that says it is of another type.
    ///
    /// Absent is what OpenID Connect always allowed; the comparison ignores case
    /// and an `application/` prefix ([RFC 7515, section 4.1.9]).
    ///
    /// [RFC 7515, section 4.1.9]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9
    pub(super) fn check_type_is_jwt(&self) -> Result<(), TokenError> {
        let Some(typ) = self.typ.as_deref() else {
            return Ok(());
        };
        if media_type_matches(typ, "jwt") {
            return Ok(());
        }
        Err(TokenError::Type {
            found: shortened(typ),
        })
    }
}

fn text(member: Option<Member<'_>>) -> Result<Option<Cow<'_, str>>, TokenError> {
    match member {
        None => Ok(None),
        Some(Member::Text(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::HeaderMalformed),
    }
}

fn media_type_matches(found: &str, expected: &str) -> bool {
    let subtype = match found.split_once('/') {
        None => found,
        Some((top, subtype)) if top.eq_ignore_ascii_case("application") => subtype,
        Some(_) => return false,
    };
    subtype.eq_ignore_ascii_case(expected)
}

/// Signing input, header, payload, signature.
fn split(token: &str) -> Result<(&str, &str, &str, &str), TokenError> {
    let mut segments = token.split('.');
    let (Some(header), Some(payload), Some(_)) =
        (segments.next(), segments.next(), segments.next())
    else {
        return Err(TokenError::Malformed);
    };
    // Never further than what tells an encrypted token from nonsense.
    match segments.take(3).count() {
        0 => {}
        2 => return Err(TokenError::Encrypted),
        _ => return Err(TokenError::Malformed),
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    Ok((signing_input, header, payload, signature))
}

/// Whether objects and lists are nested further than this.
fn is_deep(json: &[u8], limit: usize) -> bool {
    // What nearly all are decided by, and without a branch for each byte.
    let opened = json.iter().filter(|byte| matches!(byte, b'[' | b'{'));
    if opened.count() <= limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match (byte, in_text) {
            (b'"', _) => in_text = !in_text,
            (b'\\', true) => {
                bytes.next();
            }
            (b'[' | b'{', false) => depth += 1,
            (b']' | b'}', false) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// Strict: no padding, no other alphabet, no white space, no stray bits in the
/// last character. One token has one text.
fn decode(segment: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode_to_vec(segment)
        .map_err(|_| TokenError::Malformed)
}

/// In the order in which they are read.
static WANTED: Wanted<8> = Wanted::new(["alg", "b64", "crit", "enc", "kid", "nonce", "typ", "zip"])
    .at_most(MAX_HEADER_MEMBERS);

/// A header with a certificate chain, which is ignored, still fits.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// The registry of header parameters has about forty, half of them of encrypted tokens.
const MAX_HEADER_MEMBERS: usize = 64;

/// The limit of serde_json.
const MAX_DEPTH: usize = 128;

/// The deepest that is registered is the chain of a key: `{"jwk":{"x5c":["…"]}}` (RFC 7517,
/// section 4.7).
const MAX_HEADER_DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Result<Header, TokenError> {
        Header::parse(&URL_SAFE_NO_PAD.encode_to_string(json))
    }

    #[test]
    fn base64url_is_strict() {
        assert_eq!(decode("QQ").expect("canonical"), b"A");
        for text in ["QR", "QQ==", "QQ=", "Q", "Q Q", "QQ\n", "+/+/", "QUI="] {
            assert!(decode(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn splits_only_three_segments() {
        let split_code = |token: &str| split(token).map(|_| ()).map_err(|e| e.code());
        assert_eq!(split("a.b.c").expect("three"), ("a.b", "a", "b", "c"));
        assert_eq!(split("..").expect("three"), (".", "", "", ""));
        assert_eq!(split_code(""), Err("token.malformed"));
        assert_eq!(split_code("a"), Err("token.malformed"));
        assert_eq!(split_code("a.b"), Err("token.malformed"));
        assert_eq!(split_code("a.b.c.d"), Err("token.malformed"));
        assert_eq!(split_code("a.b.c.d.e"), Err("token.encrypted"));
        assert_eq!(split_code("a.b.c.d.e.f"), Err("token.malformed"));
        assert_eq!(split_code(&".".repeat(1_000_000)), Err("token.malformed"));
    }

    #[test]
    fn an_overlong_token_is_not_even_split() {
        let error = CompactJws::parse(&".".repeat(101), 100).expect_err("too long");
        assert_eq!(error.code(), "token.too_large");
    }

    #[test]
    fn a_header_is_nested_as_far_as_headers_are() {
        let with = |value: &str| header(&format!(r#"{{"alg":"RS256","a":{value}}}"#));
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(with(&deep(MAX_HEADER_DEPTH - 1)).is_ok());
        assert!(with(&format!("[{}]", ["[[]]"; 100].join(","))).is_ok());
        // Inside a text it is none.
        assert!(with(r#""[[[[[[[[[[[[\"[[[[{{{{\\\\""#).is_ok());
        for value in [deep(MAX_HEADER_DEPTH), deep(2_000), "{".repeat(2_000)] {
            let code = with(&value).map(|_| ()).map_err(|error| error.code());
            assert_eq!(code, Err("token.header_malformed"), "{value:.40}");
        }
    }

    #[test]
    fn the_type_is_compared_as_a_media_type() {
        for typ in ["JWT", "jwt", "Jwt", "application/jwt", "APPLICATION/JWT"] {
            let json = format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#);
            let header = header(&json).expect("readable");
            assert!(header.check_type_is_jwt().is_ok(), "{typ}");
        }
        for typ in [
            "",
            "at+jwt",
            "logout+jwt",
            "JOSE",
            "text/jwt",
            "application/",
            "jwt ",
        ] {
            let json = format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#);
            let header = header(&json).expect("readable");
            assert!(header.check_type_is_jwt().is_err(), "{typ}");
        }
    }

    #[test]
    fn a_null_member_is_not_an_absent_one() {
        for json in [
            r#"{"alg":null}"#,
            r#"{"alg":"RS256","kid":null}"#,
            r#"{"alg":"RS256","typ":null}"#,
            r#"{"alg":"RS256","crit":null}"#,
            r#"{"alg":"RS256","zip":null}"#,
        ] {
            assert!(header(json).is_err(), "{json}");
        }
    }
}
