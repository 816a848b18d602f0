//! The members of a JSON object that somebody asks for, read in one pass.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::TokenError;
use super::checks::date;
use super::json::{MAX_MEMBERS, Readable};
use crate::clock::Timestamp;
use crate::text::shortened;

/// The values of the members that are wanted, in their order.
///
/// Holds the text to the same rules as [`check_object`](super::json::check_object):
/// one object, no name twice, all of it readable.
pub(super) fn read_members<'a, const N: usize>(
    json: &'a [u8],
    wanted: &Wanted<N>,
) -> Result<[Option<Member<'a>>; N], TokenError> {
    // Once for the whole text, which costs less than at each string in it.
    let json = std::str::from_utf8(json).map_err(|_| TokenError::ClaimsMalformed)?;
    let mut members = Members {
        wanted,
        found: [const { None }; N],
        repeated: None,
    };
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = (&mut members).deserialize(&mut reader);
    read.and_then(|()| reader.end())
        .map_err(|_| TokenError::ClaimsMalformed)?;
    match members.repeated {
        Some(name) => Err(TokenError::Repeated { name }),
        None => Ok(members.found),
    }
}

/// Names of members, found by how they start.
///
/// Few names start alike: one comparison of numbers rules out nearly every other, where
/// comparing texts costs a call.
pub(super) struct Wanted<const N: usize> {
    names: [&'static str; N],
    starts: [u32; N],
    /// How many members there may be, wanted or not.
    most: usize,
}

impl<const N: usize> Wanted<N> {
    pub(super) const fn new(names: [&'static str; N]) -> Self {
        let mut starts = [0; N];
        let mut index = 0;
        while index < N {
            starts[index] = start(names[index].as_bytes());
            index += 1;
        }
        Self {
            names,
            starts,
            most: MAX_MEMBERS,
        }
    }

    /// The same of a smaller object.
    pub(super) const fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    fn position(&self, name: &str) -> Option<usize> {
        let start = start(name.as_bytes());
        let candidates = self.starts.iter().zip(&self.names);
        let mut candidates = candidates.enumerate();
        let found = candidates.find(|(_, (own, other))| **own == start && **other == name);
        found.map(|(index, _)| index)
    }
}

/// The first four bytes as a number; a shorter name ends in zeros.
const fn start(name: &[u8]) -> u32 {
    match name {
        [] => 0,
        [a] => u32::from_le_bytes([*a, 0, 0, 0]),
        [a, b] => u32::from_le_bytes([*a, *b, 0, 0]),
        [a, b, c] => u32::from_le_bytes([*a, *b, *c, 0]),
        [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
    }
}

/// A value as far as a check may want it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Member<'a> {
    Number(Value),
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
    /// A list of anything else, and the texts in it.
    Mixed(Vec<Cow<'a, str>>),
    /// An object, null, true or false.
    Other,
}

/// A member that is a text wherever it is there.
pub(super) fn text<'a>(
    claim: &'static str,
    member: Option<Member<'a>>,
) -> Result<Option<Cow<'a, str>>, TokenError> {
    match member {
        None => Ok(None),
        Some(Member::Text(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::ClaimType { claim }),
    }
}

/// A member that is a text or a list of texts.
pub(super) fn texts<'a>(
    claim: &'static str,
    member: Option<Member<'a>>,
) -> Result<impl Iterator<Item = Cow<'a, str>>, TokenError> {
    match member {
        None => Ok(one_or_more(None, Vec::new())),
        Some(Member::Text(text)) => Ok(one_or_more(Some(text), Vec::new())),
        Some(Member::Texts(texts)) => Ok(one_or_more(None, texts)),
        Some(_) => Err(TokenError::ClaimType { claim }),
    }
}

/// The texts of a member that is nobody's protocol: of another type it says nothing.
pub(super) fn whichever_texts(member: Option<Member<'_>>) -> impl Iterator<Item = Cow<'_, str>> {
    match member {
        Some(Member::Text(text)) if !text.is_empty() => one_or_more(Some(text), Vec::new()),
        Some(Member::Texts(texts) | Member::Mixed(texts)) => one_or_more(None, texts),
        _ => one_or_more(None, Vec::new()),
    }
}

/// One text is no list: nothing is allocated for it.
fn one_or_more<'a>(
    one: Option<Cow<'a, str>>,
    more: Vec<Cow<'a, str>>,
) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
    one.into_iter().chain(more)
}

/// A list with spaces ([RFC 8693, section 4.2]); some providers send an array.
///
/// [RFC 8693, section 4.2]: https://www.rfc-editor.org/rfc/rfc8693#section-4.2
pub(super) fn add_scopes(
    scopes: &mut Vec<String>,
    claim: &'static str,
    member: Option<Member<'_>>,
) -> Result<(), TokenError> {
    for list in texts(claim, member)? {
        let each = list.split(' ').filter(|scope| !scope.is_empty());
        scopes.extend(each.map(str::to_owned));
    }
    Ok(())
}

/// A member that is a number of seconds since 1970 (RFC 7519, section 2).
pub(super) fn numeric_date(
    claim: &'static str,
    member: Option<Member<'_>>,
) -> Result<Option<Timestamp>, TokenError> {
    match member {
        None => Ok(None),
        Some(Member::Number(number)) => date(claim, &number).map(Some),
        Some(_) => Err(TokenError::ClaimType { claim }),
    }
}

struct Members<'n, 'a, const N: usize> {
    wanted: &'n Wanted<N>,
    found: [Option<Member<'a>>; N],
    repeated: Option<String>,
}

impl<'de, const N: usize> DeserializeSeed<'de> for &mut Members<'_, 'de, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for &mut Members<'_, 'de, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut others = Names::default();
        let mut count = 0;
        while let Some(Name(name)) = members.next_key()? {
            count += 1;
            if count > self.wanted.most {
                return Err(A::Error::custom("too many members"));
            }
            let again = match self.wanted.position(&name) {
                Some(index) => self.found[index].replace(members.next_value()?).is_some(),
                None => {
                    let Readable = members.next_value()?;
                    !others.insert(name.clone())
                }
            };
            if again {
                self.repeated = Some(shortened(&name));
            }
        }
        Ok(())
    }
}

/// Names that were seen: few in a list, where comparing costs less than hashing.
#[derive(Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    /// Whether the name is new.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < FEW {
            if self.few.is_empty() {
                self.few.reserve(FEW / 2);
            }
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}

/// A name that borrows from the text unless it is written with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Member::Number(Value::from(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Member::Number(Value::from(number)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while let Some((Readable, Readable)) = members.next_entry()? {}
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        let mut is_mixed = false;
        while let Some(element) = elements.next_element()? {
            match element {
                Member::Text(text) => texts.push(text),
                _ => is_mixed = true,
            }
        }
        Ok(match is_mixed {
            true => Member::Mixed(texts),
            false => Member::Texts(texts),
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Member::Number(Value::from(number)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }
}

/// A token of a customer tenant has about twenty claims, and most are asked for.
const FEW: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<[Option<Member<'_>>; 3], &'static str> {
        read_members(json.as_bytes(), &Wanted::new(["a", "b", "c"])).map_err(|error| error.code())
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        let json = r#"{"c":["x","y"],"z":{"a":1},"a":"text","b":7}"#;
        let [a, b, c] = read(json).expect("an object");
        assert_eq!(a, Some(Member::Text("text".into())));
        assert_eq!(b, Some(Member::Number(Value::from(7))));
        assert_eq!(c, Some(Member::Texts(vec!["x".into(), "y".into()])));
        assert_eq!(read("{}"), Ok([None, None, None]));
    }

    #[test]
    fn names_that_start_alike_are_told_apart() {
        let names = ["", "s", "scp", "scop", "scope", "appid", "appidacr"];
        let wanted = Wanted::new(names);
        for (index, name) in names.into_iter().enumerate() {
            assert_eq!(wanted.position(name), Some(index), "{name}");
        }
        for name in ["sc", "scopes", "appida", "S", "\0", "s\0"] {
            assert_eq!(wanted.position(name), None, "{name:?}");
        }
    }

    #[test]
    fn null_is_not_absent_and_a_mixed_list_is_no_list_of_texts() {
        for json in [
            r#"{"a":null}"#,
            r#"{"a":["x",1]}"#,
            r#"{"a":[["x"]]}"#,
            r#"{"a":{}}"#,
        ] {
            let [a, _, _] = read(json).expect("an object");
            assert!(a.is_some(), "{json}");
            assert!(texts("a", a.clone()).map(|_| ()).is_err(), "{json}");
            let mixed = json == r#"{"a":["x",1]}"#;
            let kept: &[&str] = if mixed { &["x"] } else { &[] };
            assert!(whichever_texts(a).eq(kept.iter().copied()), "{json}");
        }
    }

    #[test]
    fn a_name_occurs_once_whether_asked_for_or_not() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"z":1,"y":1,"z":1}"#,
        ] {
            assert_eq!(read(json), Err("token.repeated"), "{json}");
        }
        let many = (0..50).map(|n| format!(r#""n{n}":0"#)).collect::<Vec<_>>();
        assert!(read(&format!("{{{}}}", many.join(","))).is_ok());
        let json = format!(r#"{{{},"n49":0}}"#, many.join(","));
        assert_eq!(read(&json), Err("token.repeated"));
    }

    #[test]
    fn whatever_is_no_object_is_refused() {
        let wide = (0..=MAX_MEMBERS).map(|n| format!(r#""{n}":0"#));
        let wide = format!("{{{}}}", wide.collect::<Vec<_>>().join(","));
        for json in ["", "[]", "{}x", r#"{"a":NaN}"#, r#"{"z":"\ud800"}"#, &wide] {
            assert_eq!(read(json), Err("token.claims_malformed"), "{json:.40}");
        }
        let small = Wanted::new(["a"]).at_most(2);
        assert!(read_members(br#"{"a":0,"z":0}"#, &small).is_ok());
        assert!(read_members(br#"{"a":0,"z":0,"y":0}"#, &small).is_err());
    }
}
