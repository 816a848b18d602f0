//! A vector's words as the text of a token.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::Vector;
use super::signing::{sign, usual_key, usual_kid};
use super::tamper::{tamper_signed, tamper_unsigned};

pub(super) fn token<E>(vector: &Vector<E>, base: &Vector<E>) -> String {
    let how = vector.tamper.as_deref();
    if let Some(token) = &vector.token {
        return match how {
            None => token.clone(),
            Some(how) => tamper_signed(how, token).expect("a way to tamper with a whole token"),
        };
    }
    let alg = vector.alg.as_deref().unwrap_or("RS256");
    let key = vector.key.as_deref().unwrap_or_else(|| usual_key(alg));
    let encode = |text: &str| URL_SAFE_NO_PAD.encode_to_string(bytes(vector, text));
    let mut segments = (
        encode(&header(vector, base, alg, key)),
        encode(&claims(vector, base)),
    );
    let before = how.is_some_and(|how| tamper_unsigned(how, &mut segments));
    let (header, payload) = segments;
    let signature = sign(alg, key, format!("{header}.{payload}").as_bytes());
    let signature = URL_SAFE_NO_PAD.encode_to_string(signature);
    let token = format!("{header}.{payload}.{signature}");
    match how {
        Some(how) if !before => {
            tamper_signed(how, &token).unwrap_or_else(|| panic!("{how} is no way to tamper"))
        }
        _ => token,
    }
}

fn header<E>(vector: &Vector<E>, base: &Vector<E>, alg: &str, key: &str) -> String {
    if let Some(json) = &vector.header_json {
        return json.clone();
    }
    let mut header = base.header.clone();
    header.insert("alg".into(), json!(alg));
    if let Some(kid) = usual_kid(key) {
        header.insert("kid".into(), json!(kid));
    }
    let object = object(
        header,
        &vector.header,
        &vector.header_null,
        &vector.header_without,
        vector.header_pad,
        &vector.header_append,
    );
    format!("{}{object}{}", vector.header_before, vector.header_after)
}

fn claims<E>(vector: &Vector<E>, base: &Vector<E>) -> String {
    if let Some(json) = &vector.claims_json {
        return json.clone();
    }
    let object = object(
        base.claims.clone(),
        &vector.claims,
        &vector.claims_null,
        &vector.claims_without,
        vector.claims_pad,
        &vector.claims_append,
    );
    format!("{}{object}{}", vector.claims_before, vector.claims_after)
}

fn object(
    mut members: Map<String, Value>,
    other: &Map<String, Value>,
    null: &[String],
    without: &[String],
    pad: usize,
    append: &str,
) -> String {
    members.extend(other.clone());
    members.extend(null.iter().map(|name| (name.clone(), Value::Null)));
    members.retain(|name, _| !without.contains(name));
    if pad > 0 {
        members.insert("pad".into(), json!("x".repeat(pad)));
    }
    let mut text = Value::from(members).to_string();
    text.insert_str(text.len() - 1, append);
    text
}

fn bytes<E>(vector: &Vector<E>, text: &str) -> Vec<u8> {
    match vector.encoding.as_deref() {
        None => text.as_bytes().to_vec(),
        Some("latin1") => {
            let byte = |letter: char| u8::try_from(letter).expect("a letter of ISO 8859-1");
            text.chars().map(byte).collect()
        }
        Some("utf16") => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Some(name) => panic!("{name} is no encoding"),
    }
}
