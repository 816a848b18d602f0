//! Secrets in a text, however they are written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded;

/// Secrets to look for, each with what kind of secret it is.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    kinds: BTreeSet<&'static str>,
    pieces: HashMap<[u8; PIECE], &'static str>,
    short: BTreeMap<Vec<u8>, &'static str>,
}

impl Secrets {
    /// Looks for this one too: as it is, percent-encoded, in base64 alone or
    /// among other things, and in hexadecimal.
    pub fn add(&mut self, kind: &'static str, secret: &str) {
        assert!(secret.len() >= 8, "too short to be looked for: {secret:?}");
        self.kinds.insert(kind);
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        self.add_pieces(kind, secret.as_bytes());
        for text in [secret, &form] {
            for before in 0..3 {
                let padded = [&[0; 2][..before], text.as_bytes()].concat();
                // The characters that no neighbour has a part in.
                let own = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
                let standard = STANDARD_NO_PAD.encode_to_string(&padded);
                let url_safe = URL_SAFE_NO_PAD.encode_to_string(&padded);
                self.add_pieces(kind, standard[own.clone()].as_bytes());
                self.add_pieces(kind, url_safe[own].as_bytes());
            }
        }
        let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
        self.add_pieces(kind, hex.as_bytes());
    }

    /// The kinds that are looked for.
    pub const fn kinds(&self) -> &BTreeSet<&'static str> {
        &self.kinds
    }

    /// The kinds of which a good part is in a text.
    pub fn found_in(&self, text: &str) -> BTreeSet<&'static str> {
        let mut texts = vec![text.to_owned()];
        // Decoded once, and twice.
        while let Some(encoded) = texts.last().filter(|text| text.contains('%')) {
            if texts.len() == 3 {
                break;
            }
            texts.push(percent_decoded(encoded));
        }
        let mut found = BTreeSet::new();
        for text in texts.iter().map(String::as_bytes) {
            for window in text.windows(PIECE) {
                found.extend(self.pieces.get(window));
            }
            for (short, kind) in &self.short {
                if text.windows(short.len()).any(|window| window == short) {
                    found.insert(*kind);
                }
            }
        }
        found
    }

    /// The whole of a short text; of a longer one, pieces such that whoever shows
    /// a bit more than one piece shows one of them.
    fn add_pieces(&mut self, kind: &'static str, text: &[u8]) {
        if text.len() < PIECE {
            self.short.insert(text.to_vec(), kind);
            return;
        }
        let last = text.len() - PIECE;
        for at in (0..=last).step_by(PIECE / 2).chain([last]) {
            let piece = text[at..].first_chunk().expect("long enough");
            self.pieces.insert(*piece, kind);
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = rest.get(1..3).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                decoded.push(byte);
                rest = &rest[3..];
            }
            None => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Characters of a secret that may not be shown.
const PIECE: usize = 16;

#[cfg(test)]
mod tests {
    use base64_simd::{STANDARD, URL_SAFE};

    use super::*;

    #[test]
    fn a_secret_is_found_in_every_disguise() {
        let secret = "cl1ent/secret+with=odd~chars&%";
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let basic = STANDARD.encode_to_string(format!("shop:{form}"));
        let mut secrets = Secrets::default();
        secrets.add("client secret", secret);
        for text in [
            secret.to_owned(),
            secret[3..27].to_owned(),
            form.clone(),
            form.to_lowercase(),
            form_urlencoded::byte_serialize(form.as_bytes()).collect(),
            basic.clone(),
            form_urlencoded::byte_serialize(basic.as_bytes()).collect(),
            STANDARD.encode_to_string(secret),
            URL_SAFE.encode_to_string(format!("a{secret}")),
            URL_SAFE_NO_PAD.encode_to_string(format!("ab{secret}c")),
            secret.bytes().map(|b| format!("{b:02x}")).collect(),
        ] {
            let line = format!("before {text} after");
            let found = secrets.found_in(&line);
            assert_eq!(found, BTreeSet::from(["client secret"]), "{line}");
        }
    }

    #[test]
    fn a_short_secret_is_found_and_nothing_where_nothing_is() {
        let mut secrets = Secrets::default();
        secrets.add("client secret", "cl1ent/secret+with=odd~chars&%");
        secrets.add("password", "hunter2!");
        let text = "code=token_endpoint.refused error=… client secret of shop%20two %zz %";
        assert!(secrets.found_in(text).is_empty());
        for text in ["my hunter2! is", "hunter2%21", "aHVudGVyMiE="] {
            assert_eq!(
                secrets.found_in(text),
                BTreeSet::from(["password"]),
                "{text}"
            );
        }
        assert_eq!(secrets.kinds().len(), 2);
    }
}
