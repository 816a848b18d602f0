//! The limit: the named work written by hand, and nothing around it.
//!
//! Finds one cookie, decodes it, opens AES-256-GCM under one fixed key, reads the JSON into
//! a typed struct and gives it to the handler. No expiry, no rotation, no chunks, no check
//! of who caused the request, nothing overwritten, no headers written. Not a product.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64_simd::URL_SAFE_NO_PAD;
use memchr::memchr;

use crate::support::profile::Profile;

#[derive(Clone)]
pub(crate) struct Limit {
    key: Arc<LessSafeKey>,
}

impl Limit {
    pub(crate) fn new() -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes");
        Self {
            key: Arc::new(LessSafeKey::new(key)),
        }
    }

    /// `name=value` of the cookie that holds this text.
    pub(crate) fn seal(&self, json: &[u8]) -> String {
        let mut sealed = json.to_vec();
        let nonce = Nonce::assume_unique_for_key(NONCE);
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
            .expect("it is short");
        let value = URL_SAFE_NO_PAD.encode_to_string([&NONCE[..], &sealed].concat());
        format!("{}={value}", str::from_utf8(NAME).expect("a text"))
    }
}

impl Finds for Limit {
    type Found = Profile;

    fn find(&self, cookies: &[u8]) -> Option<Profile> {
        let mut sealed = URL_SAFE_NO_PAD.decode_to_vec(value(cookies)?).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let json = self.key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        serde_json::from_str(str::from_utf8(json).ok()?).ok()
    }
}

/// What a limit finds in a `Cookie` header, for the handler.
pub(crate) trait Finds: Clone {
    type Found: Clone + Send + Sync + 'static;

    fn find(&self, cookies: &[u8]) -> Option<Self::Found>;
}

/// Of the one cookie.
pub(super) fn value(mut cookies: &[u8]) -> Option<&[u8]> {
    loop {
        let end = memchr(b';', cookies).unwrap_or(cookies.len());
        if let Some(value) = cookies[..end].strip_prefix(NAME) {
            return value.strip_prefix(b"=");
        }
        cookies = cookies.get(end + 2..)?;
    }
}

/// As long as the name of ours.
pub(super) const NAME: &[u8] = b"__Host-limit-session-01234567";

/// One cookie is ever sealed under the key.
const NONCE: [u8; NONCE_LEN] = [1; NONCE_LEN];
