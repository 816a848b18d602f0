//! What the token endpoint refuses because a test said so.

use std::collections::VecDeque;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::claims_request::{ClaimsRequest, interaction_required};
use crate::error::{Aadsts, Trail};
use crate::requests::GrantType;
use crate::scope::Scopes;

/// A way in which the service refuses an honest token request; see
/// [`Tenant::fail_next`](crate::Tenant::fail_next).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// `invalid_grant` with AADSTS50196: the client asked for the same too often (Microsoft,
    /// "What's new for authentication", "Looping clients will be interrupted"). The grant is as
    /// good as before.
    ClientLoop,
    /// Status 429 with `Retry-After`, in whole seconds, and AADSTS90055.
    Throttled(Duration),
    /// Status 503 and AADSTS90033.
    Unavailable,
}

/// What was arranged.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Each for one request.
    pub(crate) next: VecDeque<(GrantType, TokenFault)>,
    pub(crate) challenges: Vec<Challenge>,
    /// Whether the first redemption after a sign-up is refused.
    pub(crate) after_sign_up: bool,
}

/// A scope that needs an authentication context, as by a Conditional Access policy.
#[derive(Debug)]
pub(crate) struct Challenge {
    /// The API's client id, in lower case.
    pub(crate) api: String,
    pub(crate) scope: String,
    /// In the form of the parameter `claims`.
    pub(crate) claims: String,
}

impl Faults {
    /// The fault arranged for a request of this grant type, which is then used up.
    pub(crate) fn take(&mut self, grant_type: GrantType) -> Option<TokenFault> {
        let at = self.next.iter().position(|(of, _)| *of == grant_type)?;
        self.next.remove(at).map(|(_, fault)| fault)
    }

    /// Refuses scopes that need more than what was satisfied.
    pub(crate) fn check(&self, scopes: &Scopes, satisfied: &ClaimsRequest) -> Result<(), Aadsts> {
        let Some(resource) = scopes.resource() else {
            return Ok(());
        };
        for challenge in &self.challenges {
            let is_meant =
                challenge.api == resource.client_id && resource.scopes.contains(&challenge.scope);
            if is_meant {
                let asked = ClaimsRequest::parse(Some(&challenge.claims))?;
                if !satisfied.satisfies(&asked) {
                    return Err(interaction_required(Some(challenge.claims.clone())));
                }
            }
        }
        Ok(())
    }
}

impl TokenFault {
    pub(crate) fn answer(self, trail: &Trail) -> Response {
        // The texts are the service's; the `error` of the two transient ones is that of RFC 6749
        // section 4.1.2.1, for want of a captured document.
        let transient = |number, message| Aadsts::new("temporarily_unavailable", number, message);
        match self {
            Self::ClientLoop => {
                let why = "The server terminated an operation because it encountered a client \
                           request loop. Please contact your app vendor.";
                Aadsts::new("invalid_grant", 50196, why).document(trail)
            }
            Self::Throttled(after) => {
                let why = "There are too many incoming requests.";
                let document = transient(90055, why).document(trail);
                let after = [(header::RETRY_AFTER, HeaderValue::from(after.as_secs()))];
                (StatusCode::TOO_MANY_REQUESTS, after, document).into_response()
            }
            Self::Unavailable => {
                let why = "A transient error has occurred. Please try again.";
                let document = transient(90033, why).document(trail);
                (StatusCode::SERVICE_UNAVAILABLE, document).into_response()
            }
        }
    }
}

/// MicrosoftDocs/entra-docs#419: the first redemption after a sign-up may be refused so; the next
/// sign-in works.
pub(crate) fn not_after_sign_up() -> Aadsts {
    let why = "User account is not allowed by the conditions of the policy.";
    Aadsts::new("invalid_grant", 131010, why).with_suberror("bad_token")
}
