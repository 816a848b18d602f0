//! An answer without tokens: what it says, and what it means for who asked.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::RETRY_AFTER;
use serde_json::Value;

use super::{AnswerBody, Grant, TokenEndpointError, TokenRequest, sent};
use crate::config::ClientCredential;
use crate::flow::aadsts;
use crate::flow::redact::shown;

/// What a refusal means for who asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// Code, refresh token or assertion are worth nothing (any more).
    Grant,
    /// The user has to go through sign-in once more, with this `claims` parameter if the
    /// provider gave one.
    Interaction {
        /// Of the next authentication request (OpenID Connect Core 1.0, section 5.5).
        claims: Option<String>,
    },
    /// Nothing: another time it may work.
    Other {
        /// How long the provider wants to be left alone (RFC 9110, section 10.2.3).
        retry_after: Option<Duration>,
    },
    /// The policies of a customer tenant have not heard of the user yet, who signed up a
    /// moment ago: signing in once more works.
    TooNew,
}

pub(super) fn refusal(
    response: &Response<Bytes>,
    body: AnswerBody,
    asked: &TokenRequest<'_>,
) -> TokenEndpointError {
    fn text<'a>(member: &'a Option<Value>, default: &'a str) -> &'a str {
        member.as_ref().and_then(Value::as_str).unwrap_or(default)
    }
    let error = text(&body.error, "without an error code");
    let description = text(&body.error_description, "no description");
    let number = aadsts::number(description);
    let advice = number
        .and_then(aadsts::advice)
        .or_else(|| general_advice(error, asked));
    let sent = sent(asked);
    TokenEndpointError::Refused {
        status: response.status().as_u16(),
        error: shown(error, &sent),
        description: shown(description, &sent),
        advice,
        refusal: meaning(response, &body, error, number),
    }
}

/// By the error of RFC 6749, section 5.2, and what providers add to it.
fn meaning(
    response: &Response<Bytes>,
    body: &AnswerBody,
    error: &str,
    number: Option<u32>,
) -> Refusal {
    let suberror = body.suberror.as_ref().and_then(Value::as_str);
    let claims = body.claims.as_ref().and_then(Value::as_str);
    let claims = claims.filter(|claims| claims.len() <= MAX_CLAIMS_BYTES);
    let interaction = || Refusal::Interaction {
        claims: claims.map(str::to_owned),
    };
    let later = || Refusal::Other {
        retry_after: retry_after(response),
    };
    match error {
        // What a server in trouble says about the grant need not be so.
        _ if response.status().is_server_error() => later(),
        "invalid_grant" if number == Some(aadsts::TOO_NEW) => Refusal::TooNew,
        "invalid_grant" if number == Some(aadsts::CLIENT_LOOP) => later(),
        // Microsoft says what the user has to do in `suberror` or `claims`; the grant
        // itself stays good.
        "invalid_grant" if claims.is_some() || suberror.is_some_and(asks_user) => interaction(),
        "invalid_grant" => Refusal::Grant,
        // OpenID Connect Core 1.0, section 3.1.2.6.
        "interaction_required" | "login_required" | "consent_required" => interaction(),
        _ => later(),
    }
}

/// Microsoft's `suberror`s of a grant that is good and does not suffice.
fn asks_user(suberror: &str) -> bool {
    const ASKS: [&str; 4] = [
        "additional_action",
        "basic_action",
        "consent_required",
        "message_only",
    ];
    ASKS.contains(&suberror)
}

fn retry_after(response: &Response<Bytes>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.trim().parse().ok()?))
}

fn general_advice(error: &str, asked: &TokenRequest<'_>) -> Option<&'static str> {
    match (error, asked.credential) {
        ("invalid_client", ClientCredential::Secret(secret))
            if crate::config::Guid::parse(secret.expose()).is_some() =>
        {
            Some("the client secret looks like an id: paste the secret's value, not its id")
        }
        ("invalid_client", ClientCredential::Secret(_)) => Some(
            "check CIAM_CLIENT_ID and CIAM_CLIENT_SECRET; CIAM_CLIENT_AUTH forces how it is sent",
        ),
        ("invalid_client", _) => {
            Some("check CIAM_CLIENT_ID; a confidential client needs CIAM_CLIENT_SECRET")
        }
        ("invalid_grant", _) => match asked.grant {
            Grant::AuthorizationCode { .. } => {
                Some("the code is used, too old or not for this redirect URI")
            }
            Grant::RefreshToken { .. } => {
                Some("the refresh token has ended: the user signs in once more")
            }
            _ => None,
        },
        _ => None,
    }
}

/// Travels on in the query of an authentication request, which Microsoft limits.
const MAX_CLAIMS_BYTES: usize = 2048;
