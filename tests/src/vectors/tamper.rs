//! What happens to a token before or after it was signed.

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ciam_core::token::MAX_TOKEN_BYTES;

/// Changes what is signed then; `false` if this is done with signed tokens only.
pub(super) fn tamper_unsigned(how: &str, segments: &mut (String, String)) -> bool {
    let (header, payload) = segments;
    match how {
        "header_newline" => header.push('\n'),
        "header_padding" => header.push('='),
        "header_stray_bits" => *header = stray_bits(header),
        "no_header" => header.clear(),
        "no_payload" => payload.clear(),
        "payload_newline" => payload.push('\n'),
        "payload_padding" => payload.push('='),
        "payload_standard_alphabet" => *payload = standard_alphabet(payload),
        "payload_stray_bits" => *payload = stray_bits(payload),
        _ => return false,
    }
    true
}

/// The token, changed; nothing if there is no such change.
pub(super) fn tamper_signed(how: &str, token: &str) -> Option<String> {
    let segments: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = segments[..] else {
        panic!("a signed token has three segments");
    };
    let signed = |change: fn(&mut Vec<u8>)| {
        let mut signature = decode(signature);
        change(&mut signature);
        format!("{header}.{payload}.{}", encode(&signature))
    };
    Some(match how {
        "dots" => ".".repeat(60_000),
        "five_segments" => format!("{token}.AAAA.AAAA"),
        "four_segments" => format!("{token}.AAAA"),
        "header" => format!("{}.{payload}.{signature}", inserted(header, " ")),
        "letters" => "a".repeat(60_000),
        "letters_too_many" => "a".repeat(MAX_TOKEN_BYTES + 1),
        "letter" => format!("{header}.{payload}.{signature}\u{e9}"),
        "newline" => format!("{token}\n"),
        "padding" => format!("{token}=="),
        "payload" => {
            let payload = inserted(payload, r#""admin":true,"#);
            format!("{header}.{payload}.{signature}")
        }
        "percent" => token.replace('.', "%2E"),
        "signature_bit" => signed(|signature| {
            let middle = signature.len() / 2;
            signature[middle] ^= 1;
        }),
        "signature_cut" => signed(|signature| signature.truncate(signature.len() - 1)),
        "signature_empty" => signed(Vec::clear),
        // In ECDSA: the one of the two numbers is zero, or the other.
        "signature_first_half_zero" => signed(|signature| {
            let middle = signature.len() / 2;
            signature[..middle].fill(0);
        }),
        "signature_longer" => signed(|signature| signature.push(0)),
        "signature_second_half_zero" => signed(|signature| {
            let middle = signature.len() / 2;
            signature[middle..].fill(0);
        }),
        "signature_zero" => signed(|signature| signature.fill(0)),
        "space" => token.replace('.', " ."),
        "standard_alphabet" => format!("{header}.{payload}.{}", standard_alphabet(signature)),
        "stray_bits" => stray_bits(token),
        "two_segments" => format!("{header}.{payload}"),
        _ => return None,
    })
}

/// The object with this text at its beginning.
fn inserted(segment: &str, text: &str) -> String {
    let json = String::from_utf8(decode(segment)).expect("JSON");
    let changed = json.replacen('{', &format!("{{{text}"), 1);
    assert_ne!(json, changed, "there is no object");
    encode(changed.as_bytes())
}

/// Another text for the same bytes: the unused bits of the last character set.
fn stray_bits(text: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let segment = text.rsplit('.').next().unwrap_or_default();
    assert_ne!(segment.len() % 4, 0, "the length leaves no bits unused");
    let last = text.chars().next_back().expect("a last character");
    let value = alphabet.find(last).expect("base64url");
    let other = alphabet[value | 1..].chars().next().expect("64 characters");
    assert_ne!(last, other, "canonical text has zeros there");
    format!("{}{other}", &text[..text.len() - 1])
}

fn standard_alphabet(segment: &str) -> String {
    let other = STANDARD_NO_PAD.encode_to_string(decode(segment));
    assert_ne!(segment, other, "the alphabets do not differ here");
    other
}

fn decode(segment: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(segment).expect("base64url")
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}
