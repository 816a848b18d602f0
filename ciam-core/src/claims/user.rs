//! The user: who it is, and what is commonly asked about one.

use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Claims, ClaimsError};

/// A signed-in user. Cheap to clone.
///
/// An application stores [`id`](Self::id) and looks users up by it, never by
/// e-mail address, name or user name: those change, repeat and can be chosen.
///
/// `Debug` prints the id and the names of the claims.
#[derive(Clone)]
pub struct User(Arc<Known>);

/// What is known of a user.
struct Known {
    id: UserId,
    directory_id: Option<DirectoryId>,
    name: Option<String>,
    email: Option<String>,
    preferred_username: Option<String>,
    roles: Vec<String>,
    groups: Vec<String>,
    claims: Claims,
}

impl User {
    /// Reads the common claims; one of an unexpected type counts as absent.
    ///
    /// # Errors
    ///
    /// When `iss` or `sub` is missing, empty or not a string.
    pub fn from_claims(claims: Claims) -> Result<Self, ClaimsError> {
        let wire: Wire = claims
            .read()
            .map_err(|error| ClaimsError::identity(&error))?;
        if wire.iss.is_empty() || wire.sub.is_empty() {
            return Err(ClaimsError::Identity {
                reason: "empty".into(),
            });
        }
        let directory_id = match (wire.tid.0, wire.oid.0) {
            (Some(tenant_id), Some(object_id)) => Some(DirectoryId {
                tenant_id,
                object_id,
            }),
            _ => None,
        };
        Ok(Self(Arc::new(Known {
            id: UserId {
                issuer: wire.iss,
                subject: wire.sub,
            },
            directory_id,
            // What Microsoft's customer tenants put where a sign-up page did not
            // ask for a display name.
            name: wire.name.0.filter(|name| name != "unknown"),
            email: wire.email.0,
            preferred_username: wire.preferred_username.0,
            roles: wire.roles.0,
            groups: wire.groups.0,
            claims,
        })))
    }

    /// Who this is, for ever: issuer and subject. What an application stores.
    pub fn id(&self) -> &UserId {
        &self.0.id
    }

    /// Who this is in the directory, the same in all applications of a tenant:
    /// for sharing accounts between them. Needs the scope `profile`.
    pub fn directory_id(&self) -> Option<&DirectoryId> {
        self.0.directory_id.as_ref()
    }

    /// The name to greet the user with; the literal `unknown` is no name.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// An e-mail address, to write to: never an identity. It may be missing,
    /// unverified, changed, or another user's tomorrow.
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// What the user calls himself at the provider, to show: never an identity.
    pub fn preferred_username(&self) -> Option<&str> {
        self.0.preferred_username.as_deref()
    }

    /// The roles of the user in this application.
    pub fn roles(&self) -> &[String] {
        &self.0.roles
    }

    /// The groups of the user, by the provider's ids. Empty as well when there
    /// are too many to fit into a token (over 200 at Microsoft).
    pub fn groups(&self) -> &[String] {
        &self.0.groups
    }

    /// Everything the provider said.
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }
}

/// `{"sub", "name", "email", "claims": {…}}`: what a page's script asks for.
impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims: &RawValue = self.0.claims.read().map_err(serde::ser::Error::custom)?;
        let mut object = serializer.serialize_struct("User", 4)?;
        object.serialize_field("sub", self.id().subject())?;
        object.serialize_field("name", &self.name())?;
        object.serialize_field("email", &self.email())?;
        object.serialize_field("claims", claims)?;
        object.end()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", self.id())
            .field("claims", self.claims())
            .finish_non_exhaustive()
    }
}

/// Who a user is: unique, and never given to another
/// ([OpenID Connect Core, section 5.7]).
///
/// Its text is `issuer#subject`: an issuer has no `#`, so two ids never share one.
///
/// [OpenID Connect Core, section 5.7]: https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct UserId {
    issuer: String,
    subject: String,
}

impl UserId {
    /// The id of a user known from elsewhere.
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            subject: subject.into(),
        }
    }

    /// Who vouches for the subject.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The user's id at the issuer; for Microsoft, in this application only.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.issuer, self.subject)
    }
}

/// Who a user is in a Microsoft directory, whichever application asks.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct DirectoryId {
    tenant_id: String,
    object_id: String,
}

impl DirectoryId {
    /// `tid`: the tenant.
    pub fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// `oid`: the user in it, as Microsoft Graph knows it.
    pub fn object_id(&self) -> &str {
        &self.object_id
    }
}

impl fmt::Display for DirectoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant_id, self.object_id)
    }
}

/// Read in one pass: this runs on every request of a signed-in user.
#[derive(Deserialize)]
struct Wire {
    iss: String,
    sub: String,
    #[serde(default)]
    email: Text,
    #[serde(default)]
    groups: Texts,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    oid: Text,
    #[serde(default)]
    preferred_username: Text,
    #[serde(default)]
    roles: Texts,
    #[serde(default)]
    tid: Text,
}

/// A string that is not empty; anything else is absent.
#[derive(Default)]
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match Loose::deserialize(from)? {
            Loose::One(text) if !text.is_empty() => Some(text),
            _ => None,
        }))
    }
}

/// The strings of an array, or one string: some providers send a single role so.
#[derive(Default)]
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match Loose::deserialize(from)? {
            Loose::Many(texts) => texts,
            Loose::One(text) if !text.is_empty() => vec![text],
            _ => Vec::new(),
        }))
    }
}

/// A value of any type, of which only strings are kept.
enum Loose {
    Many(Vec<String>),
    One(String),
    Other,
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        let mut texts = Vec::new();
        while let Some(one) = seq.next_element()? {
            if let Loose::One(text) = one {
                texts.push(text);
            }
        }
        Ok(Loose::Many(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }
}
