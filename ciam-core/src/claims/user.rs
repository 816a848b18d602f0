//! The user: who it is, and what is commonly asked about one.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
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

/// What is known of a user. Texts that are only shown stay where they stand in the
/// claims: most requests look at one of them.
struct Known {
    id: UserId,
    directory_id: OnceLock<Option<DirectoryId>>,
    tenant_id: Option<Bytes>,
    object_id: Option<Bytes>,
    name: Option<Bytes>,
    email: Option<Bytes>,
    preferred_username: Option<Bytes>,
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
        let wire: Wire<'_> = claims
            .read()
            .map_err(|error| ClaimsError::identity(&error))?;
        if wire.iss.is_empty() || wire.sub.is_empty() {
            return Err(ClaimsError::Identity {
                reason: "empty".into(),
            });
        }
        let json = claims.json();
        let kept = |text: Text<'_>| {
            text.0.map(|text| match text {
                Cow::Borrowed(text) => json.slice_ref(text.as_bytes()),
                Cow::Owned(text) => Bytes::from(text),
            })
        };
        let known = Known {
            id: UserId {
                issuer: wire.iss,
                subject: wire.sub,
            },
            directory_id: OnceLock::new(),
            tenant_id: kept(wire.tid),
            object_id: kept(wire.oid),
            // What Microsoft's customer tenants put where a sign-up page did not
            // ask for a display name.
            name: kept(wire.name).filter(|name| *name != "unknown"),
            email: kept(wire.email),
            preferred_username: kept(wire.preferred_username),
            roles: wire.roles.0,
            groups: wire.groups.0,
            claims: claims.clone(),
        };
        Ok(Self(Arc::new(known)))
    }

    /// Who this is, for ever: issuer and subject. What an application stores.
    pub fn id(&self) -> &UserId {
        &self.0.id
    }

    /// Who this is in the directory, the same in all applications of a tenant:
    /// for sharing accounts between them. Needs the scope `profile`.
    pub fn directory_id(&self) -> Option<&DirectoryId> {
        let known = &self.0;
        let id = known.directory_id.get_or_init(|| {
            Some(DirectoryId {
                tenant_id: text(known.tenant_id.as_ref())?.to_owned(),
                object_id: text(known.object_id.as_ref())?.to_owned(),
            })
        });
        id.as_ref()
    }

    /// The name to greet the user with; the literal `unknown` is no name.
    pub fn name(&self) -> Option<&str> {
        text(self.0.name.as_ref())
    }

    /// An e-mail address, to write to: never an identity. It may be missing,
    /// unverified, changed, or another user's tomorrow.
    pub fn email(&self) -> Option<&str> {
        text(self.0.email.as_ref())
    }

    /// What the user calls himself at the provider, to show: never an identity.
    pub fn preferred_username(&self) -> Option<&str> {
        text(self.0.preferred_username.as_ref())
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
    pub(super) const fn new(tenant_id: String, object_id: String) -> Self {
        Self {
            tenant_id,
            object_id,
        }
    }

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

/// What was UTF-8 in the claims.
fn text(bytes: Option<&Bytes>) -> Option<&str> {
    str::from_utf8(bytes?).ok()
}

/// Read in one pass: this runs on every request of a signed-in user.
#[derive(Deserialize)]
struct Wire<'a> {
    iss: String,
    sub: String,
    #[serde(borrow, default)]
    email: Text<'a>,
    #[serde(default)]
    groups: Texts,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    oid: Text<'a>,
    #[serde(borrow, default)]
    preferred_username: Text<'a>,
    #[serde(default)]
    roles: Texts,
    #[serde(borrow, default)]
    tid: Text<'a>,
}

/// A string that is not empty; anything else is absent.
#[derive(Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
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
            Loose::One(text) if !text.is_empty() => vec![text.into_owned()],
            _ => Vec::new(),
        }))
    }
}

/// A value of any type, of which only strings are kept.
enum Loose<'a> {
    Many(Vec<String>),
    One(Cow<'a, str>),
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose::One(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
        Ok(Loose::One(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose<'de>, A::Error> {
        let mut texts = Vec::new();
        while let Some(one) = seq.next_element()? {
            if let Loose::One(text) = one {
                texts.push(text.into_owned());
            }
        }
        Ok(Loose::Many(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose<'de>, E> {
        Ok(Loose::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose<'de>, E> {
        Ok(Loose::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Loose<'de>, E> {
        Ok(Loose::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Loose<'de>, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
        Ok(Loose::Other)
    }
}
