//! Tokens: compact signed JWTs, read and checked.
//!
//! Text → limits, three segments, header → key and signature → claims
//! → checks → a type of its own that only passing them can make.

#![warn(clippy::as_conversions)]

pub(crate) use self::access_token::verify;
pub use self::access_token::{
    ExpectedAccessToken, ExpectedTenant, VerifiedAccessToken, verify_access_token,
};
pub(crate) use self::compact::{CompactJws, UnverifiedIssuer};
pub use self::error::TokenError;
pub use self::id_token::{
    ExpectedIdToken, ExpectedNonce, KeyIssuer, MAX_TOKEN_BYTES, VerifiedIdToken, verify_id_token,
};
pub(crate) use self::logout_token::MAX_ID_BYTES;
pub use self::logout_token::{
    ExpectedLogoutToken, VerifiedLogoutToken, Whose, verify_logout_token,
};
pub(crate) use crate::algorithm::ALGORITHMS;
pub use crate::keys::{Algorithm, AlgorithmError, parse_algorithm};

mod access_token;
mod checks;
mod compact;
mod error;
mod id_token;
pub(crate) mod json;
mod logout_token;
mod members;
