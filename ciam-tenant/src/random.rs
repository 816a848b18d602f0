//! Random values: identifiers, codes and tokens.

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// 256 random bits in 43 base64url characters: nobody guesses one.
pub(crate) fn token() -> String {
    base64url(&bytes::<32>())
}

/// A random GUID (version 4), in lower case.
pub(crate) fn guid() -> String {
    let mut b = bytes::<16>();
    b[6] = b[6] & 0x0f | 0x40;
    b[8] = b[8] & 0x3f | 0x80;
    let hex: String = b.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// Whether `text` has the form of a GUID.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_version_4_and_differ() {
        let guid = guid();
        assert!(is_guid(&guid), "{guid}");
        assert_eq!(&guid[14..15], "4");
        assert_ne!(guid, super::guid());
        assert!(!is_guid("aaaabbbb-0000-cccc-1111-dddd2222eeeg"));
        assert!(!is_guid("aaaabbbb00000cccc01111-dddd2222eeeee"));
    }

    #[test]
    fn tokens_have_43_characters() {
        assert_eq!(token().len(), 43);
    }
}
