//! The limit: the named work written by hand, and nothing around it.
//!
//! A token that is known is found by a keyed hash and compared in full. One that is not
//! is verified with one key that was parsed before, and its claims are read into a typed
//! struct. No rotation, no second provider, nothing refused that is merely odd. Not a
//! product.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use ahash::RandomState;
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64_simd::URL_SAFE_NO_PAD;
use ciam_core::{Clock as _, SystemClock};

use super::access::{AUDIENCE, Access, ISSUER};
use crate::support::provider::rsa_key;

#[derive(Clone)]
pub(crate) struct Limit(Arc<State>);

struct State {
    key: ParsedPublicKey,
    /// Ever filled where tokens are remembered.
    known: Option<Known>,
}

type Known = RwLock<HashMap<String, Arc<Access>, RandomState>>;

impl Limit {
    /// Remembers every token.
    pub(crate) fn remembering() -> Self {
        Self::new(Some(Known::default()))
    }

    /// Verifies every token.
    pub(crate) fn verifying() -> Self {
        Self::new(None)
    }

    fn new(known: Option<Known>) -> Self {
        let pair = rsa_key();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        let key = key.expect("an RSA key");
        Self(Arc::new(State { key, known }))
    }

    /// Whose token an `Authorization` header has.
    pub(crate) fn caller(&self, authorization: &[u8]) -> Option<Arc<Access>> {
        let token = authorization.strip_prefix(b"Bearer ")?;
        let token = str::from_utf8(token).ok()?;
        let Some(known) = &self.0.known else {
            return self.verify(token).map(Arc::new);
        };
        let found = known.read().expect("nobody panics").get(token).cloned();
        let found = found.filter(|access| access.exp > now());
        if found.is_some() {
            return found;
        }
        let access = Arc::new(self.verify(token)?);
        let mut known = known.write().expect("nobody panics");
        known.insert(token.to_owned(), Arc::clone(&access));
        Some(access)
    }

    fn verify(&self, token: &str) -> Option<Access> {
        let (message, signature) = token.rsplit_once('.')?;
        let (_, payload) = message.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode_to_vec(signature).ok()?;
        let message = message.as_bytes();
        self.0.key.verify_sig(message, &signature).ok()?;
        let payload = URL_SAFE_NO_PAD.decode_to_vec(payload).ok()?;
        let access: Access = serde_json::from_str(str::from_utf8(&payload).ok()?).ok()?;
        let expected = access.iss == ISSUER && access.aud == AUDIENCE;
        (expected && access.exp > now()).then_some(access)
    }
}

fn now() -> u64 {
    SystemClock.now().unix()
}
