//! The scopes of one access token: what decides whether a token that is held is the one
//! that is asked for.

use crate::config::{MAX_SCOPE_BYTES, is_scope_char};
use crate::text::shortened;

/// Scopes in one order, each once: two lists of the same scopes are equal. None of them
/// stands for those of the sign-in.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Scopes(String);

impl Scopes {
    /// From a list in any order.
    pub(crate) fn new<'s>(scopes: impl IntoIterator<Item = &'s str>) -> Result<Self, ScopesError> {
        let mut scopes: Vec<&str> = scopes.into_iter().collect();
        for scope in &scopes {
            if scope.is_empty() || !scope.chars().all(is_scope_char) {
                return Err(ScopesError::Invalid {
                    scope: shortened(scope),
                });
            }
        }
        scopes.sort_unstable();
        scopes.dedup();
        let text = scopes.join(" ");
        if text.len() > MAX_SCOPE_BYTES {
            return Err(ScopesError::TooLong { bytes: text.len() });
        }
        Ok(Self(text))
    }

    /// Of what [`as_str`](Self::as_str) gave.
    pub(super) fn from_sealed(text: String) -> Self {
        Self(text)
    }

    /// Separated by spaces.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Scopes that no token is asked for with.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ScopesError {
    /// Not a `scope-token` (RFC 6749, section 3.3).
    #[error("{scope:?} is no scope: name each by itself, without spaces and quotation marks")]
    Invalid {
        /// The first one that is not, shortened.
        scope: String,
    },
    /// More than a request may carry.
    #[error("the scopes have {bytes} bytes, the limit is {MAX_SCOPE_BYTES}")]
    TooLong {
        /// Their length with spaces.
        bytes: usize,
    },
}

impl ScopesError {
    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "tokens.scope_invalid",
            Self::TooLong { .. } => "tokens.scopes_too_long",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter_and_the_set_does() {
        let scopes = |list: &[&str]| Scopes::new(list.iter().copied()).expect("scopes");
        assert_eq!(scopes(&["b", "a", "b"]), scopes(&["a", "b"]));
        assert_ne!(scopes(&["a"]), scopes(&["a", "b"]));
        // Not the same as one scope with the other's text in it.
        assert_ne!(scopes(&["a", "b"]), scopes(&["ab"]));
        assert_eq!(scopes(&["b", "a"]).as_str(), "a b");
        assert!(scopes(&[]).is_empty());
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for scope in ["", "a b", "a\"", "a\\b", "ä", "a\n", "\u{7f}"] {
            let error = Scopes::new(["a", scope]).expect_err("no scope");
            assert_eq!(error.code(), "tokens.scope_invalid", "{scope:?}");
        }
        let long = "a".repeat(MAX_SCOPE_BYTES);
        assert!(Scopes::new([long.as_str()]).is_ok());
        let error = Scopes::new([long.as_str(), "b"]).expect_err("too long");
        assert_eq!(error.code(), "tokens.scopes_too_long");
    }
}
