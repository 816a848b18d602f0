//! Counters and histograms for whoever installed a recorder, behind the feature `metrics`.
//!
//! | metric | labels |
//! |---|---|
//! | `ciam_visits_total` | `visitor`: `anonymous`, `signed_in`, `refused`, `unknown` where the session store failed |
//! | `ciam_access_tokens_total` | `source`: `cache`, `signature`, `refused` |
//! | `ciam_sign_ins_total` | `outcome`: `completed` or the code of the failure |
//! | `ciam_tokens_total` | `outcome` of asking for a token for an API: `granted` or the code of the failure |
//! | `ciam_provider_request_seconds` | `request`: `metadata`, `keys`, `revocation`, `token`, `userinfo`; `outcome`: `ok`, `failed` |

use std::time::{Duration, Instant};

/// Who made a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Visitor {
    Anonymous,
    Refused,
    SignedIn,
    Unknown,
}

impl Visitor {
    const fn label(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Refused => "refused",
            Self::SignedIn => "signed_in",
            Self::Unknown => "unknown",
        }
    }
}

/// How it was known who a caller is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenSource {
    /// The token was verified before.
    Cache,
    /// It was not, and nobody is known now.
    Refused,
    /// Its signature was checked.
    Signature,
}

impl TokenSource {
    const fn label(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Refused => "refused",
            Self::Signature => "signature",
        }
    }
}

pub(crate) fn access_token(source: TokenSource) {
    count("ciam_access_tokens_total", "source", source.label());
}

pub(crate) fn visit(visitor: Visitor) {
    count("ciam_visits_total", "visitor", visitor.label());
}

pub(crate) fn sign_in(outcome: &'static str) {
    count("ciam_sign_ins_total", "outcome", outcome);
}

pub(crate) fn token(outcome: &'static str) {
    count("ciam_tokens_total", "outcome", outcome);
}

/// Times a request to the provider, from here to its outcome.
pub(crate) async fn timed<T, E>(
    request: &'static str,
    exchange: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let started = Instant::now();
    let result = exchange.await;
    let outcome = if result.is_ok() { "ok" } else { "failed" };
    record(request, outcome, started.elapsed());
    result
}

#[cfg(feature = "metrics")]
fn count(name: &'static str, label: &'static str, value: &'static str) {
    metrics::counter!(name, label => value).increment(1);
}

#[cfg(not(feature = "metrics"))]
const fn count(_: &'static str, _: &'static str, _: &'static str) {}

#[cfg(feature = "metrics")]
fn record(request: &'static str, outcome: &'static str, took: Duration) {
    let labels = [("request", request), ("outcome", outcome)];
    metrics::histogram!("ciam_provider_request_seconds", &labels).record(took);
}

#[cfg(not(feature = "metrics"))]
const fn record(_: &'static str, _: &'static str, _: Duration) {}
