//! A session as its user sees it in a list.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::Session;
use crate::clock::Timestamp;
use crate::store::StoreKey;

mod browser;

/// One of the sessions of a user, which `Ciam::sessions` lists.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    id: SessionId,
    is_current: bool,
    signed_in_at: Timestamp,
    last_seen_at: Timestamp,
    user_agent: Option<String>,
}

impl SessionInfo {
    pub(crate) fn new(key: StoreKey, session: &Session, is_current: bool) -> Self {
        Self {
            id: SessionId::of(key),
            is_current,
            signed_in_at: session.created_at(),
            last_seen_at: session.renewed_at(),
            user_agent: session.kept().origin.user_agent,
        }
    }

    /// Which one it is, for `Ciam::end_session`.
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Whether it is the one that asks.
    pub const fn is_current(&self) -> bool {
        self.is_current
    }

    /// When the user signed in.
    pub const fn signed_in_at(&self) -> Timestamp {
        self.signed_in_at
    }

    /// When it was used, as far as that was written down: it may have been used since,
    /// until a tenth of the idle time later (2.4 hours of 24, unless `with_session_renewal`
    /// says otherwise).
    pub const fn last_seen_at(&self) -> Timestamp {
        self.last_seen_at
    }

    /// The `User-Agent` of the browser that signed in, shortened; what it says is not
    /// checked by anybody. Escape it like any text of others.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The same for people: `Firefox on Windows`. `None` where it is no common browser.
    pub fn browser(&self) -> Option<String> {
        browser::name(self.user_agent()?)
    }
}

/// Which of the sessions of a user: a text for a form.
///
/// Nobody can use a session with it: it is a hash of what is in the cookie. `Debug` prints
/// the start of it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "Cow<'_, str>")]
pub struct SessionId(StoreKey);

impl SessionId {
    /// Of the session that is kept there.
    pub(crate) const fn of(key: StoreKey) -> Self {
        Self(key)
    }

    pub(crate) const fn key(&self) -> &StoreKey {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        StoreKey::from_name(text)
            .map(Self)
            .ok_or(SessionIdError(()))
    }
}

impl TryFrom<Cow<'_, str>> for SessionId {
    type Error = SessionIdError;

    fn try_from(text: Cow<'_, str>) -> Result<Self, SessionIdError> {
        text.parse()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name())
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.name())
    }
}

/// A text that is no [`SessionId`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not the id of a session")]
pub struct SessionIdError(());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_nothing_else_is() {
        let id = SessionId::of(StoreKey::from_bytes([0xfb; 32]));
        let text = id.to_string();
        assert_eq!(text, format!("{}s", &"-_v7".repeat(11)[..42]));
        assert_eq!(text.parse::<SessionId>().expect("an id"), id);
        let json = serde_json::to_string(&id).expect("a text");
        assert_eq!(json, format!("\"{text}\""));
        let read: SessionId = serde_json::from_str(&json).expect("an id");
        assert_eq!(read, id);
        for other in [
            "",
            "-",
            &text[1..],
            &format!("{text}="),
            &format!("{text}A"),
            &format!(" {text}"),
            &format!("{}~", &text[..42]),
            // The last digit has bits that no byte has.
            &format!("{}t", &text[..42]),
            &text.replace('-', "+"),
            &"é".repeat(43),
            &"A".repeat(1 << 20),
        ] {
            assert!(other.parse::<SessionId>().is_err(), "{other:.50}");
        }
        assert!(serde_json::from_str::<SessionId>("1").is_err());
        assert!(!format!("{id:?}").contains(&text), "{id:?}");
    }
}
