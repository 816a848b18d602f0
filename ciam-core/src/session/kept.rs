//! What a session keeps beside the claims: read only where somebody asks for it.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::tokens::{Tokens, TokensWire};
use crate::secret::Secret;

/// All of it is optional.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// From where the user signed in.
    pub(crate) origin: Origin,
    /// For the hint of sign-out, where the session is not in a cookie.
    pub(crate) id_token: Option<Secret>,
    /// The scopes that the sign-in was asked for, in addition to its own.
    pub(crate) answered: Option<String>,
    /// For the APIs the application calls.
    pub(crate) tokens: Option<Tokens>,
}

/// From where a user signed in, as far as the request told.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Origin {
    /// `User-Agent`, shortened.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
}

impl Kept {
    /// Of bytes that were sealed by this application.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        let wire: Wire<'_> = match serde_json::from_slice(bytes) {
            Ok(wire) => wire,
            Err(_) => {
                // The version of the session says how it is laid out.
                tracing::error!(code = "session.malformed", "a session has lost its tokens");
                return Self::default();
            }
        };
        Self {
            origin: wire.origin,
            id_token: wire.id_token.map(|text| Secret::new(text.into_owned())),
            answered: wire.answered,
            tokens: wire.tokens.map(Tokens::from),
        }
    }

    pub(super) fn encode(&self) -> Bytes {
        if self.is_nothing() {
            return Bytes::new();
        }
        let wire = Wire {
            origin: self.origin.clone(),
            id_token: self.id_token.as_ref().map(|token| token.expose().into()),
            answered: self.answered.clone(),
            tokens: self.tokens.as_ref().map(TokensWire::from),
        };
        let mut json = Zeroizing::new(Vec::with_capacity(INITIAL));
        // Texts and numbers always make JSON.
        let _ = serde_json::to_writer(&mut *json, &wire);
        Bytes::from_owner(json)
    }

    fn is_nothing(&self) -> bool {
        let kept = self.id_token.is_some() || self.answered.is_some() || self.tokens.is_some();
        !kept && self.origin == Origin::default()
    }
}

#[derive(Deserialize, Serialize)]
struct Wire<'a> {
    #[serde(rename = "o")]
    origin: Origin,
    #[serde(rename = "i", borrow, default, skip_serializing_if = "Option::is_none")]
    id_token: Option<Cow<'a, str>>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    #[serde(rename = "t", borrow, default, skip_serializing_if = "Option::is_none")]
    tokens: Option<TokensWire<'a>>,
}

/// Three tokens of real providers fit without growing, which would leave copies behind.
const INITIAL: usize = 8 * 1024;
