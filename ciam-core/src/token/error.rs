//! What can be wrong with a token.

use std::time::Duration;

use super::{Algorithm, AlgorithmError};
use crate::clock::Timestamp;
use crate::keys::KeyError;

/// A token was refused.
///
/// Carries what was expected and found, shortened, where that may be seen:
/// never the token, a nonce or a hash.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The access token is not the one the ID token was issued with.
    #[error("at_hash does not belong to the access token")]
    AccessTokenHash,
    /// The algorithm is never used to verify a signature.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// The algorithm is a good one, but not the configured one.
    #[error(
        "signed with {found:?} instead of {expected:?}: set CIAM_ID_TOKEN_ALG to the algorithm \
         your client is registered for"
    )]
    AlgorithmMismatch {
        /// The configured algorithm.
        expected: Algorithm,
        /// The token's algorithm.
        found: Algorithm,
    },
    /// The algorithm is a good one, but not one that this API accepts.
    #[error("signed with {found:?}, which this API does not accept")]
    AlgorithmNotAllowed {
        /// The token's algorithm.
        found: Algorithm,
    },
    /// The header names no algorithm.
    #[error("the header has no alg")]
    AlgorithmMissing,
    /// The token is not for this application.
    #[error("the audience does not contain {expected}")]
    Audience {
        /// The client id.
        expected: String,
    },
    /// The token names no audience.
    #[error("the claim aud is missing")]
    AudienceMissing,
    /// The last sign-in is too long ago, or in the future.
    #[error("signed in at {auth_time}, now {now}: not within {max_age:?}")]
    AuthTime {
        /// When the user signed in.
        auth_time: Timestamp,
        /// How long ago that may be.
        max_age: Duration,
        /// The time used.
        now: Timestamp,
    },
    /// The token does not say when the user signed in, although it was asked.
    #[error("the claim auth_time is missing")]
    AuthTimeMissing,
    /// The token was issued to another application, or for several without
    /// saying to which.
    #[error("the authorized party is not {expected}")]
    AuthorizedParty {
        /// The client id.
        expected: String,
    },
    /// A claim that something is looked up by is empty or too long.
    #[error("the claim {claim} does not have 1 to {limit} bytes")]
    ClaimLength {
        /// The claim's name.
        claim: &'static str,
        /// The longest that is accepted.
        limit: usize,
    },
    /// A claim has the wrong JSON type or a value out of range.
    #[error("the claim {claim} has the wrong type")]
    ClaimType {
        /// The claim's name.
        claim: &'static str,
    },
    /// What was signed is not a JSON object.
    #[error("the claims are not a JSON object")]
    ClaimsMalformed,
    /// The authorization code is not the one the ID token was issued with.
    #[error("c_hash does not belong to the authorization code")]
    CodeHash,
    /// The header demands an extension.
    #[error("the header has critical extensions")]
    Critical,
    /// The token is encrypted.
    #[error("the token is encrypted")]
    Encrypted,
    /// The token does not say that somebody signed out.
    #[error("the claim events has no back-channel logout: this is no logout token")]
    EventMissing,
    /// The token is not valid any more.
    #[error("expired at {expired_at}, now {now}, tolerance {tolerance:?}")]
    Expired {
        /// The token's `exp`.
        expired_at: Timestamp,
        /// The time used.
        now: Timestamp,
        /// How much later it would have been accepted.
        tolerance: Duration,
    },
    /// The token does not say when it expires.
    #[error("the claim exp is missing")]
    ExpiryMissing,
    /// The token is one for Microsoft Graph, whose signature nobody else can check.
    #[error(
        "this token is for Microsoft Graph, and nobody else can verify it: the client has to ask \
         for a scope of this API (api://<client id>/<scope>), not for one of Graph"
    )]
    ForMicrosoftGraph,
    /// The header is not base64url of a JSON object with members of their types.
    #[error("the header is malformed")]
    HeaderMalformed,
    /// The header has a member that changes what the segments mean.
    #[error("the header has {name}, which is not supported")]
    HeaderParameter {
        /// Its name.
        name: &'static str,
    },
    /// The header is longer than any that is read.
    #[error("the header has {found} bytes, more than {limit}")]
    HeaderTooLarge {
        /// Its length in bytes, encoded.
        found: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// The logout token has no id to know it again by.
    #[error("the claim jti is missing")]
    IdMissing,
    /// The token is issued in the future: one of the two clocks is wrong.
    #[error("issued at {issued_at}, now {now}, tolerance {tolerance:?}")]
    IssuedAt {
        /// The token's `iat`.
        issued_at: Timestamp,
        /// The time used.
        now: Timestamp,
        /// How much earlier it would have been accepted.
        tolerance: Duration,
    },
    /// The token does not say when it was issued.
    #[error("the claim iat is missing")]
    IssuedAtMissing,
    /// Another issuer.
    #[error("issued by {found} instead of {expected}")]
    Issuer {
        /// The issuer it must be.
        expected: String,
        /// The token's `iss`, shortened.
        found: String,
    },
    /// The token does not say who issued it.
    #[error("the claim iss is missing")]
    IssuerMissing,
    /// No key of the provider may verify the token.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The token is bound to a key, and proves nothing without it.
    #[error("the token is bound to a key (cnf) and was sent as a plain bearer token")]
    KeyBound,
    /// The key that signed the token may not sign for this issuer.
    #[error("signed with a key of {found} instead of {expected}")]
    KeyIssuer {
        /// The token's `iss`.
        expected: String,
        /// The key's issuer with the token's tenant in it, shortened.
        found: String,
    },
    /// Not three segments of strict base64url.
    #[error("the token is not three segments of base64url")]
    Malformed,
    /// The nonce is another one than was sent: the token answers another sign-in.
    #[error("the nonce is not the one that was sent")]
    Nonce,
    /// A nonce was sent, and the token has none.
    #[error("the claim nonce is missing")]
    NonceMissing,
    /// The token has a nonce, and none was sent.
    #[error("the token has a nonce, and none was sent")]
    NonceUnexpected,
    /// The token is one of another kind, probably an ID token.
    #[error(
        "this is not an access token, but probably an ID token: the client has to send the access \
         token it got for a scope of this API"
    )]
    NotAnAccessToken,
    /// The token is not valid yet.
    #[error("not valid before {not_before}, now {now}, tolerance {tolerance:?}")]
    NotYetValid {
        /// The token's `nbf`.
        not_before: Timestamp,
        /// The time used.
        now: Timestamp,
        /// How much earlier it would have been accepted.
        tolerance: Duration,
    },
    /// A name occurs twice in the header or the claims.
    #[error("{name} occurs twice")]
    Repeated {
        /// The name, shortened.
        name: String,
    },
    /// The signature is not valid.
    #[error("the signature is not valid")]
    Signature {
        /// The key id the token names, if it names one, shortened.
        kid: Option<String>,
    },
    /// The subject is empty, too long or not printable ASCII.
    #[error("the subject is not 1 to 255 printable ASCII characters")]
    Subject,
    /// The logout token says neither who signed out nor where.
    #[error("the claims sub and sid are both missing")]
    SubjectAndSessionMissing,
    /// The token does not say who signed in.
    #[error("the claim sub is missing")]
    SubjectMissing,
    /// Another tenant.
    #[error("the tenant is {found} instead of {expected}")]
    Tenant {
        /// The tenant id it must be.
        expected: String,
        /// The token's `tid`, shortened.
        found: String,
    },
    /// The token does not name its tenant.
    #[error("the claim tid is missing")]
    TenantMissing,
    /// The token is longer than any that is read.
    #[error("the token has {found} bytes, more than {limit}")]
    TooLarge {
        /// Its length in bytes.
        found: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// The token was issued longer ago than any that is still on its way.
    #[error("issued at {issued_at}, now {now}: more than {max_age:?} ago")]
    TooOld {
        /// The token's `iat`.
        issued_at: Timestamp,
        /// How long ago that may be.
        max_age: Duration,
        /// The time used.
        now: Timestamp,
    },
    /// The token says that it is something else.
    #[error("the token's type is {found}")]
    Type {
        /// The header's `typ`, shortened.
        found: String,
    },
    /// The issuer is none of those whose tokens are accepted.
    #[error("issued by {found}, which is none of the providers of this API")]
    UnknownIssuer {
        /// The token's `iss`, shortened; not verified.
        found: String,
    },
    /// A token of Microsoft's version 1.0.
    #[error(
        "this is a version 1.0 token: set requestedAccessTokenVersion to 2 in the manifest of \
         the API's registration"
    )]
    Version1,
}

impl TokenError {
    /// The stable code of this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccessTokenHash => "token.at_hash",
            Self::Algorithm(error) => error.code(),
            Self::AlgorithmMismatch { .. } => "token.alg_mismatch",
            Self::AlgorithmNotAllowed { .. } => "token.alg_not_allowed",
            Self::AlgorithmMissing => "token.alg_missing",
            Self::Audience { .. } => "token.audience",
            Self::AudienceMissing => "token.audience_missing",
            Self::AuthTime { .. } => "token.auth_time",
            Self::AuthTimeMissing => "token.auth_time_missing",
            Self::AuthorizedParty { .. } => "token.authorized_party",
            Self::ClaimLength { .. } => "token.claim_length",
            Self::ClaimType { .. } => "token.claim_type",
            Self::ClaimsMalformed => "token.claims_malformed",
            Self::CodeHash => "token.c_hash",
            Self::Critical => "token.crit",
            Self::Encrypted => "token.encrypted",
            Self::EventMissing => "token.event_missing",
            Self::Expired { .. } => "token.expired",
            Self::ExpiryMissing => "token.expiry_missing",
            Self::ForMicrosoftGraph => "token.for_graph",
            Self::HeaderMalformed => "token.header_malformed",
            Self::HeaderParameter { .. } => "token.header_parameter",
            Self::HeaderTooLarge { .. } => "token.header_too_large",
            Self::IdMissing => "token.id_missing",
            Self::IssuedAt { .. } => "token.issued_at",
            Self::IssuedAtMissing => "token.issued_at_missing",
            Self::Issuer { .. } => "token.issuer",
            Self::IssuerMissing => "token.issuer_missing",
            Self::Key(error) => error.code(),
            Self::KeyBound => "token.key_bound",
            Self::KeyIssuer { .. } => "token.key_issuer",
            Self::Malformed => "token.malformed",
            Self::Nonce => "token.nonce",
            Self::NonceMissing => "token.nonce_missing",
            Self::NonceUnexpected => "token.nonce_unexpected",
            Self::NotAnAccessToken => "token.not_an_access_token",
            Self::NotYetValid { .. } => "token.not_yet_valid",
            Self::Repeated { .. } => "token.repeated",
            Self::Signature { .. } => "token.signature",
            Self::Subject => "token.subject",
            Self::SubjectAndSessionMissing => "token.subject_and_session_missing",
            Self::SubjectMissing => "token.subject_missing",
            Self::Tenant { .. } => "token.tenant",
            Self::TenantMissing => "token.tenant_missing",
            Self::TooLarge { .. } => "token.too_large",
            Self::TooOld { .. } => "token.too_old",
            Self::Type { .. } => "token.type",
            Self::UnknownIssuer { .. } => "token.unknown_issuer",
            Self::Version1 => "token.version",
        }
    }

    /// Whether fetching the provider's keys again may help, because the token may
    /// be signed with a key that the set does not have: it names one that is not
    /// there, or names none and is not verified by those that are. Never after a
    /// bad signature under a key that the token names.
    pub const fn is_unknown_key(&self) -> bool {
        matches!(
            self,
            Self::Key(
                KeyError::Ambiguous { kid: None, .. }
                    | KeyError::NoneFits { .. }
                    | KeyError::UnknownKid { .. }
            ) | Self::Signature { kid: None }
        )
    }
}
