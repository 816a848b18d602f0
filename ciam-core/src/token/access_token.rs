//! The access token of an API: who calls, through which application, with which rights.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::checks::{Moment, check_issuer, check_key_issuer, check_subject, check_tenant};
use super::compact::{CompactJws, Header};
use super::{Algorithm, MAX_TOKEN_BYTES, TokenError};
use crate::clock::Timestamp;
use crate::config::Guid;
use crate::keys::{KeySet, PreparedKey};
use crate::text::shortened;

use self::claims::AccessTokenClaims;

mod claims;

/// An access token that passed every check of [`verify_access_token`].
///
/// Which audience it is for is known and not yet judged: that is policy, and is
/// looked at on every request.
#[derive(Clone)]
pub struct VerifiedAccessToken {
    payload: Bytes,
    issuer: String,
    subject: String,
    audience: Vec<String>,
    application: Option<String>,
    scopes: Vec<String>,
    roles: Vec<String>,
    directory: Option<(String, String)>,
    is_application: bool,
    understands_challenges: bool,
    expires_at: Timestamp,
}

impl VerifiedAccessToken {
    /// `iss`: who issued it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: whom it speaks for.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `aud`: for which APIs it is; at least one.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// The application it was issued to: `azp`, Microsoft's `appid`, RFC 9068's
    /// `client_id` or Okta's `cid`.
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// What the user let the application do: `scope`, or Microsoft's `scp`.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// `roles`: of the user, or of the application that calls for itself. Of an
    /// unexpected type they are none.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// `tid` and `oid`: who this is in a directory of Microsoft's, if both are there.
    /// Asked once, because it gives them away.
    pub(crate) const fn take_directory(&mut self) -> Option<(String, String)> {
        self.directory.take()
    }

    /// Whether the client said that it can act on a claims challenge: `xms_cc` has
    /// `cp1`.
    pub(crate) const fn understands_challenges(&self) -> bool {
        self.understands_challenges
    }

    /// Whether an application calls for itself, and no user.
    ///
    /// `idtyp` says so; else Microsoft's rule (no scopes, and `oid` is `sub`), and
    /// that of [RFC 9068, section 2.2]: the subject is the application.
    ///
    /// [RFC 9068, section 2.2]: https://www.rfc-editor.org/rfc/rfc9068#section-2.2
    pub const fn is_application(&self) -> bool {
        self.is_application
    }

    /// `exp`.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The text of the claims: one JSON object, no name of it twice.
    pub(crate) const fn payload(&self) -> &Bytes {
        &self.payload
    }
}

impl fmt::Debug for VerifiedAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedAccessToken")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("application", &self.application)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What an access token must say, whichever API it is for.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // an expectation that is forgotten would be no check
pub struct ExpectedAccessToken<'a> {
    /// `iss`, exactly; where many tenants are expected, with `{tenantid}` in place of
    /// the token's.
    pub issuer: &'a str,
    /// `tid`.
    pub tenant: ExpectedTenant<'a>,
    /// What it may be signed with.
    pub algorithms: &'a [Algorithm],
    /// Whether the type must be `at+jwt` ([RFC 9068, section 4]).
    ///
    /// [RFC 9068, section 4]: https://www.rfc-editor.org/rfc/rfc9068#section-4
    pub rfc9068: bool,
    /// How far the clocks may differ, in whole seconds.
    pub clock_tolerance: Duration,
}

/// Of which tenant a token may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExpectedTenant<'a> {
    /// The provider has no tenants.
    None,
    /// This one, and the claim is required.
    One(&'a str),
    /// One of these. A key's own `issuer` limits whose tokens it may sign.
    AnyOf(&'a [Guid]),
    /// Any that the provider has, likewise.
    Any,
}

/// Verifies an access token: [RFC 9068, section 4], and the older form that
/// Microsoft and many others send, with `typ` `JWT`.
///
/// An ID token for this very application has the same issuer, audience and
/// signature. What tells them apart is required, never guessed: the type
/// `at+jwt`, or a claim that access tokens have (`scp`, `scope`, `azpacr`,
/// `appidacr`, `idtyp`) and none that ID tokens have (`nonce`, `at_hash`,
/// `c_hash`, `s_hash`). `azp` tells nothing: ID tokens have it as well.
///
/// # Errors
///
/// On the first check that fails. Fetching the keys again may help when
/// [`TokenError::is_unknown_key`] says so.
///
/// [RFC 9068, section 4]: https://www.rfc-editor.org/rfc/rfc9068#section-4
pub fn verify_access_token(
    token: &str,
    keys: &KeySet,
    expected: &ExpectedAccessToken<'_>,
    now: Timestamp,
) -> Result<VerifiedAccessToken, TokenError> {
    let jws = CompactJws::parse(token, MAX_TOKEN_BYTES)?;
    verify(&jws, keys, expected, now).map(|(token, _)| token)
}

/// The same for a token that was split already, and the key that signed it.
pub(crate) fn verify<'k>(
    jws: &CompactJws<'_>,
    keys: &'k KeySet,
    expected: &ExpectedAccessToken<'_>,
    now: Timestamp,
) -> Result<(VerifiedAccessToken, &'k Arc<PreparedKey>), TokenError> {
    let moment = Moment {
        now,
        tolerance: expected.clock_tolerance,
    };
    let typed = check_type(&jws.header, expected.rfc9068)?;
    let algorithm = jws.header.algorithm;
    if !expected.algorithms.contains(&algorithm) {
        return Err(TokenError::AlgorithmNotAllowed { found: algorithm });
    }
    let key = keys.select(jws.header.kid.as_deref(), algorithm)?;
    let payload = jws.verify_signature(key, algorithm)?;
    let claims = AccessTokenClaims::parse(&payload)?;

    let issuer = claims.iss.as_deref().ok_or(TokenError::IssuerMissing)?;
    check_version(claims.is_version_1, issuer, expected)?;
    check_issuer_and_tenant(issuer, claims.tid.as_deref(), expected, key)?;
    check_use(&claims, typed)?;
    let subject = claims.sub.as_deref().ok_or(TokenError::SubjectMissing)?;
    check_subject(subject)?;
    if claims.aud.is_empty() {
        return Err(TokenError::AudienceMissing);
    }
    let expires_at = claims.exp.ok_or(TokenError::ExpiryMissing)?;
    moment.check_expiry(expires_at)?;
    if let Some(not_before) = claims.nbf {
        moment.check_not_before(not_before)?;
    }
    if let Some(issued_at) = claims.iat {
        moment.check_issued_at(issued_at)?;
    }
    let verified = VerifiedAccessToken {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        application: claims.application().map(str::to_owned),
        is_application: claims.is_application(),
        directory: claims.directory(),
        audience: claims.aud,
        scopes: claims.scopes,
        roles: claims.roles,
        understands_challenges: claims.understands_challenges,
        expires_at,
        payload: Bytes::from(payload),
    };
    Ok((verified, key))
}

/// Whether the header itself says that this is an access token.
fn check_type(header: &Header, rfc9068: bool) -> Result<bool, TokenError> {
    // Microsoft Graph's tokens are nobody else's business: their signature covers
    // another header than the one that is sent, which has a nonce in it.
    if header.has_nonce {
        return Err(TokenError::ForMicrosoftGraph);
    }
    if header.is_of_type("at+jwt") {
        return Ok(true);
    }
    if rfc9068 {
        return Err(TokenError::Type {
            found: shortened(header.typ.as_deref().unwrap_or("none")),
        });
    }
    header.check_type_is_jwt().map(|()| false)
}

/// `iss` is the one of the policy, with the tenant that `tid` says where there are
/// many: both are signed, and both have to agree.
fn check_issuer_and_tenant(
    issuer: &str,
    tenant: Option<&str>,
    expected: &ExpectedAccessToken<'_>,
    key: &PreparedKey,
) -> Result<(), TokenError> {
    let allowed = match expected.tenant {
        ExpectedTenant::None => return check_issuer(issuer, expected.issuer),
        ExpectedTenant::One(tenant_id) => {
            check_issuer(issuer, expected.issuer)?;
            return check_tenant(tenant, tenant_id);
        }
        ExpectedTenant::AnyOf(tenants) => Some(tenants),
        ExpectedTenant::Any => None,
    };
    let tenant = tenant.ok_or(TokenError::TenantMissing)?;
    // What is no GUID could put anything into the template.
    let id = Guid::parse(tenant).filter(|id| allowed.is_none_or(|ids| ids.contains(id)));
    let id = id.ok_or_else(|| TokenError::Tenant {
        expected: "one of the tenants of this API".to_owned(),
        found: shortened(tenant),
    })?;
    check_issuer(issuer, &expected.issuer.replace("{tenantid}", id.as_str()))?;
    check_key_issuer(key, issuer, Some(id.as_str()))
}

/// Version 1.0 tokens have another issuer and other claims. Which version an API
/// gets is a setting of its registration, never of the client that asks.
fn check_version(
    is_version_1: bool,
    issuer: &str,
    expected: &ExpectedAccessToken<'_>,
) -> Result<(), TokenError> {
    let of_tenant = expected.tenant != ExpectedTenant::None;
    if (is_version_1 && of_tenant) || issuer.starts_with("https://sts.windows.net/") {
        return Err(TokenError::Version1);
    }
    Ok(())
}

/// That it is an access token, and may be used by whoever has it.
fn check_use(claims: &AccessTokenClaims<'_>, typed: bool) -> Result<(), TokenError> {
    // RFC 7800, section 3: bound to a key, and proving nothing without it.
    if claims.is_key_bound {
        return Err(TokenError::KeyBound);
    }
    if claims.of_other_token || !(typed || claims.of_access_token) {
        return Err(TokenError::NotAnAccessToken);
    }
    Ok(())
}
