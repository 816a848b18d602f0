//! The ID token: who signed in, for whom, when, in answer to what.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::checks::{
    Moment, check_issuer, check_key_issuer, check_subject, check_tenant, half_hash_matches,
    numeric_date, text, texts,
};
use super::compact::CompactJws;
use super::json::present;
use super::{Algorithm, TokenError};
use crate::clock::Timestamp;
use crate::keys::KeySet;
use crate::secret::{Secret, constant_time_eq};
use crate::text::shortened;

/// An ID token that passed every check of [`verify_id_token`].
#[derive(Clone)]
pub struct VerifiedIdToken {
    raw: Secret,
    payload: Bytes,
    issuer: String,
    subject: String,
    expires_at: Timestamp,
    auth_time: Option<Timestamp>,
    session_expiry: Option<Timestamp>,
}

impl VerifiedIdToken {
    /// `iss`: who vouches for the subject.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: who signed in, unique and never reassigned at the issuer.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `exp`.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// `auth_time`: when the user last proved who they are, if the token says it.
    pub const fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time
    }

    /// `session_expiry`: when the session that begins with this token has to end,
    /// if the provider says it.
    pub const fn session_expiry(&self) -> Option<Timestamp> {
        self.session_expiry
    }

    /// The token's text, for an `id_token_hint`.
    pub const fn raw(&self) -> &Secret {
        &self.raw
    }

    /// The text of the claims: one JSON object, no name of it twice.
    pub(crate) const fn payload(&self) -> &Bytes {
        &self.payload
    }
}

impl fmt::Debug for VerifiedIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIdToken")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What an ID token must say.
///
/// All of it is stated at each call: an expectation that is forgotten would be a
/// check that is not made.
#[derive(Clone, Copy)]
pub struct ExpectedIdToken<'a> {
    /// `iss`, exactly.
    pub issuer: &'a str,
    /// `tid`, where the issuer policy knows the tenant: then the claim is required.
    pub tenant_id: Option<&'a str>,
    /// Whether a key's own `issuer` binds it.
    pub key_issuer: KeyIssuer,
    /// `aud` contains it; `azp` is it.
    pub client_id: &'a str,
    /// The one algorithm of ID tokens.
    pub algorithm: Algorithm,
    /// The nonce of this sign-in.
    pub nonce: ExpectedNonce<'a>,
    /// How long ago the user may have signed in; `None` where it was not asked.
    pub max_age: Option<Duration>,
    /// How far the clocks may differ, in whole seconds.
    pub clock_tolerance: Duration,
    /// The access token that came along, which `at_hash` must be of.
    pub access_token: Option<&'a str>,
    /// The authorization code that was redeemed, which `c_hash` must be of.
    pub code: Option<&'a str>,
}

impl fmt::Debug for ExpectedIdToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpectedIdToken")
            .field("issuer", &self.issuer)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Whether the `issuer` beside a key limits whose tokens it may sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyIssuer {
    /// Yes, with the token's `tid` in place of `{tenantid}`: for key sets that
    /// serve many tenants.
    Honoured,
    /// No: the set belongs to one issuer. What customer tenants write there is
    /// not documented, and may be another host's template.
    Ignored,
}

/// What is expected of the claim `nonce`.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum ExpectedNonce<'a> {
    /// None was sent, so none may be there.
    Absent,
    /// The token comes with a refresh: without a nonce, or with the one of the
    /// sign-in ([OpenID Connect Core, section 12.2]).
    ///
    /// [OpenID Connect Core, section 12.2]: https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
    Original(&'a str),
    /// This one was sent, so it must be there.
    Sent(&'a str),
}

impl fmt::Debug for ExpectedNonce<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Original(_) => "Original",
            Self::Sent(_) => "Sent",
        })
    }
}

/// Verifies an ID token: [OpenID Connect Core, section 3.1.3.7], in the order
/// that trusts nothing before the signature.
///
/// # Errors
///
/// On the first check that fails. Fetching the keys again may help when
/// [`TokenError::is_unknown_key`] says so.
///
/// [OpenID Connect Core, section 3.1.3.7]: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
pub fn verify_id_token(
    token: &str,
    keys: &KeySet,
    expected: &ExpectedIdToken<'_>,
    now: Timestamp,
) -> Result<VerifiedIdToken, TokenError> {
    let moment = Moment {
        now,
        tolerance: expected.clock_tolerance,
    };

    // Step 1 (decryption): skipped. Encryption cannot be asked for with this
    // crate, and an encrypted token is refused here.
    let jws = CompactJws::parse(token, MAX_TOKEN_BYTES)?;
    jws.header.check_type_is_jwt()?;

    // Steps 7 and 8: the algorithm is the configured one, never a MAC.
    if jws.header.algorithm != expected.algorithm {
        return Err(TokenError::AlgorithmMismatch {
            expected: expected.algorithm,
            found: jws.header.algorithm,
        });
    }

    // Step 6: the signature, always; that the token came over TLS is not taken
    // in its place.
    let key = keys.select(jws.header.kid.as_deref(), expected.algorithm)?;
    let payload = jws.verify(key, expected.algorithm)?;
    let claims = IdTokenClaims::parse(&payload)?;

    // Step 2: the issuer, and the tenant where the policy knows it.
    let issuer = claims.iss.ok_or(TokenError::IssuerMissing)?;
    check_issuer(&issuer, expected.issuer)?;
    if let Some(tenant_id) = expected.tenant_id {
        check_tenant(claims.tid.as_deref(), tenant_id)?;
    }
    if expected.key_issuer == KeyIssuer::Honoured {
        check_key_issuer(key, &issuer, claims.tid.as_deref())?;
    }

    // Section 2: the subject.
    let subject = claims.sub.ok_or(TokenError::SubjectMissing)?;
    check_subject(&subject)?;

    // Steps 3 to 5: the audience, and whom the token was issued to.
    let audience = claims.aud.ok_or(TokenError::AudienceMissing)?;
    check_audience(&audience, claims.azp.as_deref(), expected.client_id)?;

    // Step 9: the expiry.
    let expires_at = claims.exp.ok_or(TokenError::ExpiryMissing)?;
    moment.check_expiry(expires_at)?;

    // RFC 7519, section 4.1.5: not before.
    if let Some(not_before) = claims.nbf {
        moment.check_not_before(not_before)?;
    }

    // Step 10: `iat` is required, and not in the future. A greatest age is not
    // set: the nonce ties the token to a sign-in that is minutes old.
    let issued_at = claims.iat.ok_or(TokenError::IssuedAtMissing)?;
    moment.check_issued_at(issued_at)?;

    // Step 11: the nonce.
    check_nonce(claims.nonce.as_deref(), expected.nonce)?;

    // Step 12 (`acr`): skipped here. A step-up is asked for by a guard, which
    // compares the claim with what it asked for.

    // Step 13: how long ago the user signed in.
    if let Some(max_age) = expected.max_age {
        let auth_time = claims.auth_time.ok_or(TokenError::AuthTimeMissing)?;
        moment.check_auth_time(auth_time, max_age)?;
    }

    // Section 3.1.3.8 and 3.3.2.10: what came along. Both claims are optional in
    // the code flow. One that is there, with nothing to compare it to, belongs
    // to another answer than this one, and is refused.
    let belongs = |hash: Option<&str>, to: Option<&str>| match (hash, to) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(hash), Some(text)) => half_hash_matches(expected.algorithm, text, hash),
    };
    if !belongs(claims.at_hash.as_deref(), expected.access_token) {
        return Err(TokenError::AccessTokenHash);
    }
    if !belongs(claims.c_hash.as_deref(), expected.code) {
        return Err(TokenError::CodeHash);
    }

    Ok(VerifiedIdToken {
        raw: Secret::new(token),
        payload: Bytes::from(payload),
        issuer,
        subject,
        expires_at,
        auth_time: claims.auth_time,
        session_expiry: claims.session_expiry,
    })
}

/// The longest ID token that is read, in bytes.
///
/// Real ones have one to two thousand, with 200 groups about ten thousand.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// Step 3 refuses audiences the client does not trust. Providers that list
/// others say in `azp` whom the token is for, so that is what must be there; a
/// foreign audience alone is a token for someone else.
fn check_audience(
    audience: &[String],
    authorized_party: Option<&str>,
    client_id: &str,
) -> Result<(), TokenError> {
    if !audience.iter().any(|one| one == client_id) {
        return Err(TokenError::Audience {
            expected: shortened(client_id),
        });
    }
    let others = audience.iter().any(|one| one != client_id);
    match authorized_party {
        Some(party) if party == client_id => Ok(()),
        None if !others => Ok(()),
        _ => Err(TokenError::AuthorizedParty {
            expected: shortened(client_id),
        }),
    }
}

fn check_nonce(found: Option<&str>, expected: ExpectedNonce<'_>) -> Result<(), TokenError> {
    match (expected, found) {
        (ExpectedNonce::Absent | ExpectedNonce::Original(_), None) => Ok(()),
        (ExpectedNonce::Absent, Some(_)) => Err(TokenError::NonceUnexpected),
        (ExpectedNonce::Sent(_), None) => Err(TokenError::NonceMissing),
        (ExpectedNonce::Original(nonce) | ExpectedNonce::Sent(nonce), Some(found)) => {
            if constant_time_eq(nonce.as_bytes(), found.as_bytes()) {
                Ok(())
            } else {
                Err(TokenError::Nonce)
            }
        }
    }
}

/// The claims the checks read, each of its type.
struct IdTokenClaims {
    at_hash: Option<String>,
    aud: Option<Vec<String>>,
    auth_time: Option<Timestamp>,
    azp: Option<String>,
    c_hash: Option<String>,
    exp: Option<Timestamp>,
    iat: Option<Timestamp>,
    iss: Option<String>,
    nbf: Option<Timestamp>,
    nonce: Option<String>,
    session_expiry: Option<Timestamp>,
    sub: Option<String>,
    tid: Option<String>,
}

impl IdTokenClaims {
    /// A claim of the wrong type is a failure, never an absent claim.
    fn parse(payload: &[u8]) -> Result<Self, TokenError> {
        let wire: Wire =
            serde_json::from_slice(payload).map_err(|_| TokenError::ClaimsMalformed)?;
        Ok(Self {
            at_hash: text("at_hash", wire.at_hash)?,
            aud: texts("aud", wire.aud)?,
            auth_time: numeric_date("auth_time", wire.auth_time)?,
            azp: text("azp", wire.azp)?,
            c_hash: text("c_hash", wire.c_hash)?,
            exp: numeric_date("exp", wire.exp)?,
            iat: numeric_date("iat", wire.iat)?,
            iss: text("iss", wire.iss)?,
            nbf: numeric_date("nbf", wire.nbf)?,
            nonce: text("nonce", wire.nonce)?,
            session_expiry: numeric_date("session_expiry", wire.session_expiry)?,
            sub: text("sub", wire.sub)?,
            tid: text("tid", wire.tid)?,
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "present")]
    at_hash: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    auth_time: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    azp: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    c_hash: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    iss: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    session_expiry: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    tid: Option<Value>,
}

#[cfg(test)]
mod tests;
