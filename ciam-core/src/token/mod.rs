//! Tokens: compact signed JWTs, read and checked.
//!
//! Text → limits, three segments, header → key and signature → claims
//! → checks → a type of its own that only passing them can make.

#![warn(clippy::as_conversions)]

pub use self::error::TokenError;
pub use self::id_token::{
    ExpectedIdToken, ExpectedNonce, KeyIssuer, MAX_TOKEN_BYTES, VerifiedIdToken, verify_id_token,
};
pub use crate::keys::{Algorithm, AlgorithmError, parse_algorithm};

mod checks;
mod compact;
mod error;
mod id_token;
pub(crate) mod json;
