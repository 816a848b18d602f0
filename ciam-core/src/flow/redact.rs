//! Texts of the provider, fit for a log line: without what it was sent.

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded;

use crate::text::{percent_decoded, shortened_to};

/// A text of the provider without any of `secrets`, on one line and not too long.
///
/// A secret in its own form is cut out. One that is percent-encoded or base64, as
/// in a request that is repeated whole, takes the text with it: where such a copy
/// begins and ends is not worth knowing.
pub(super) fn shown(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|s| !s.is_empty()) {
        text = text.replace(secret, "…");
    }
    if secrets.iter().any(|secret| repeats_encoded(&text, secret)) {
        return "(not shown: it repeats a secret)".to_owned();
    }
    shortened_to(&text, MAX_SHOWN_CHARS)
}

fn repeats_encoded(text: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    // As it is encoded too: a `%` before it may take its first letters when decoded.
    let mut needles = vec![secret.to_owned(), form.clone()];
    for bytes in [secret.as_bytes(), form.as_bytes()] {
        needles.extend((0..3).flat_map(|before| base64_cores(bytes, before)));
    }
    // Decoded twice, because a repeated request may be in a parameter itself.
    let once = both_readings(text);
    let twice = both_readings(&once);
    let texts = [text, &once, &twice];
    let has = |needle: &String| texts.iter().any(|text| text.contains(needle.as_str()));
    needles.iter().any(has)
}

/// What the base64 of any text has in it that has `bytes` after `before` (modulo
/// 3) others: the characters that no neighbour has a part in.
fn base64_cores(bytes: &[u8], before: usize) -> Vec<String> {
    let padded = [&[0; 2][..before], bytes].concat();
    let whole = padded.len() * 8 / 6;
    let first = (before * 8).div_ceil(6);
    let core = |encoded: String| encoded.get(first..whole).map(str::to_owned);
    [
        STANDARD_NO_PAD.encode_to_string(&padded),
        URL_SAFE_NO_PAD.encode_to_string(&padded),
    ]
    .into_iter()
    .filter_map(core)
    .filter(|core| core.len() >= MIN_CORE_CHARS)
    .collect()
}

/// What stands for itself, `+` for a space too: one line for each reading.
fn both_readings(text: &str) -> String {
    let decode = |text: &str| {
        let decoded = percent_decoded(text.as_bytes());
        String::from_utf8_lossy(&decoded).into_owned()
    };
    format!("{}\n{}", decode(text), decode(&text.replace('+', " ")))
}

/// Microsoft's descriptions with their three ids are below 600.
const MAX_SHOWN_CHARS: usize = 700;

/// Shorter ones are found in texts that repeat nothing.
const MIN_CORE_CHARS: usize = 6;

#[cfg(test)]
mod tests {
    use base64_simd::{STANDARD, URL_SAFE};

    use super::*;

    const SECRET: &str = "a8Q~x/y+z=&\"1 ä";

    fn percent(text: &str, unreserved: &str) -> String {
        let escape = |b: u8| match b {
            b if b.is_ascii_alphanumeric() || unreserved.contains(char::from(b)) => {
                char::from(b).to_string()
            }
            b => format!("%{b:02x}"),
        };
        text.bytes().map(escape).collect()
    }

    #[test]
    fn a_secret_is_cut_out_and_the_rest_stays() {
        let text = format!("AADSTS7000215: {SECRET} is wrong,\nreally {SECRET}.");
        let shown = shown(&text, &["code", SECRET, ""]);
        assert_eq!(shown, "AADSTS7000215: … is wrong,\\nreally ….");
    }

    #[test]
    fn an_encoded_secret_takes_the_text_with_it() {
        let form: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let mut copies = vec![
            form.clone(),
            format!("100%{form}"),
            percent(SECRET, "-._~"),
            percent(SECRET, ""),
            percent(&form, ""),
            format!("code=1&client_secret={form}&x"),
        ];
        for id in ["", "c", "cl", "cli", "client:"] {
            for secret in [SECRET, &form] {
                let pair = format!("{id}{secret}");
                copies.push(STANDARD.encode_to_string(&pair));
                copies.push(URL_SAFE.encode_to_string(format!("{pair} and more")));
                copies.push(percent(&STANDARD.encode_to_string(&pair), ""));
            }
        }
        for copy in copies {
            let shown = shown(&format!("you sent {copy} to us"), &["code", SECRET]);
            assert_eq!(shown, "(not shown: it repeats a secret)", "{copy}");
        }
    }

    #[test]
    fn an_innocent_text_is_shown() {
        let text = "AADSTS50011: The redirect URI http://localhost:3000/auth/callback does not \
                    match. Trace ID: 0f1c8c5e-0000-4a7e-8b1a-5f0d2a3c4b00, 100% + more";
        assert_eq!(shown(text, &[SECRET, "a-code", "verifier"]), text);
    }
}
