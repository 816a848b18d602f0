//! Tokens for APIs without a session: for the application itself, and for the caller of an
//! API that calls another one.

use std::sync::Arc;

use ahash::RandomState;
use moka::sync::Cache;

use super::tokens::{awaited, usable};
use super::{Ciam, Rejection};
use crate::api::challenge::Challenge;
use crate::cache::flights::Flights;
use crate::claims::Caller;
use crate::config::ClientCredential;
use crate::error::{Error, ErrorKind};
use crate::flow::TokensError;
use crate::flow::callback::ask;
use crate::flow::token_endpoint::Grant;
use crate::secret::Secret;
use crate::session::scopes::Scopes;
use crate::session::tokens::AccessToken;
use crate::store::{KeyKind, StoreKey};

/// What is asked for at the moment, and what was given.
#[derive(Debug)]
pub(super) struct GrantedTokens {
    flights: Arc<Flights<Place, Result<AccessToken, TokensError>>>,
    held: Cache<Place, AccessToken, RandomState>,
}

/// For whom, and with which scopes.
type Place = (StoreKey, Scopes);

/// What is asked with, in a task of its own.
enum OwnedGrant {
    ClientCredentials,
    OnBehalfOf { assertion: Secret, issuer: String },
}

impl Ciam {
    /// A token for an API that the application calls for itself, and for no user: with
    /// client credentials ([RFC 6749, section 4.4]). Microsoft wants one scope, which ends
    /// in `/.default`.
    ///
    /// It is kept in this process and renewed some minutes before it ends, once for all who
    /// ask. While the provider cannot be reached, the one that is still valid is given.
    ///
    /// # Errors
    ///
    /// When the provider refuses or cannot be reached; [`Error::kind`] says which.
    ///
    /// [RFC 6749, section 4.4]: https://www.rfc-editor.org/rfc/rfc6749#section-4.4
    pub async fn token_of_application(&self, scopes: &[&str]) -> Result<AccessToken, Error> {
        let scopes = Scopes::new(scopes.iter().copied()).map_err(TokensError::from)?;
        let key = self.place_of(KeyKind::ApplicationToken, &[]);
        let grant = OwnedGrant::ClientCredentials;
        Ok(self.granted((key, scopes), grant).await?)
    }

    /// A token for another API that is called for the same user: in exchange for the
    /// caller's own token, as Microsoft does it ([on-behalf-of]).
    ///
    /// It is kept in this process for as long as it is valid, and asked for once for all
    /// requests with the same token.
    ///
    /// # Errors
    ///
    /// The answer to give instead. The provider wants to see the user: 401 with the claims
    /// that the client has to ask for, which is all that can be done about it. No token can
    /// be had now: 503.
    ///
    /// [on-behalf-of]: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
    pub async fn token_on_behalf_of(
        &self,
        caller: &Caller,
        scopes: &[&str],
    ) -> Result<AccessToken, Rejection> {
        let token = self.on_behalf_of(caller, scopes).await;
        token.map_err(|error| {
            let code = error.code();
            tracing::error!(code, %error, "there is no token for another API");
            match error {
                TokensError::Interaction {
                    claims: Some(claims),
                    ..
                } => Rejection::challenge(self, &Challenge::GivenClaims { claims }),
                TokensError::Interaction { claims: None, .. } => {
                    Rejection::challenge(self, &Challenge::InvalidToken)
                }
                error if error.ends_session() => {
                    Rejection::challenge(self, &Challenge::InvalidToken)
                }
                error => {
                    let error = Error::from(error);
                    match error.kind() {
                        ErrorKind::Unavailable => Rejection::unavailable(&error),
                        _ => Rejection::internal(),
                    }
                }
            }
        })
    }

    async fn on_behalf_of(
        &self,
        caller: &Caller,
        scopes: &[&str],
    ) -> Result<AccessToken, TokensError> {
        let scopes = Scopes::new(scopes.iter().copied())?;
        let assertion = caller.token();
        let key = self.place_of(KeyKind::OnBehalfOf, &[assertion.expose().as_bytes()]);
        let issuer = caller.id().issuer().to_owned();
        let grant = OwnedGrant::OnBehalfOf { assertion, issuer };
        self.granted((key, scopes), grant).await
    }

    async fn granted(&self, place: Place, grant: OwnedGrant) -> Result<AccessToken, TokensError> {
        if matches!(self.config().credential(), ClientCredential::Public) {
            return Err(TokensError::PublicClient);
        }
        let now = self.now();
        let granted = &self.0.granted;
        let (held, is_fresh) = usable(granted.held.get(&place), now);
        if let (Some(token), true) = (&held, is_fresh) {
            return Ok(token.clone());
        }
        if let Some(error) = self.0.pauses.current(&place, now) {
            return held.ok_or(error);
        }
        let interrupted = Err(TokensError::Interrupted);
        let flight = granted.flights.join(&place, interrupted, || {
            let (ciam, place) = (self.clone(), place.clone());
            async move { ciam.grant(&place, &grant).await }
        });
        match awaited(flight, held.is_some()).await {
            Ok(token) => Ok(token),
            Err(error) => held.ok_or(error),
        }
    }

    async fn grant(&self, place: &Place, grant: &OwnedGrant) -> Result<AccessToken, TokensError> {
        let result = self.ask_for(&place.1, grant).await;
        self.conclude(place, &result);
        if let Ok(token) = &result {
            self.0.granted.held.insert(place.clone(), token.clone());
        }
        result
    }

    async fn ask_for(
        &self,
        scopes: &Scopes,
        grant: &OwnedGrant,
    ) -> Result<AccessToken, TokensError> {
        let provider = &self.0.provider;
        let metadata = provider.metadata.metadata(self.now()).await?;
        let scope = scopes.as_str();
        let grant = match grant {
            OwnedGrant::ClientCredentials => Grant::ClientCredentials { scope },
            // The application's secret is for its own provider.
            OwnedGrant::OnBehalfOf { issuer, .. } if issuer != metadata.issuer() => {
                return Err(TokensError::OtherProvider);
            }
            OwnedGrant::OnBehalfOf { assertion, .. } => Grant::OnBehalfOf { assertion, scope },
        };
        let answer = ask(grant, &metadata, provider, self.config()).await;
        let answer = answer.map_err(TokensError::asked)?;
        Ok(answer.access_token(self.now())?)
    }

    fn place_of(&self, kind: KeyKind, parts: &[&[u8]]) -> StoreKey {
        StoreKey::of(kind, self.config().cookies().realm(), parts)
    }
}

impl Default for GrantedTokens {
    fn default() -> Self {
        let held = Cache::builder().max_capacity(MAX_HELD);
        Self {
            flights: Arc::default(),
            held: held.build_with_hasher(RandomState::new()),
        }
    }
}

/// Tokens of 2 kB for this many callers at once take 20 MB.
const MAX_HELD: u64 = 10_000;
