//! The `WWW-Authenticate` header of a refused caller.

use base64_simd::STANDARD;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::secret::Secret;

/// What the caller is told: RFC 6750, section 3.1, RFC 9470, section 3, and
/// Microsoft's claims challenge. Never why a token failed: the log says it.
#[derive(Clone, Debug)]
pub(crate) enum Challenge {
    /// Another authentication context, in the form that Microsoft's clients know.
    Claims { context: String },
    /// Nothing was sent.
    Credentials,
    /// What another API's token needs, in the provider's own words.
    GivenClaims { claims: Secret },
    /// A request that cannot be meant.
    InvalidRequest,
    /// Any fault of the token.
    InvalidToken,
    /// The token is fine and allows something else.
    InsufficientScope { scopes: Vec<String> },
    /// The user has to prove more, or again.
    InsufficientAuthentication {
        contexts: Vec<String>,
        max_age: Option<u64>,
    },
}

impl Challenge {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InsufficientScope { .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// `error` of the header and of the body.
    pub(crate) const fn error(&self) -> Option<&'static str> {
        match self {
            Self::Claims { .. } | Self::GivenClaims { .. } => Some("insufficient_claims"),
            Self::Credentials => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope { .. } => Some("insufficient_scope"),
            Self::InsufficientAuthentication { .. } => Some("insufficient_user_authentication"),
        }
    }

    /// The header; `metadata` is the address of RFC 9728, section 5.1.
    pub(crate) fn header(&self, metadata: Option<&str>) -> HeaderValue {
        let mut parameters = Vec::new();
        let mut parameter =
            |name: &str, value: &str| parameters.push(format!("{name}={}", quoted(value)));
        if let Some(metadata) = metadata {
            parameter("resource_metadata", metadata);
        }
        if let Some(error) = self.error() {
            parameter("error", error);
        }
        match self {
            Self::Claims { context } => {
                let wanted = json!({"essential": true, "value": context});
                let claims = json!({"access_token": {"acrs": wanted}}).to_string();
                parameter("claims", &STANDARD.encode_to_string(claims));
                parameter("cc_type", "authcontext");
            }
            Self::GivenClaims { claims } => {
                parameter("claims", &STANDARD.encode_to_string(claims.expose()));
            }
            Self::InsufficientScope { scopes } if !scopes.is_empty() => {
                parameter("scope", &scopes.join(" "));
            }
            Self::InsufficientAuthentication { contexts, max_age } => {
                if !contexts.is_empty() {
                    parameter("acr_values", &contexts.join(" "));
                }
                if let Some(max_age) = max_age {
                    parameter("max_age", &max_age.to_string());
                }
            }
            _ => {}
        }
        let header = match parameters.as_slice() {
            [] => "Bearer".to_owned(),
            parameters => format!("Bearer {}", parameters.join(", ")),
        };
        // What a guard asks for is the application's; what no header may have is left out.
        HeaderValue::try_from(header).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

/// RFC 9110, section 5.6.4.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_challenge_as_its_document_writes_it() {
        let metadata = Some("https://api.example/.well-known/oauth-protected-resource");
        let header = |challenge: &Challenge, metadata| {
            let header = challenge.header(metadata);
            header.to_str().expect("ASCII").to_owned()
        };
        assert_eq!(header(&Challenge::Credentials, None), "Bearer");
        assert_eq!(
            header(&Challenge::InvalidToken, metadata),
            "Bearer resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\", \
             error=\"invalid_token\""
        );
        let scope = Challenge::InsufficientScope {
            scopes: vec!["orders.read".into(), "a\"b".into()],
        };
        assert_eq!(
            header(&scope, None),
            r#"Bearer error="insufficient_scope", scope="orders.read a\"b""#
        );
        let step_up = Challenge::InsufficientAuthentication {
            contexts: vec!["c1".into()],
            max_age: Some(300),
        };
        assert_eq!(
            header(&step_up, None),
            r#"Bearer error="insufficient_user_authentication", acr_values="c1", max_age="300""#
        );
        let claims = Challenge::Claims {
            context: "c1".into(),
        };
        assert_eq!(
            header(&claims, None),
            "Bearer error=\"insufficient_claims\", \
             claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19\", \
             cc_type=\"authcontext\""
        );
    }
}
