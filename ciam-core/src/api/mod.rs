//! Access tokens on their way in: read from the request, verified once, remembered.

use std::sync::Arc;
use std::time::Duration;

use crate::claims::Caller;
use crate::clock::Timestamp;
use crate::config::Tenants;
use crate::flow::Provider;
use crate::metadata::Metadata;
use crate::telemetry::{self, TokenSource};
use crate::text::shortened;
use crate::token::{
    ALGORITHMS, CompactJws, ExpectedAccessToken, ExpectedTenant, MAX_TOKEN_BYTES, TokenError,
    UnverifiedIssuer, verify,
};

mod cache;
pub(crate) mod challenge;
mod credentials;
mod error;

pub(crate) use cache::TokenCache;
pub(crate) use credentials::bearer_token;
pub(crate) use error::ApiError;

use cache::Remembered;
use credentials::bearer_text;

/// Whose tokens are accepted, what they must say, and those that were verified.
#[derive(Debug)]
pub(crate) struct Api {
    /// At least one.
    pub(crate) sources: Vec<Source>,
    pub(crate) tokens: TokenCache,
    pub(crate) rfc9068: bool,
    pub(crate) clock_tolerance: Duration,
}

/// A provider whose access tokens are accepted.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) provider: Arc<Provider>,
    /// One of them is among the token's.
    pub(crate) audiences: Vec<String>,
}

impl Api {
    /// The caller of a token: remembered, or verified with keys that may have to be
    /// fetched.
    ///
    /// For a caller that is known this neither locks nor waits, and for a new one it does
    /// not wait as long as the provider's metadata and keys are known.
    pub(crate) async fn caller(&self, token: &[u8], now: Timestamp) -> Result<Caller, ApiError> {
        let place = self.tokens.place(token);
        let remembered = self.tokens.find(place, token, now);
        if let Some(remembered) = &remembered
            && let Some(source) = self.sources.get(remembered.source())
            && source.provider.keys.fresh_generation(now) == Some(remembered.generation())
        {
            telemetry::access_token(TokenSource::Cache);
            return source.admit(remembered.caller());
        }
        // What is no token costs nobody a request.
        let jws = CompactJws::parse(bearer_text(token)?, MAX_TOKEN_BYTES)?;
        let (index, source, metadata) = self.source_of(&jws, now).await?;
        let provider = &source.provider;
        let jwks_uri = &metadata.document().jwks_uri;
        let mut generation = provider.keys.generation();
        let mut keys = provider.keys.keys(jwks_uri, now).await?;
        if let Some(remembered) = remembered
            && remembered.source() == index
            && remembered.is_of(&keys)
        {
            remembered.renew(generation);
            telemetry::access_token(TokenSource::Cache);
            return source.admit(remembered.caller());
        }
        let expected = ExpectedAccessToken {
            issuer: metadata.issuer(),
            tenant: expected_tenant(&metadata),
            algorithms: &ALGORITHMS,
            rfc9068: self.rfc9068,
            clock_tolerance: self.clock_tolerance,
        };
        let mut verification = verify(&jws, &keys, &expected, now);
        if let Err(error) = &verification
            && error.is_unknown_key()
            // Of an issuer that is not ours no key will ever be there.
            && may_be_of(&jws.unverified(), &metadata)
        {
            generation = provider.keys.generation();
            keys = provider.keys.newer(&keys, jwks_uri, now).await?;
            verification = verify(&jws, &keys, &expected, now);
        }
        let (verified, key) = verification?;
        telemetry::access_token(TokenSource::Signature);
        let caller = Caller::from_token(verified, token);
        let remembered = Remembered::new(&caller, key, (index, generation), now);
        self.tokens.keep(place, remembered);
        source.admit(&caller)
    }

    /// The provider that a token says it is of. Nothing of it is verified yet: that
    /// the choice was right is what its signature and `iss` show.
    async fn source_of(
        &self,
        jws: &CompactJws<'_>,
        now: Timestamp,
    ) -> Result<(usize, &Source, Arc<Metadata>), ApiError> {
        if let [only] = self.sources.as_slice() {
            return Ok((0, only, only.provider.metadata.metadata(now).await?));
        }
        let unverified = jws.unverified();
        let mut unavailable = None;
        // In their order; those that were asked before answer from memory.
        for (index, source) in self.sources.iter().enumerate() {
            match source.provider.metadata.metadata(now).await {
                Ok(metadata) if may_be_of(&unverified, &metadata) => {
                    return Ok((index, source, metadata));
                }
                Ok(_) => {}
                Err(error) => unavailable = Some(error),
            }
        }
        Err(match unavailable {
            // It may be the one.
            Some(error) => error.into(),
            None => TokenError::UnknownIssuer {
                found: shortened(&unverified.issuer),
            }
            .into(),
        })
    }
}

impl Source {
    /// Policy, on every request: that the token is for this API.
    fn admit(&self, caller: &Caller) -> Result<Caller, ApiError> {
        let audience = caller.audience();
        if audience.iter().any(|one| self.audiences.contains(one)) {
            return Ok(caller.clone());
        }
        Err(ApiError::Audience {
            expected: shortened(&self.audiences.join(" or ")),
            found: shortened(&audience.join(", ")),
        })
    }
}

fn expected_tenant(metadata: &Metadata) -> ExpectedTenant<'_> {
    match (metadata.tenants(), metadata.tenant_id()) {
        (Some(Tenants::Any), _) => ExpectedTenant::Any,
        (Some(Tenants::AnyOf(tenants)), _) => ExpectedTenant::AnyOf(tenants),
        (None, Some(tenant)) => ExpectedTenant::One(tenant),
        (None, None) => ExpectedTenant::None,
    }
}

fn may_be_of(unverified: &UnverifiedIssuer, metadata: &Metadata) -> bool {
    match metadata.tenants() {
        None => metadata.issuer() == unverified.issuer,
        Some(_) => {
            let issuer = metadata.issuer();
            issuer.replace("{tenantid}", &unverified.tenant_id) == unverified.issuer
        }
    }
}
