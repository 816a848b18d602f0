//! Request parameters, from a query or from a form.

/// Parameters of one request, decoded and in bounds.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pairs: Vec<(String, String)>,
}

/// There are more parameters, or longer ones, than any honest client sends.
#[derive(Debug)]
pub(crate) struct TooLarge;

impl Parameters {
    pub(crate) fn parse(encoded: &str) -> Result<Self, TooLarge> {
        let mut pairs = Vec::new();
        for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()) {
            let long = name.len() > MAX_NAME_BYTES || value.len() > MAX_VALUE_BYTES;
            if long || pairs.len() == MAX_PARAMETERS {
                return Err(TooLarge);
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter; one sent without a value counts as omitted ([RFC 6749] section 3.1).
    ///
    /// [RFC 6749]: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(n, value)| n == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter as an owned string.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The first parameter that is there twice: a request may not do that (section 3.1 again).
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.pairs.iter().enumerate().find_map(|(at, (name, _))| {
            let before = self.pairs.get(..at)?;
            before
                .iter()
                .any(|(other, _)| other == name)
                .then_some(name.as_str())
        })
    }
}

/// Three times what Microsoft's clients send.
const MAX_PARAMETERS: usize = 64;
const MAX_NAME_BYTES: usize = 256;
/// Room for an ID token with 200 groups as `id_token_hint`.
const MAX_VALUE_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_count_as_omitted() {
        let parameters = Parameters::parse("state=&nonce=n+1&x").unwrap();
        assert_eq!(parameters.get("state"), None);
        assert_eq!(parameters.get("x"), None);
        assert_eq!(parameters.get("nonce"), Some("n 1"));
    }

    #[test]
    fn finds_the_repeated_name() {
        assert_eq!(Parameters::parse("a=1&b=2").unwrap().repeated(), None);
        assert_eq!(
            Parameters::parse("a=1&b=2&b=2").unwrap().repeated(),
            Some("b")
        );
    }

    #[test]
    fn has_limits() {
        assert!(Parameters::parse(&"a=1&".repeat(MAX_PARAMETERS)).is_ok());
        assert!(Parameters::parse(&"a=1&".repeat(MAX_PARAMETERS + 1)).is_err());
        let long = format!("a={}", "x".repeat(MAX_VALUE_BYTES + 1));
        assert!(Parameters::parse(&long).is_err());
        let long = format!("{}=a", "x".repeat(MAX_NAME_BYTES + 1));
        assert!(Parameters::parse(&long).is_err());
    }
}
