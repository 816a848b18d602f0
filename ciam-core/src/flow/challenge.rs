//! What a token for an API asks of the next sign-in: sealed into the link that leads there,
//! so that nobody else can ask a provider for something in the application's name.

use serde::{Deserialize, Serialize};
use url::Url;

/// What the provider said that it lacks.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenChallenge {
    /// The scopes that a token is wanted with, separated by spaces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) scopes: String,
    /// The provider's own words (OpenID Connect Core 1.0, section 5.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<String>,
}

impl TokenChallenge {
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // Texts always make JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn decode(plaintext: &[u8]) -> Option<Self> {
        serde_json::from_slice(plaintext).ok()
    }

    /// The scopes of the sign-in with those that are wanted.
    pub(crate) fn scopes<'a>(&'a self, own: &'a [String]) -> impl Iterator<Item = &'a str> {
        let wanted = self.scopes.split(' ').filter(|scope| !scope.is_empty());
        let more = wanted.filter(|scope| !own.iter().any(|one| one == scope));
        own.iter().map(String::as_str).chain(more)
    }

    pub(crate) fn ask(&self, url: &mut Url) {
        if let Some(claims) = &self.claims {
            url.query_pairs_mut().append_pair("claims", claims);
        }
    }
}

/// The parameter of the login route.
pub(crate) const CHALLENGE: &str = "challenge";
