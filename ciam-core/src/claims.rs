//! What a provider says about a user.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::caller::Caller;
pub use self::error::ClaimsError;
pub use self::user::{DirectoryId, User, UserId};

use self::members::Members;
use crate::text::shortened;
use crate::token::VerifiedIdToken;
use crate::token::json::{ObjectError, check_object};

mod caller;
mod error;
mod members;
mod user;

/// The claims about a user: a JSON object, kept as its text. Cheap to clone.
///
/// Its `Debug` prints the names of the claims only.
#[derive(Clone)]
pub struct Claims {
    /// One JSON object, no name of it twice.
    json: Bytes,
}

impl Claims {
    /// Reads a JSON object: a userinfo response, a test's user.
    ///
    /// # Errors
    ///
    /// When it is longer than [`MAX_CLAIMS_BYTES`], is not a JSON object, or has
    /// a name twice.
    pub fn parse(json: impl Into<Bytes>) -> Result<Self, ClaimsError> {
        let json = json.into();
        if json.len() > MAX_CLAIMS_BYTES {
            return Err(ClaimsError::TooLarge {
                found: json.len(),
                largest: format!("{:?}", Self { json }.largest(LARGEST_CLAIMS)),
                limit: MAX_CLAIMS_BYTES,
            });
        }
        let text = std::str::from_utf8(&json).map_err(|_| ClaimsError::Malformed)?;
        check_object(text).map_err(|error| match error {
            ObjectError::Malformed => ClaimsError::Malformed,
            ObjectError::Repeated { name } => ClaimsError::Repeated { name },
        })?;
        Ok(Self { json })
    }

    /// Claims that were sealed by this application, and checked before that.
    pub(crate) const fn from_sealed(json: Bytes) -> Self {
        Self { json }
    }

    /// The text: one JSON object.
    pub const fn json(&self) -> &Bytes {
        &self.json
    }

    /// The claims as a type of the application.
    ///
    /// # Errors
    ///
    /// When they do not have its shape.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        self.read().map_err(|error| ClaimsError::shape(&error))
    }

    /// Of a text that was checked before; of any other there are none.
    fn members(&self) -> Members<'_> {
        self.read().unwrap_or_default()
    }

    /// Looks at the whole text once, which costs less than at each string in it.
    fn read<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        match std::str::from_utf8(&self.json) {
            Ok(json) => serde_json::from_str(json),
            Err(_) => serde_json::from_slice(&self.json),
        }
    }

    /// One claim.
    pub fn value(&self, name: &str) -> Option<Value> {
        let members = self.members();
        serde_json::from_str(members.value(name)?.get()).ok()
    }

    /// One claim that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a claim is this string, or an array with this string in it.
    pub fn contains(&self, name: &str, value: &str) -> bool {
        match self.value(name) {
            Some(Value::String(text)) => text == value,
            Some(Value::Array(values)) => values.iter().any(|one| one == value),
            _ => false,
        }
    }

    /// Without the claims that only concern the exchange they came in.
    ///
    /// Dropped are `aud`, `azp`, `exp`, `iat`, `nbf`, `jti`, `nonce`, `at_hash`,
    /// `c_hash`, `s_hash`, and Microsoft's internal `aio`, `rh`, `uti`, `ver`.
    /// Everything else stays: `iss`, `sub`, `tid`, `oid`, `auth_time`, `acr`,
    /// `amr`, `sid`, and all the provider says about the user.
    #[must_use]
    pub fn without_protocol_claims(&self) -> Self {
        let mut members = self.members();
        members.retain(|name| !PROTOCOL_CLAIMS.contains(&name));
        Self {
            json: members.to_json(),
        }
    }

    /// With what userinfo says about the same user.
    ///
    /// The ID token wins: userinfo adds claims and replaces none, because it is
    /// not signed and both speak of the same moment. It adds nothing that says
    /// who signed in or how (`iss`, `tid`, `oid`, `idp`, `sid`, `auth_time`,
    /// `acr`, `acrs`, `amr`), and no protocol claim.
    ///
    /// # Errors
    ///
    /// When userinfo has no `sub`, or another one: the answer is then about
    /// someone else ([OpenID Connect Core, section 5.3.2]).
    ///
    /// [OpenID Connect Core, section 5.3.2]: https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
    pub fn merge_userinfo(&self, userinfo: &Self) -> Result<Self, ClaimsError> {
        let Some(Value::String(subject)) = userinfo.value("sub") else {
            return Err(ClaimsError::UserinfoSubjectMissing);
        };
        if self.value("sub") != Some(Value::String(subject)) {
            return Err(ClaimsError::UserinfoSubject);
        }
        let mut members = self.members();
        let mut added = userinfo.members();
        added.retain(|name| {
            !SIGNED_CLAIMS.contains(&name)
                && !PROTOCOL_CLAIMS.contains(&name)
                && members.value(name).is_none()
        });
        members.append(added);
        Ok(Self {
            json: members.to_json(),
        })
    }

    /// The claims of an ID token that came with a refresh, in place of these.
    ///
    /// How and when the user signed in stays as it was: a refresh proves nothing anew
    /// (OpenID Connect Core 1.0, section 12.2). Whose session of the provider's it is
    /// stays too, where the newer claims do not say it.
    #[must_use]
    pub(crate) fn refreshed(&self, newer: &Self) -> Self {
        let mut members = newer.members();
        members.retain(|name| !PROTOCOL_CLAIMS.contains(&name) && !SIGN_IN_CLAIMS.contains(&name));
        let mut kept = self.members();
        kept.retain(|name| {
            SIGN_IN_CLAIMS.contains(&name)
                || (PROVIDER_CLAIMS.contains(&name) && members.value(name).is_none())
        });
        members.append(kept);
        Self {
            json: members.to_json(),
        }
    }

    /// The largest claims with the bytes each takes, largest first: what to look
    /// at when a session does not fit into its cookie.
    pub fn largest(&self, count: usize) -> Vec<(String, usize)> {
        let members = self.members();
        let mut sizes: Vec<_> = members
            .iter()
            .map(|(name, value)| (shortened(name), value.get().len()))
            .collect();
        sizes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sizes.truncate(count);
        sizes
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")?;
        let members = self.members();
        f.debug_set()
            .entries(members.iter().map(|(name, _)| shortened(name)))
            .finish()
    }
}

impl VerifiedIdToken {
    /// All claims of the token.
    pub fn claims(&self) -> Claims {
        Claims {
            json: self.payload().clone(),
        }
    }
}

/// The longest claims that are read, in bytes: what fits into the longest ID token.
pub const MAX_CLAIMS_BYTES: usize = 64 * 1024;

/// Named where claims are too large: enough to see whom to ask about it.
pub(crate) const LARGEST_CLAIMS: usize = 3;

/// They concern the exchange, not the user.
const PROTOCOL_CLAIMS: &[&str] = &[
    "aio", "at_hash", "aud", "azp", "c_hash", "exp", "iat", "jti", "nbf", "nonce", "rh", "s_hash",
    "uti", "ver",
];

/// They say how and when the user signed in.
const SIGN_IN_CLAIMS: &[&str] = &["acr", "acrs", "amr", "auth_time"];

/// They say where, and not every token repeats them.
const PROVIDER_CLAIMS: &[&str] = &["idp", "sid"];

/// They say who signed in and how, and count only where they are signed.
const SIGNED_CLAIMS: &[&str] = &[
    "acr",
    "acrs",
    "amr",
    "auth_time",
    "idp",
    "iss",
    "oid",
    "sid",
    "sub",
    "tid",
];

#[cfg(test)]
mod tests;
