//! The authentication request: where the visitor is sent.

use aws_lc_rs::digest::{SHA256, digest};
use base64_simd::URL_SAFE_NO_PAD;
use url::Url;

use super::parameters::{HintError, Parameters};
use super::transaction::Transaction;
use crate::config::{Config, ResponseMode};

/// What a caller of the login route may pass on to the provider.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    values: Vec<(&'static str, String)>,
}

impl Hints {
    /// The hints among the parameters; anything else is not passed on.
    pub(crate) fn from_parameters(parameters: &Parameters) -> Result<Self, HintError> {
        let mut values = Vec::new();
        for name in ["prompt", "login_hint", "domain_hint", "ui_locales"] {
            let Some(value) = parameters.value(name) else {
                continue;
            };
            let known = name != "prompt" || PROMPTS.contains(&value);
            if !known || value.len() > MAX_HINT_BYTES || value.chars().any(char::is_control) {
                return Err(HintError::of(name));
            }
            values.push((name, value.to_owned()));
        }
        Ok(Self { values })
    }

    /// Asks for the page that creates an account (Initiating User Registration
    /// via OpenID Connect 1.0).
    pub(crate) fn sign_up(mut self) -> Self {
        self.values.retain(|(name, _)| *name != "prompt");
        self.values.push(("prompt", "create".to_owned()));
        self
    }
}

/// OpenID Connect Core 1.0, section 3.1.2.1, with PKCE (RFC 7636, section 4.3).
pub(crate) fn authorization_url(
    endpoint: &Url,
    config: &Config,
    transaction: &Transaction,
    hints: &Hints,
    of_microsoft: bool,
) -> Url {
    let mut url = endpoint.clone();
    let challenge = &transaction.challenge;
    let scopes: Vec<_> = challenge.scopes(config.scopes()).collect();
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", config.client_id())
            .append_pair("redirect_uri", &config.callback_url())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", transaction.state.expose())
            .append_pair("nonce", transaction.nonce.expose())
            .append_pair(
                "code_challenge",
                &code_challenge(transaction.code_verifier.expose()),
            )
            .append_pair("code_challenge_method", "S256");
        if config.response_mode() == ResponseMode::FormPost {
            query.append_pair("response_mode", "form_post");
        }
        if let Some(max_age) = config.max_age()
            && transaction.step_up.max_age.is_none()
        {
            query.append_pair("max_age", &max_age.as_secs().to_string());
        }
        let asks_again = of_microsoft && transaction.step_up.max_age.is_some();
        for (name, value) in &hints.values {
            // A parameter twice is an error (RFC 6749, section 3.1).
            if !(asks_again && *name == "prompt") {
                query.append_pair(name, value);
            }
        }
    }
    // One of them at a time, each with a `claims` parameter of its own.
    if challenge.claims.is_some() {
        challenge.ask(&mut url);
    } else {
        transaction.step_up.ask(&mut url, of_microsoft);
    }
    url
}

/// RFC 7636, section 4.2: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))).
fn code_challenge(code_verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode_to_string(digest(&SHA256, code_verifier.as_bytes()))
}

/// `create` has a route of its own.
const PROMPTS: [&str; 4] = ["consent", "login", "none", "select_account"];

/// An address of an e-mail account has 254 characters at most.
const MAX_HINT_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_of_the_specification() {
        // RFC 7636, appendix B.
        let challenge = code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn hints_are_a_short_list_of_short_values() {
        let hints = |text: &str| {
            let parameters = Parameters::parse(text.as_bytes()).expect("well-formed");
            Hints::from_parameters(&parameters).map(|h| h.values)
        };
        let some = hints("prompt=login&login_hint=a%40b.example&scope=admin&redirect_uri=x");
        let expected = [
            ("prompt", "login".into()),
            ("login_hint", "a@b.example".into()),
        ];
        assert_eq!(some.expect("two of four pass"), expected);
        for refused in ["prompt=create", "prompt=login%20none", "login_hint=a%0Ab"] {
            assert!(hints(refused).is_err(), "{refused}");
        }
        assert!(hints(&format!("domain_hint={}", "a".repeat(257))).is_err());
    }
}
