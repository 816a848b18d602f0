//! Access tokens as a customer tenant issues them, and handles that accept them.

use std::sync::Arc;
use std::time::Duration;

use ciam_core::{Ciam, Clock as _, Config, SystemClock};
use serde_json::{Value, json};

use super::access::{APPLICATION, AUDIENCE, ISSUER};
use crate::support::provider::{FixedProvider, rsa_key, signed};

/// What the guard asks for.
pub(crate) const SCOPE: &str = "Orders.Read";

/// Values of `Authorization` headers.
pub(crate) struct Tokens {
    pub(crate) repeated: String,
    /// The same caller's, with many more groups.
    pub(crate) long: String,
    /// More than a small cache can hold: whichever comes is new to it.
    pub(crate) ring: Vec<String>,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let pair = rsa_key();
        let bearer = |claims: &Value| format!("Bearer {}", signed(claims, &pair));
        let mut long = claims(0);
        long["groups"] = (0..50).map(|n| format!("{n:08}{GROUP}")).collect();
        Self {
            repeated: repeated(),
            long: bearer(&long),
            ring: (1..=RING).map(|number| bearer(&claims(number))).collect(),
        }
    }

    /// From what [`to_lines`](Self::to_lines) made.
    pub(crate) fn from_lines(lines: &str) -> Self {
        let mut lines = lines.lines().map(str::to_owned);
        Self {
            repeated: lines.next().expect("a token"),
            long: lines.next().expect("two tokens"),
            ring: lines.collect(),
        }
    }

    /// For another process, which then has none to sign.
    pub(crate) fn to_lines(&self) -> String {
        let all = [&self.repeated, &self.long].into_iter().chain(&self.ring);
        all.flat_map(|token| [token, "\n"]).collect()
    }
}

/// The value of the `Authorization` header of a caller who comes again.
pub(crate) fn repeated() -> String {
    format!("Bearer {}", signed(&claims(0), &rsa_key()))
}

/// The same with another signature.
pub(crate) fn forged(authorization: &str) -> String {
    let signature = authorization.rfind('.').map_or(0, |dot| dot + 1);
    let (signed, signature) = authorization.split_at(signature);
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}{other}{}", &signature[1..])
}

/// One of the same provider that is meant for another API.
pub(crate) fn of_another_api() -> String {
    let mut claims = claims(0);
    claims["aud"] = "99998888-7777-6666-5555-444433332222".into();
    format!("Bearer {}", signed(&claims, &rsa_key()))
}

/// An API with a cache of the usual size.
pub(crate) fn ciam() -> Ciam {
    handle(CACHE, FixedProvider::new(ISSUER))
}

/// The same, whose provider publishes this key set.
pub(crate) fn ciam_with_keys(keys: Vec<u8>) -> Ciam {
    handle(CACHE, FixedProvider::with_keys(ISSUER, keys.into()))
}

/// One that has forgotten each token of the ring before it comes again.
pub(crate) fn forgetful_ciam() -> Ciam {
    handle(FEW, FixedProvider::new(ISSUER))
}

fn handle(tokens: u64, provider: FixedProvider) -> Ciam {
    let config = Config::api(ISSUER, AUDIENCE)
        .with_token_cache(tokens, Duration::from_secs(3600))
        .with_http_client(Arc::new(provider));
    Ciam::new(config.build().expect("a valid configuration"))
}

/// Those of [`Access`](super::access::Access).
pub(crate) fn claims(number: usize) -> Value {
    let now = SystemClock.now().unix();
    json!({
        "aud": AUDIENCE,
        "iss": ISSUER,
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + 3600,
        "aio": "AWQAm/8ZAAAAq3Xw",
        "azp": APPLICATION,
        "azpacr": "1",
        "groups": [format!("33334444{GROUP}")],
        "name": "Ada Lovelace",
        "oid": "11112222-bbbb-3333-cccc-4444dddd5555",
        "preferred_username": "ada@example.com",
        "rh": "0.AQEAqqqqu7sAAMwR",
        "roles": ["Buyer"],
        "scp": "Orders.Read Orders.Write",
        "sid": "22223333-cccc-4444-dddd-5555eeee6666",
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
        "uti": format!("fqiBqXLPj0eQ{number:08}"),
        "ver": "2.0",
    })
}

const GROUP: &str = "-dddd-5555-eeee-6666ffff7777";
/// How many tokens are remembered.
pub(crate) const CACHE: u64 = 10_000;

const RING: usize = 1000;
const FEW: u64 = 8;
