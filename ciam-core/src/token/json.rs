//! JSON objects that mean the same to every reader.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::text::shortened;

/// Checks that a text is one JSON object without a member name that occurs
/// twice, and that all of it can be read.
///
/// [RFC 7519, section 4] lets a reader refuse repeated names; taking the last
/// one, as many do, is how two readers of one token come to differ. Nesting is
/// bounded by the JSON reader (128 levels).
///
/// [RFC 7519, section 4]: https://www.rfc-editor.org/rfc/rfc7519#section-4
pub(crate) fn check_object(json: &str) -> Result<(), ObjectError> {
    match serde_json::from_str(json) {
        Ok(UniqueMembers { repeated: None }) => Ok(()),
        Ok(UniqueMembers {
            repeated: Some(name),
        }) => Err(ObjectError::Repeated {
            name: shortened(&name),
        }),
        Err(_) => Err(ObjectError::Malformed),
    }
}

/// Keeps `null` apart from absent: a required type is not met by either, and
/// only absent may be fine.
pub(super) fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// A text is not a JSON object that everyone reads alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ObjectError {
    Malformed,
    Repeated { name: String },
}

struct UniqueMembers {
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(UniqueMembersVisitor)
    }
}

struct UniqueMembersVisitor;

impl<'de> Visitor<'de> for UniqueMembersVisitor {
    type Value = UniqueMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut names = HashSet::new();
        let mut repeated = None;
        while let Some((Name(name), Readable)) = members.next_entry()? {
            if names.len() == MAX_MEMBERS {
                return Err(A::Error::custom("too many members"));
            }
            if let Some(name) = names.replace(name) {
                repeated = Some(name.into_owned());
            }
        }
        Ok(UniqueMembers { repeated })
    }
}

/// A name that borrows from the text unless it is written with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A value that was read to its end and is not kept. Not serde's `IgnoredAny`: what
/// is skipped is not looked at.
pub(super) struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ReadableVisitor)
    }
}

struct ReadableVisitor;

impl<'de> Visitor<'de> for ReadableVisitor {
    type Value = Readable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Readable, A::Error> {
        while let Some((Readable, Readable)) = members.next_entry()? {}
        Ok(Readable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Readable, A::Error> {
        while let Some(Readable) = elements.next_element()? {}
        Ok(Readable)
    }

    fn visit_str<E>(self, _: &str) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_unit<E>(self) -> Result<Readable, E> {
        Ok(Readable)
    }
}

/// A token of a customer tenant has about twenty claims.
pub(super) const MAX_MEMBERS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(name: &str) -> Result<(), ObjectError> {
        Err(ObjectError::Repeated { name: name.into() })
    }

    #[test]
    fn takes_one_object_with_unique_names() {
        assert_eq!(check_object("{}"), Ok(()));
        assert_eq!(check_object(r#" {"a":{"b":1},"b":[{"a":1}]} "#), Ok(()));
        // Inside a value it is the application's business.
        assert_eq!(check_object(r#"{"a":{"b":1,"b":2}}"#), Ok(()));
    }

    #[test]
    fn refuses_repeated_names_however_they_are_written() {
        assert_eq!(check_object(r#"{"iss":1,"iss":1}"#), repeated("iss"));
        assert_eq!(check_object(r#"{"iss":1,"is\u0073":2}"#), repeated("iss"));
    }

    #[test]
    fn refuses_everything_else() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        let wide = (0..=MAX_MEMBERS).map(|n| format!(r#""{n}":0"#));
        let wide = format!("{{{}}}", wide.collect::<Vec<_>>().join(","));
        for json in [
            "",
            "[]",
            "null",
            "1",
            r#""{}""#,
            "{",
            "{}{}",
            "{} x",
            r#"{"a":1,}"#,
            r#"{"a":NaN}"#,
            r#"{"a":"\ud800"}"#,
            r#"{'a':1}"#,
            &deep,
            &wide,
        ] {
            assert_eq!(
                check_object(json),
                Err(ObjectError::Malformed),
                "{json:.40}"
            );
        }
    }
}
