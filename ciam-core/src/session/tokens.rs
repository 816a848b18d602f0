//! The tokens of a session: what APIs are called with for its user.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::scopes::Scopes;
use crate::clock::Timestamp;
use crate::secret::Secret;

/// A token for an API, to be sent with requests to it. Cheap to clone.
///
/// Its `Debug` prints the scopes and the expiry only.
#[derive(Clone)]
pub struct AccessToken(Arc<Granted>);

struct Granted {
    text: Secret,
    /// What the provider said it granted, if it said anything.
    scope: Option<String>,
    /// From when on a newer one is asked for.
    due_at: Timestamp,
    expires_at: Timestamp,
}

impl AccessToken {
    /// As the token endpoint gave it: for so many seconds, if it said how many
    /// (RFC 6749, section 5.1).
    pub(crate) fn granted(
        text: Secret,
        scope: Option<String>,
        expires_in: Option<u64>,
        now: Timestamp,
    ) -> Self {
        let life = expires_in.map_or(UNKNOWN_LIFE, Duration::from_secs);
        let life = life.min(LONGEST_LIFE);
        let margin = MARGIN.min(life / MARGIN_PARTS);
        let expires_at = now.after(life);
        Self(Arc::new(Granted {
            text,
            scope,
            due_at: expires_at.before(margin),
            expires_at,
        }))
    }

    /// The token's text: opaque, whatever it looks like. It is for the API alone, and
    /// may change its form at any time.
    pub fn expose(&self) -> &str {
        self.0.text.expose()
    }

    /// The value of an `Authorization` header, which HTTP clients keep out of their
    /// logs ([RFC 6750, section 2.1]); `None` for a token with characters that no
    /// header may have.
    ///
    /// [RFC 6750, section 2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    pub fn authorization(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.expose())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// When it ends. Where the provider did not say, five minutes after it was given.
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// The scopes that were granted, if the provider said which; as asked for otherwise.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0
            .scope
            .iter()
            .flat_map(|scope| scope.split_ascii_whitespace())
    }

    pub(crate) fn state(&self, now: Timestamp) -> TokenState {
        if now >= self.0.expires_at {
            TokenState::Expired
        } else if now >= self.0.due_at {
            TokenState::Due
        } else {
            TokenState::Fresh
        }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("scope", &self.0.scope)
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

/// Whether a token is to be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TokenState {
    /// As it is.
    Fresh,
    /// As it is, if no newer one can be had.
    Due,
    /// Not at all.
    Expired,
}

/// What a session can call APIs with.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    /// What newer ones are had for.
    pub(crate) refresh_token: Secret,
    /// Of the sign-in: an ID token that comes with a refresh has it or none
    /// (OpenID Connect Core 1.0, section 12.2).
    pub(crate) nonce: Secret,
    /// Names the tokens of this sign-in within the process, where the session is in a
    /// cookie.
    pub(crate) family: Secret,
    /// One for each set of scopes, the newest last.
    held: Vec<(Scopes, AccessToken)>,
}

impl Tokens {
    pub(crate) const fn new(refresh_token: Secret, nonce: Secret, family: Secret) -> Self {
        Self {
            refresh_token,
            nonce,
            family,
            held: Vec::new(),
        }
    }

    /// The token for exactly these scopes, if there is one.
    pub(crate) fn held(&self, scopes: &Scopes) -> Option<&AccessToken> {
        let found = self.held.iter().find(|(of, _)| of == scopes)?;
        Some(&found.1)
    }

    /// With a token that was granted now, and the refresh token that came along, if one
    /// did: without one the old one stays (RFC 6749, section 6).
    #[must_use]
    pub(crate) fn with(
        &self,
        scopes: &Scopes,
        token: AccessToken,
        refresh_token: Option<Secret>,
        now: Timestamp,
    ) -> Self {
        let mut tokens = self.clone();
        tokens
            .held
            .retain(|(of, token)| of != scopes && token.state(now) != TokenState::Expired);
        let excess = (tokens.held.len() + 1).saturating_sub(MAX_HELD);
        tokens.held.drain(..excess);
        tokens.held.push((scopes.clone(), token));
        while tokens.held.len() > 1 && tokens.held_bytes() > MAX_HELD_BYTES {
            tokens.held.remove(0);
        }
        if let Some(refresh_token) = refresh_token {
            tokens.refresh_token = refresh_token;
        }
        tokens
    }

    fn held_bytes(&self) -> usize {
        let lengths = self.held.iter().map(|(_, token)| token.expose().len());
        lengths.sum()
    }

    /// Without what can be had again: for a cookie, whose room is small.
    #[must_use]
    pub(crate) fn without_held(&self) -> Self {
        Self {
            held: Vec::new(),
            ..self.clone()
        }
    }
}

/// As it is sealed.
#[derive(Deserialize, Serialize)]
pub(super) struct TokensWire<'a> {
    #[serde(rename = "r", borrow)]
    refresh_token: Cow<'a, str>,
    #[serde(rename = "n", borrow)]
    nonce: Cow<'a, str>,
    #[serde(rename = "f", borrow)]
    family: Cow<'a, str>,
    #[serde(rename = "h", borrow)]
    held: Vec<HeldWire<'a>>,
}

#[derive(Deserialize, Serialize)]
struct HeldWire<'a> {
    #[serde(rename = "s", borrow)]
    scopes: Cow<'a, str>,
    #[serde(rename = "t", borrow)]
    text: Cow<'a, str>,
    #[serde(rename = "g", borrow)]
    scope: Option<Cow<'a, str>>,
    #[serde(rename = "d")]
    due_at: u64,
    #[serde(rename = "e")]
    expires_at: u64,
}

impl<'a> From<&'a Tokens> for TokensWire<'a> {
    fn from(tokens: &'a Tokens) -> Self {
        let held = tokens.held.iter().map(|(scopes, token)| HeldWire {
            scopes: scopes.as_str().into(),
            text: token.expose().into(),
            scope: token.0.scope.as_deref().map(Cow::from),
            due_at: token.0.due_at.unix(),
            expires_at: token.0.expires_at.unix(),
        });
        Self {
            refresh_token: tokens.refresh_token.expose().into(),
            nonce: tokens.nonce.expose().into(),
            family: tokens.family.expose().into(),
            held: held.collect(),
        }
    }
}

impl From<TokensWire<'_>> for Tokens {
    fn from(wire: TokensWire<'_>) -> Self {
        let secret = |text: Cow<'_, str>| Secret::new(text.into_owned());
        let held = wire.held.into_iter().map(|held| {
            let granted = Granted {
                text: secret(held.text),
                scope: held.scope.map(Cow::into_owned),
                due_at: Timestamp::from_unix(held.due_at),
                expires_at: Timestamp::from_unix(held.expires_at),
            };
            let scopes = Scopes::from_sealed(held.scopes.into_owned());
            (scopes, AccessToken(Arc::new(granted)))
        });
        Self {
            refresh_token: secret(wire.refresh_token),
            nonce: secret(wire.nonce),
            family: secret(wire.family),
            held: held.collect(),
        }
    }
}

/// A newer token is asked for so long before one ends, so that it does not end on its
/// way to the API. Microsoft's own libraries take as long.
const MARGIN: Duration = Duration::from_secs(300);

/// … or this part of its life, for one that lives shorter.
const MARGIN_PARTS: u32 = 5;

/// RFC 6749, section 5.1 only recommends to say it; the shortest lives that providers
/// give are this long.
const UNKNOWN_LIFE: Duration = Duration::from_secs(300);

/// Microsoft's longest live 28 hours; what claims to live longer is asked for anew.
const LONGEST_LIFE: Duration = Duration::from_secs(48 * 60 * 60);

/// Sets of scopes, so that a session has a bound: an application calls a few APIs.
const MAX_HELD: usize = 8;

/// Together, so that the session fits into a store beside claims and a refresh token.
const MAX_HELD_BYTES: usize = 24 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn token(text: &str, expires_in: Option<u64>) -> AccessToken {
        AccessToken::granted(Secret::new(text), None, expires_in, NOW)
    }

    fn scopes(scope: &str) -> Scopes {
        Scopes::new([scope]).expect("a scope")
    }

    fn tokens() -> Tokens {
        let secret = |text: &str| Secret::new(text);
        Tokens::new(secret("refresh"), secret("nonce"), secret("family"))
    }

    #[test]
    fn a_token_is_due_before_it_ends() {
        for (expires_in, due, end) in [
            (Some(3600), 3300, 3600),
            (Some(60), 48, 60),
            (None, 240, 300),
            (Some(u64::MAX), 172_500, 172_800),
        ] {
            let token = token("a", expires_in);
            let state = |after| token.state(NOW.after(Duration::from_secs(after)));
            assert_eq!(state(due - 1), TokenState::Fresh, "{expires_in:?}");
            assert_eq!(state(due), TokenState::Due, "{expires_in:?}");
            assert_eq!(state(end - 1), TokenState::Due, "{expires_in:?}");
            assert_eq!(state(end), TokenState::Expired, "{expires_in:?}");
        }
        assert_eq!(token("a", Some(0)).state(NOW), TokenState::Expired);
    }

    #[test]
    fn scopes_never_get_each_others_tokens() {
        let tokens = tokens().with(&scopes("a"), token("of a", None), None, NOW);
        let tokens = tokens.with(&scopes("b"), token("of b", None), None, NOW);
        let held = |scope| tokens.held(&scopes(scope)).map(AccessToken::expose);
        assert_eq!((held("a"), held("b")), (Some("of a"), Some("of b")));
        assert_eq!(held("ab"), None);
        let both = Scopes::new(["a", "b"]).expect("scopes");
        assert!(tokens.held(&both).is_none());
        assert!(tokens.held(&Scopes::default()).is_none());
    }

    #[test]
    fn a_refresh_token_stays_until_another_comes() {
        let kept = tokens().with(&scopes("a"), token("1", None), None, NOW);
        assert_eq!(kept.refresh_token.expose(), "refresh");
        let rotated = kept.with(
            &scopes("a"),
            token("2", None),
            Some(Secret::new("new")),
            NOW,
        );
        assert_eq!(rotated.refresh_token.expose(), "new");
        let held = rotated.held(&scopes("a")).map(AccessToken::expose);
        assert_eq!(held, Some("2"));
    }

    #[test]
    fn the_number_of_tokens_has_a_bound_and_the_oldest_go() {
        let mut tokens = tokens();
        for n in 0..20 {
            let scopes = scopes(&format!("s{n}"));
            tokens = tokens.with(&scopes, token("t", None), None, NOW);
        }
        assert_eq!(tokens.held.len(), MAX_HELD);
        assert!(tokens.held(&scopes("s11")).is_none());
        assert!(tokens.held(&scopes("s12")).is_some());
        let later = NOW.after(UNKNOWN_LIFE);
        let tokens = tokens.with(&scopes("z"), token("t", None), None, later);
        assert_eq!(tokens.held.len(), 1, "what has expired goes first");
    }

    #[test]
    fn long_tokens_leave_room_for_the_session() {
        let long = "t".repeat(10 * 1024);
        let mut tokens = tokens();
        for n in 0..4 {
            let scopes = scopes(&format!("s{n}"));
            tokens = tokens.with(&scopes, token(&long, None), None, NOW);
            assert!(tokens.held(&scopes).is_some(), "the newest is there");
        }
        assert_eq!(tokens.held.len(), 2);
        let longest = token(&"t".repeat(60 * 1024), None);
        let tokens = tokens.with(&scopes("z"), longest, None, NOW);
        assert_eq!(tokens.held.len(), 1);
    }

    #[test]
    fn what_is_sealed_comes_back() {
        let granted = AccessToken::granted(Secret::new("t\"1"), Some("x y".into()), Some(60), NOW);
        let tokens = tokens().with(&scopes("a"), granted, None, NOW);
        let json = serde_json::to_string(&TokensWire::from(&tokens)).expect("JSON");
        let wire: TokensWire<'_> = serde_json::from_str(&json).expect("as written");
        let back = Tokens::from(wire);
        assert_eq!(back.family.expose(), "family");
        assert_eq!(back.nonce.expose(), "nonce");
        let token = back.held(&scopes("a")).expect("held");
        assert_eq!(token.expose(), "t\"1");
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(token.expires_at(), NOW.after(Duration::from_secs(60)));
        assert!(tokens.without_held().held(&scopes("a")).is_none());
    }

    #[test]
    fn debug_does_not_leak() {
        let tokens = tokens().with(&scopes("a"), token("hunter2", None), None, NOW);
        let debug = format!("{tokens:?}");
        for secret in ["hunter2", "refresh\"", "nonce\"", "family\""] {
            assert!(!debug.contains(secret), "{debug}");
        }
        let header = token("hunter2", None).authorization().expect("a header");
        assert!(header.is_sensitive());
        assert!(token("a\nb", None).authorization().is_none());
    }
}
