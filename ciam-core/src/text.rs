//! Texts from outside, made fit for an error or a log line.

/// At most [`MAX_OPERAND_CHARS`] characters, and none that could forge a line.
pub(crate) fn shortened(text: &str) -> String {
    shortened_to(text, MAX_OPERAND_CHARS)
}

/// At most `limit` characters, and none that could forge a line.
pub(crate) fn shortened_to(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for c in text.chars() {
        let escaped = c.escape_debug();
        length += escaped.len();
        // One less, so that the mark of a cut fits too.
        if length > limit - 1 {
            shown.push('…');
            break;
        }
        shown.extend(escaped);
    }
    shown
}

/// Decodes every `%` with two hexadecimal digits once; others stay.
pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let pair = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)),
            _ => None,
        };
        if let Some((high, low)) = pair {
            decoded.push(high << 4 | low);
            rest = &rest[3..];
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    decoded
}

/// Enough for an issuer URL with a tenant id, too little for a token.
pub(crate) const MAX_OPERAND_CHARS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operand_is_short_and_on_one_line() {
        assert_eq!(shortened("kid-1"), "kid-1");
        assert_eq!(
            shortened("a\r\nlevel=error\u{202e}\0"),
            "a\\r\\nlevel=error\\u{202e}\\0"
        );
        let long = shortened(&"é\n".repeat(100_000));
        assert!(long.chars().count() <= MAX_OPERAND_CHARS);
        assert!(long.ends_with('…'));
    }
}
