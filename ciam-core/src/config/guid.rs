//! Tenant ids.

use std::fmt;

/// A GUID in lower case: the id of a tenant.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Guid(String);

impl Guid {
    /// From `8-4-4-4-12` hexadecimal digits of either case; nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_guid = text.len() == LENGTH
            && text.bytes().enumerate().all(|(i, byte)| match i {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        is_guid.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 9562, section 4.
const LENGTH: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_form_is_a_guid() {
        let guid = Guid::parse("AAAABBBB-0000-cccc-1111-dddd2222eeee").expect("a GUID");
        assert_eq!(guid.to_string(), "aaaabbbb-0000-cccc-1111-dddd2222eeee");
        for text in [
            "",
            "aaaabbbb0000cccc1111dddd2222eeee",
            "{aaaabbbb-0000-cccc-1111-dddd2222eeee}",
            "aaaabbbb-0000-cccc-1111-dddd2222eeeg",
            "aaaabbbb-0000-cccc-1111-dddd2222eee",
            "aaaabbbb-0000-cccc-1111-dddd2222eeee ",
            "aaaabbbb_0000_cccc_1111_dddd2222eeee",
            "aaaabbbb-0000-cccc-1111-dddd2222eé",
        ] {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }
}
