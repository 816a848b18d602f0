//! The logout token: whose sessions the provider says are over.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::checks::{Moment, check_issuer, check_subject, check_tenant, numeric_date, text, texts};
use super::compact::{CompactJws, Header};
use super::json::present;
use super::{Algorithm, MAX_TOKEN_BYTES, TokenError};
use crate::clock::Timestamp;
use crate::keys::KeySet;
use crate::text::shortened;

/// A logout token that passed every check of [`verify_logout_token`].
#[derive(Clone)]
pub struct VerifiedLogoutToken {
    issuer: String,
    whose: Whose,
    id: String,
    acceptable_until: Timestamp,
}

impl VerifiedLogoutToken {
    /// `iss`: at which provider the sessions began.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Which sessions end.
    pub const fn whose(&self) -> &Whose {
        &self.whose
    }

    /// `jti`: no other logout token of the issuer has it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// From when on this token is refused, whenever it arrives.
    pub const fn acceptable_until(&self) -> Timestamp {
        self.acceptable_until
    }
}

impl fmt::Debug for VerifiedLogoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedLogoutToken")
            .field("issuer", &self.issuer)
            .field("acceptable_until", &self.acceptable_until)
            .finish_non_exhaustive()
    }
}

/// Which sessions a logout token ends.
#[derive(Clone, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // one that is overlooked would stay signed in
pub enum Whose {
    /// Those of one session at the provider: its `sid`.
    Session(String),
    /// All of a user, by `sub`: the token names no session.
    User(String),
}

impl fmt::Debug for Whose {
    /// Who knows a `sid` can end its sessions over the front channel.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Session",
            Self::User(_) => "User",
        })
    }
}

/// What a logout token must say.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // an expectation that is forgotten would be no check
pub struct ExpectedLogoutToken<'a> {
    /// `iss`, exactly.
    pub issuer: &'a str,
    /// `tid`, where the issuer policy knows the tenant: then the claim is required.
    pub tenant_id: Option<&'a str>,
    /// `aud` contains it.
    pub client_id: &'a str,
    /// The one algorithm of ID tokens.
    pub algorithm: Algorithm,
    /// How far the clocks may differ, in whole seconds.
    pub clock_tolerance: Duration,
}

/// Verifies a logout token: [OpenID Connect Back-Channel Logout 1.0, section 2.6], in
/// the order that trusts nothing before the signature.
///
/// That a token was accepted before is not seen here: whoever acts on it remembers
/// its [`id`](VerifiedLogoutToken::id).
///
/// # Errors
///
/// On the first check that fails. Fetching the keys again may help when
/// [`TokenError::is_unknown_key`] says so.
///
/// [OpenID Connect Back-Channel Logout 1.0, section 2.6]: https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
pub fn verify_logout_token(
    token: &str,
    keys: &KeySet,
    expected: &ExpectedLogoutToken<'_>,
    now: Timestamp,
) -> Result<VerifiedLogoutToken, TokenError> {
    let moment = Moment {
        now,
        tolerance: expected.clock_tolerance,
    };

    // Step 1 (decryption): skipped, as with ID tokens. An encrypted token is refused.
    let jws = CompactJws::parse(token, MAX_TOKEN_BYTES)?;
    check_type(&jws.header)?;

    // Step 3: the algorithm is that of ID tokens, even if another one has a published key.
    if jws.header.algorithm != expected.algorithm {
        return Err(TokenError::AlgorithmMismatch {
            expected: expected.algorithm,
            found: jws.header.algorithm,
        });
    }

    // Step 2: the signature.
    let key = keys.select(jws.header.kid.as_deref(), expected.algorithm)?;
    let payload = jws.verify(key, expected.algorithm)?;
    let claims = LogoutTokenClaims::parse(&payload)?;

    // Step 4: issuer, audience and times. `azp` is no claim of logout tokens, and the
    // sign-out of several clients at once harms none of them.
    let issuer = claims.iss.ok_or(TokenError::IssuerMissing)?;
    check_issuer(&issuer, expected.issuer)?;
    if let Some(tenant_id) = expected.tenant_id {
        check_tenant(claims.tid.as_deref(), tenant_id)?;
    }
    let audience = claims.aud.ok_or(TokenError::AudienceMissing)?;
    if !audience.iter().any(|one| one == expected.client_id) {
        return Err(TokenError::Audience {
            expected: shortened(expected.client_id),
        });
    }
    let issued_at = claims.iat.ok_or(TokenError::IssuedAtMissing)?;
    moment.check_issued_at(issued_at)?;
    moment.check_age(issued_at, MAX_AGE)?;
    let expires_at = claims.exp.ok_or(TokenError::ExpiryMissing)?;
    moment.check_expiry(expires_at)?;
    // RFC 7519, section 4.1.5.
    if let Some(not_before) = claims.nbf {
        moment.check_not_before(not_before)?;
    }

    // Step 5: whose sessions. Without `sid` they are all of the user's (section 2.4).
    if let Some(subject) = &claims.sub {
        check_subject(subject)?;
    }
    let whose = match (claims.sid, claims.sub) {
        (Some(sid), _) => Whose::Session(bounded("sid", sid)?),
        (None, Some(subject)) => Whose::User(subject),
        (None, None) => return Err(TokenError::SubjectAndSessionMissing),
    };

    // Step 6: what tells it from every other token of the provider.
    check_event(claims.events.as_ref())?;

    // Step 7: what an ID token has.
    if claims.has_nonce {
        return Err(TokenError::NonceUnexpected);
    }

    // Step 8 (not accepted before): whoever acts on it, above. The claim is required here.
    let id = bounded("jti", claims.jti.ok_or(TokenError::IdMissing)?)?;

    // Steps 9 to 11 (session, subject and issuer of an ID token that is known): the
    // sessions are looked up by all of them.
    Ok(VerifiedLogoutToken {
        issuer,
        whose,
        id,
        acceptable_until: expires_at
            .after(moment.tolerance)
            .min(issued_at.after(MAX_AGE).after(moment.tolerance)),
    })
}

/// Section 2.4 recommends `logout+jwt`; providers older than that recommendation say
/// `JWT` or nothing.
fn check_type(header: &Header) -> Result<(), TokenError> {
    if header.is_of_type("logout+jwt") {
        return Ok(());
    }
    header.check_type_is_jwt()
}

/// Section 2.4: "The corresponding member value MUST be a JSON object".
fn check_event(events: Option<&Value>) -> Result<(), TokenError> {
    let events = events.ok_or(TokenError::EventMissing)?;
    let events = events
        .as_object()
        .ok_or(TokenError::ClaimType { claim: "events" })?;
    match events.get(EVENT) {
        None => Err(TokenError::EventMissing),
        Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(TokenError::ClaimType { claim: "events" }),
    }
}

/// Something is looked up by it, or remembered.
fn bounded(claim: &'static str, text: String) -> Result<String, TokenError> {
    if (1..=MAX_ID_BYTES).contains(&text.len()) {
        return Ok(text);
    }
    Err(TokenError::ClaimLength {
        claim,
        limit: MAX_ID_BYTES,
    })
}

/// The claims the checks read, each of its type.
struct LogoutTokenClaims {
    aud: Option<Vec<String>>,
    events: Option<Value>,
    exp: Option<Timestamp>,
    has_nonce: bool,
    iat: Option<Timestamp>,
    iss: Option<String>,
    jti: Option<String>,
    nbf: Option<Timestamp>,
    sid: Option<String>,
    sub: Option<String>,
    tid: Option<String>,
}

impl LogoutTokenClaims {
    /// A claim of the wrong type is a failure, never an absent claim.
    fn parse(payload: &[u8]) -> Result<Self, TokenError> {
        let wire: Wire =
            serde_json::from_slice(payload).map_err(|_| TokenError::ClaimsMalformed)?;
        Ok(Self {
            aud: texts("aud", wire.aud)?,
            events: wire.events,
            exp: numeric_date("exp", wire.exp)?,
            has_nonce: wire.nonce.is_some(),
            iat: numeric_date("iat", wire.iat)?,
            iss: text("iss", wire.iss)?,
            jti: text("jti", wire.jti)?,
            nbf: numeric_date("nbf", wire.nbf)?,
            sid: text("sid", wire.sid)?,
            sub: text("sub", wire.sub)?,
            tid: text("tid", wire.tid)?,
        })
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "present")]
    aud: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    events: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    iss: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    jti: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    sid: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    tid: Option<Value>,
}

/// [OpenID Connect Back-Channel Logout 1.0, section 2.4](https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How old a logout token may be, whatever its `exp` says: section 4 recommends that it
/// lives for two minutes at most, and a provider that queues gets five times that.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// The longest `sid` and `jti`, in bytes: as for `sub` (OpenID Connect Core, section 2).
/// In use are GUIDs and hashes.
pub(crate) const MAX_ID_BYTES: usize = 255;
