//! Parameters of a request, bounded before they are parsed.

use url::form_urlencoded;

/// The parameters of a query or a form. Each name at most once.
///
/// RFC 6749, section 3.1: "Request and response parameters MUST NOT be included
/// more than once."
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ParameterError> {
        if text.len() > MAX_BYTES {
            return Err(ParameterError::TooLong {
                bytes: text.len(),
                limit: MAX_BYTES,
            });
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            if parameters.len() == MAX_COUNT {
                return Err(ParameterError::TooMany { limit: MAX_COUNT });
            }
            if parameters.iter().any(|(known, _)| *known == name) {
                let name = name.chars().take(40).flat_map(char::escape_debug).collect();
                return Err(ParameterError::Duplicate { name });
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    /// The value of `name`. RFC 6749, section 3.1: "Parameters sent without a
    /// value MUST be treated as if they were omitted."
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value)
    }
}

/// A hint that is not passed on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the hint {name} has a value that is not passed on")]
pub(crate) struct HintError {
    name: &'static str,
}

impl HintError {
    pub(super) const fn of(name: &'static str) -> Self {
        Self { name }
    }

    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        "login.hint"
    }
}

/// Parameters that were refused before anyone looked at them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ParameterError {
    /// One name twice: which value counts would be a matter of taste.
    #[error("the parameter {name} is there more than once")]
    Duplicate {
        /// The parameter, shortened.
        name: String,
    },
    /// Longer than anything an honest provider sends.
    #[error("the parameters are {bytes} bytes long, allowed are {limit}")]
    TooLong {
        /// Found.
        bytes: usize,
        /// Allowed.
        limit: usize,
    },
    /// More than anything an honest provider sends.
    #[error("there are more than {limit} parameters")]
    TooMany {
        /// Allowed.
        limit: usize,
    },
}

impl ParameterError {
    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "request.duplicate_parameter",
            Self::TooLong { .. } => "request.too_long",
            Self::TooMany { .. } => "request.too_many_parameters",
        }
    }
}

/// A callback's body is read up to this, in bytes. Codes of Microsoft reach two
/// kilobytes; an error description may be longer.
pub const CALLBACK_BODY_LIMIT: usize = 64 * 1024;

const MAX_BYTES: usize = CALLBACK_BODY_LIMIT;

/// An authorization response has six parameters; some providers add their own.
const MAX_COUNT: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_are_absent() {
        let parameters = Parameters::parse(b"code=a%2Bb+c&state=&iss=x").expect("three values");
        assert_eq!(parameters.value("code"), Some("a+b c"));
        assert_eq!(parameters.value("state"), None);
        assert_eq!(parameters.value("error"), None);
    }

    #[test]
    fn what_is_refused() {
        let long = vec![b'a'; MAX_BYTES + 1];
        let many = (0..=MAX_COUNT)
            .map(|n| format!("p{n}=1&"))
            .collect::<String>();
        for (text, code) in [
            (&b"code=a&code=b"[..], "request.duplicate_parameter"),
            (b"code=a&%63ode=b", "request.duplicate_parameter"),
            (b"code=&code=b", "request.duplicate_parameter"),
            (&long, "request.too_long"),
            (many.as_bytes(), "request.too_many_parameters"),
        ] {
            assert_eq!(Parameters::parse(text).expect_err("refused").code(), code);
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_matter() {
        let parameters = Parameters::parse(b"%FF%FE=\xff&code=a").expect("odd, not dangerous");
        assert_eq!(parameters.value("code"), Some("a"));
    }
}
