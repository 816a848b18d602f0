//! What can be wrong with claims.

use crate::text::shortened;

/// Claims were refused, or do not fit what is asked of them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// `iss` or `sub` is missing or not a string.
    #[error("the claims do not say who the user is: {reason}")]
    Identity {
        /// Which, without the value.
        reason: String,
    },
    /// Not a JSON object.
    #[error("the claims are not a JSON object")]
    Malformed,
    /// A name occurs twice.
    #[error("the claim {name} occurs twice")]
    Repeated {
        /// The name, shortened.
        name: String,
    },
    /// They do not have the shape of the application's type.
    #[error("the claims do not have the shape asked for: {reason}")]
    Shape {
        /// What is different, without the text of any value.
        reason: String,
    },
    /// They are longer than [`MAX_CLAIMS_BYTES`](super::MAX_CLAIMS_BYTES).
    #[error(
        "the claims have {found} bytes, more than {limit}; the largest with their bytes: {largest}"
    )]
    TooLarge {
        /// Their length in bytes.
        found: usize,
        /// The names of the largest and their lengths in bytes, no values.
        largest: String,
        /// The longest that are read.
        limit: usize,
    },
    /// Userinfo is about someone else.
    #[error("userinfo is about another subject than the ID token")]
    UserinfoSubject,
    /// Userinfo does not say whom it is about.
    #[error("userinfo has no sub")]
    UserinfoSubjectMissing,
}

impl ClaimsError {
    /// The stable code of this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Identity { .. } => "claims.identity",
            Self::Malformed => "claims.malformed",
            Self::Repeated { .. } => "claims.repeated",
            Self::Shape { .. } => "claims.shape",
            Self::TooLarge { .. } => "claims.too_large",
            Self::UserinfoSubject => "userinfo.subject",
            Self::UserinfoSubjectMissing => "userinfo.subject_missing",
        }
    }

    pub(super) fn identity(error: &serde_json::Error) -> Self {
        Self::Identity {
            reason: reason(error),
        }
    }

    pub(super) fn shape(error: &serde_json::Error) -> Self {
        Self::Shape {
            reason: reason(error),
        }
    }
}

/// The reader's message names fields and types, which help, and quotes values,
/// which are a user's: what stands in quotes is left out.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let Some((before, rest)) = message.split_once('"') else {
        return shortened(&message);
    };
    let (_, after) = rest.rsplit_once('"').unwrap_or(("", ""));
    shortened(&format!("{before}…{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_quotes_no_value() {
        let error = serde_json::from_str::<u8>(r#""a\"da@example.com""#).expect_err("a string");
        assert_eq!(
            reason(&error),
            "invalid type: string …, expected u8 at line 1 column 19"
        );
        let error = serde_json::from_str::<u8>("[]").expect_err("an array");
        assert_eq!(
            reason(&error),
            "invalid type: sequence, expected u8 at line 1 column 0"
        );
    }
}
