//! Newer tokens for a refresh token ([RFC 6749, section 6]; [OpenID Connect Core 1.0,
//! section 12]).
//!
//! [RFC 6749, section 6]: https://www.rfc-editor.org/rfc/rfc6749#section-6
//! [OpenID Connect Core 1.0, section 12]: https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens

use super::Provider;
use super::callback::{ask, id_token_algorithm, verify, with_userinfo};
use super::token_endpoint::{Grant, TokenAnswer};
use super::tokens::TokensError;
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::config::{Config, OFFLINE_ACCESS};
use crate::metadata::Metadata;
use crate::secret::Secret;
use crate::session::scopes::Scopes;
use crate::session::tokens::Tokens;
use crate::token::{ExpectedIdToken, ExpectedNonce, KeyIssuer, VerifiedIdToken};

/// What a refresh gave, checked.
#[derive(Debug)]
pub(crate) struct Refreshed {
    pub(crate) answer: TokenAnswer,
    /// What the provider says of the user now, if it said anything.
    pub(crate) claims: Option<Claims>,
    /// When it ends the session, if it said so.
    pub(crate) ceiling: Option<Timestamp>,
}

/// Asks for a token with these scopes, for the user with these claims.
#[tracing::instrument(level = "debug", name = "refresh", skip_all)]
pub(crate) async fn refresh(
    tokens: &Tokens,
    scopes: &Scopes,
    claims: &Claims,
    provider: &Provider,
    config: &Config,
    now: Timestamp,
) -> Result<Refreshed, TokensError> {
    let metadata = provider.metadata.metadata(now).await?;
    let scope = requested_scope(scopes, config);
    let grant = Grant::RefreshToken {
        refresh_token: &tokens.refresh_token,
        scope: scope.as_deref(),
    };
    let answer = ask(grant, &metadata, provider, config).await;
    let answer = answer.map_err(TokensError::asked)?;
    let id_token = match &answer.id_token {
        Some(id_token) => {
            let expected = expected(&answer, tokens, &metadata, config)?;
            let verified = verify(id_token, &metadata, provider, &expected, now).await?;
            check_same_user(claims, &verified)?;
            Some(verified)
        }
        None => None,
    };
    let newer = match &id_token {
        Some(id_token) if config.calls_userinfo() => {
            // Only the token of the sign-in's own scopes is one for userinfo.
            let access_token = answer.access_token.as_ref().filter(|_| scopes.is_empty());
            let asked = with_userinfo(id_token, access_token, &metadata, provider).await;
            // The claims stay as they were.
            let logged = asked.inspect_err(|error| tracing::debug!(code = error.code(), %error));
            logged.ok()
        }
        Some(id_token) => Some(id_token.claims()),
        None => None,
    };
    Ok(Refreshed {
        answer,
        claims: newer.map(|newer| claims.refreshed(&newer)),
        ceiling: id_token.and_then(|id_token| id_token.session_expiry()),
    })
}

/// Of the sign-in's own scopes nothing is said: what was granted then may be less than what
/// was asked for, and more is refused (RFC 6749, section 6).
fn requested_scope(scopes: &Scopes, config: &Config) -> Option<String> {
    if scopes.is_empty() {
        return None;
    }
    // Without these Microsoft gives no ID token and no further refresh token.
    let also = config.scopes().iter().map(String::as_str);
    let also = also.filter(|scope| ["openid", OFFLINE_ACCESS].contains(scope));
    let all: Vec<_> = scopes.as_str().split(' ').chain(also).collect();
    Some(all.join(" "))
}

/// OpenID Connect Core 1.0, section 12.2: as at sign-in, but for the nonce, which may be
/// missing.
fn expected<'a>(
    answer: &'a TokenAnswer,
    tokens: &'a Tokens,
    metadata: &'a Metadata,
    config: &'a Config,
) -> Result<ExpectedIdToken<'a>, TokensError> {
    Ok(ExpectedIdToken {
        issuer: metadata.issuer(),
        tenant_id: metadata.tenant_id(),
        client_id: config.client_id(),
        algorithm: id_token_algorithm(config, metadata)?,
        key_issuer: KeyIssuer::Ignored,
        nonce: ExpectedNonce::Original(tokens.nonce.expose()),
        // The user did not sign in again.
        max_age: None,
        clock_tolerance: config.clock_tolerance(),
        access_token: answer.access_token.as_ref().map(Secret::expose),
        code: None,
    })
}

/// "its iss Claim Value MUST be the same as in the ID Token issued when the original
/// authentication occurred, its sub Claim Value MUST be the same".
fn check_same_user(claims: &Claims, id_token: &VerifiedIdToken) -> Result<(), TokensError> {
    let same = |name, value: &str| claims.text(name).is_some_and(|text| text == value);
    if same("iss", id_token.issuer()) && same("sub", id_token.subject()) {
        Ok(())
    } else {
        Err(TokensError::OtherUser)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scopes_of_the_sign_in_are_not_repeated() {
        let config = |scopes: &str| {
            let secret = "U2VjcmV0cyBhcmUgcmFuZG9tLCB0aGlzIG9uZSBpcyBub3Q=";
            let config = Config::web("https://a.example", "c", "https://b.example", secret);
            config.with_scopes(scopes).build().expect("valid")
        };
        let scopes = |scopes: &[&str]| Scopes::new(scopes.iter().copied()).expect("scopes");
        let offline = config("openid email offline_access api://a/x");
        assert_eq!(requested_scope(&scopes(&[]), &offline), None);
        let asked = requested_scope(&scopes(&["api://b/z", "api://b/y"]), &offline);
        assert_eq!(
            asked.as_deref(),
            Some("api://b/y api://b/z openid offline_access")
        );
    }
}
