//! The authorization response: from the parameters of a callback to verified claims.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::parameters::{ParameterError, Parameters};
use super::redact::shown;
use super::step_up::StepUpError;
use super::token_endpoint::{
    Grant, TokenAnswer, TokenEndpointError, TokenRequest, advice_suffix, client_auth,
    token_request, token_response,
};
use super::transaction::Transaction;
use super::userinfo::{UserinfoError, userinfo_request, userinfo_response};
use super::{Provider, aadsts};
use crate::algorithm::{Algorithm, parse_algorithm};
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::keys::KeysError;
use crate::metadata::{Metadata, MetadataError};
use crate::secret::Secret;
use crate::telemetry;
use crate::text::shortened;
use crate::token::{
    ExpectedIdToken, ExpectedNonce, KeyIssuer, TokenError, VerifiedIdToken, verify_id_token,
};
use crate::transport::{self, TransportError};

/// An authorization response that belongs to a transaction of this browser.
///
/// Made only by [`validate`]; its code goes to the token endpoint of the issuer
/// the visitor was sent to.
#[derive(Debug)]
pub(crate) struct ValidatedResponse {
    code: Secret,
}

/// Who signed in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) id_token: VerifiedIdToken,
    /// The ID token's claims, with userinfo's where that is configured.
    pub(crate) claims: Claims,
    /// What else the token endpoint gave.
    pub(crate) answer: TokenAnswer,
}

/// Why a callback signs nobody in.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CallbackError {
    /// None of the algorithms of ID tokens is one that is accepted.
    #[error(
        "the provider signs ID tokens with {advertised}, none of which is accepted: set \
         CIAM_ID_TOKEN_ALG to the one your client is registered for"
    )]
    Algorithm {
        /// What the metadata lists.
        advertised: String,
    },
    /// The claims cannot be used.
    #[error(transparent)]
    Claims(#[from] crate::claims::ClaimsError),
    /// Neither a code nor an error.
    #[error("the authorization response has neither code nor error")]
    CodeMissing,
    /// A code longer than any provider's.
    #[error("the authorization code is {bytes} bytes long, allowed are {limit}")]
    CodeTooLong {
        /// Found.
        bytes: usize,
        /// Allowed.
        limit: usize,
    },
    /// The answer is of another issuer than the visitor was sent to.
    #[error("the authorization response is of issuer {found}, expected {expected}")]
    Issuer {
        /// The issuer the visitor was sent to.
        expected: String,
        /// The issuer of the answer.
        found: String,
    },
    /// RFC 9207, section 2.4: announced, so it must be there.
    #[error(
        "the authorization response has no iss parameter, which the metadata announces; \
         does something between provider and application drop it?"
    )]
    IssuerMissing,
    /// The keys could not be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The metadata could not be had.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The parameters were refused unread.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The provider signs nobody in, and says why.
    #[error("the provider answers {error}: {description}{}", advice_suffix(*.advice))]
    Provider {
        /// The provider's error code (RFC 6749, section 4.1.2.1).
        error: String,
        /// The provider's words, shortened.
        description: String,
        /// What to do about it, where that is known.
        advice: Option<&'static str>,
        /// Whether it was the visitor who said no.
        cancelled: bool,
    },
    /// There is no `state`.
    #[error("the authorization response has no state, or one that was not made here")]
    StateMissing,
    /// The `state` is not that of the transaction.
    #[error("the state of the authorization response is not that of this browser's attempt")]
    StateMismatch,
    /// The sign-in does not show what a guard asked for.
    #[error(transparent)]
    StepUp(#[from] StepUpError),
    /// The ID token was refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token endpoint gave no tokens.
    #[error(transparent)]
    TokenEndpoint(#[from] TokenEndpointError),
    /// This browser has no such attempt.
    #[error(
        "no sign-in of this browser is waiting for this answer: it was finished before, took \
         longer than half an hour, was started under another host name or with another cookie \
         secret, or the browser keeps no cookies"
    )]
    Transaction,
    /// Userinfo was asked for and could not be had.
    #[error(transparent)]
    Userinfo(#[from] UserinfoError),
}

impl CallbackError {
    /// A stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Algorithm { .. } => "callback.algorithm",
            Self::Claims(error) => error.code(),
            Self::CodeMissing => "callback.code_missing",
            Self::CodeTooLong { .. } => "callback.code_too_long",
            Self::Issuer { .. } => "callback.issuer",
            Self::IssuerMissing => "callback.issuer_missing",
            Self::Keys(error) => error.code(),
            Self::Metadata(error) => error.code(),
            Self::Parameter(error) => error.code(),
            Self::Provider { .. } => "callback.provider",
            Self::StateMissing => "callback.state_missing",
            Self::StateMismatch => "callback.state",
            Self::StepUp(error) => error.code(),
            Self::Token(error) => error.code(),
            Self::TokenEndpoint(error) => error.code(),
            Self::Transaction => "callback.transaction",
            Self::Userinfo(error) => error.code(),
        }
    }
}

/// OpenID Connect Core 1.0, section 3.1.2.7, in the order of RFC 9207, section 2.4:
/// nothing in the answer counts before its issuer does.
pub(crate) fn validate(
    parameters: &Parameters,
    transaction: &Transaction,
    metadata: &Metadata,
) -> Result<ValidatedResponse, CallbackError> {
    // 1. The state is that of this browser's attempt.
    let state = parameters
        .value("state")
        .ok_or(CallbackError::StateMissing)?;
    if !transaction.state.matches(state) {
        return Err(CallbackError::StateMismatch);
    }
    // 2. The issuer is still the one the visitor was sent to.
    if metadata.issuer() != transaction.issuer {
        return Err(other_issuer(&transaction.issuer, metadata.issuer()));
    }
    let error = parameters.value("error");
    match parameters.value("iss") {
        Some(iss) if iss != metadata.issuer() => {
            return Err(other_issuer(metadata.issuer(), iss));
        }
        Some(_) => {}
        // Some providers announce `iss` and leave it out of errors, which can
        // only end the attempt.
        None if metadata.document().iss_parameter_supported && error.is_none() => {
            return Err(CallbackError::IssuerMissing);
        }
        None => {}
    }
    // 3. An error ends the attempt, whatever else is there.
    if let Some(error) = error {
        let description = parameters
            .value("error_description")
            .unwrap_or("no description");
        // Some providers repeat in the description what they were sent.
        let sent = [transaction.state.expose(), transaction.nonce.expose()];
        return Err(CallbackError::Provider {
            error: shown(error, &sent),
            description: shown(description, &sent),
            advice: aadsts::number(description).and_then(aadsts::advice),
            cancelled: error == "access_denied",
        });
    }
    // 4. There is a code of a sensible length.
    let code = parameters.value("code").ok_or(CallbackError::CodeMissing)?;
    if code.len() > MAX_CODE_BYTES {
        return Err(CallbackError::CodeTooLong {
            bytes: code.len(),
            limit: MAX_CODE_BYTES,
        });
    }
    Ok(ValidatedResponse {
        code: Secret::new(code),
    })
}

/// Exchanges the code and verifies what comes back.
#[tracing::instrument(level = "debug", name = "sign_in", skip_all)]
pub(crate) async fn finish(
    response: ValidatedResponse,
    transaction: &Transaction,
    metadata: &Metadata,
    provider: &Provider,
    config: &Config,
    now: Timestamp,
) -> Result<SignedIn, CallbackError> {
    let grant = Grant::AuthorizationCode {
        code: &response.code,
        redirect_uri: &config.callback_url(),
        code_verifier: &transaction.code_verifier,
    };
    let answer = ask(grant, metadata, provider, config).await?;
    let expected = ExpectedIdToken {
        issuer: metadata.issuer(),
        tenant_id: metadata.tenant_id(),
        client_id: config.client_id(),
        algorithm: id_token_algorithm(config, metadata)?,
        key_issuer: KeyIssuer::Ignored,
        nonce: ExpectedNonce::Sent(transaction.nonce.expose()),
        max_age: config.max_age(),
        clock_tolerance: config.clock_tolerance(),
        access_token: answer.access_token.as_ref().map(Secret::expose),
        code: Some(response.code.expose()),
    };
    let id_token = verify(answer.id_token()?, metadata, provider, &expected, now).await?;
    let tolerance = config.clock_tolerance();
    transaction
        .step_up
        .check(&id_token.claims(), now, tolerance)?;
    let claims = if config.calls_userinfo() {
        let access_token = answer.access_token.as_ref();
        with_userinfo(&id_token, access_token, metadata, provider).await?
    } else {
        id_token.claims()
    };
    Ok(SignedIn {
        id_token,
        claims,
        answer,
    })
}

/// The claims of the ID token, and what userinfo adds to them.
pub(super) async fn with_userinfo(
    id_token: &VerifiedIdToken,
    access_token: Option<&Secret>,
    metadata: &Metadata,
    provider: &Provider,
) -> Result<Claims, UserinfoError> {
    let missing = |missing| UserinfoError::Missing { missing };
    let endpoint = metadata.document().userinfo_endpoint.as_ref();
    let endpoint = endpoint.ok_or_else(|| missing("userinfo endpoint"))?;
    let request = access_token.and_then(|token| userinfo_request(endpoint, token));
    let request = request.ok_or_else(|| missing("access token"))?;
    let response = send(provider, "userinfo", request).await?;
    userinfo_response(&response, id_token)
}

/// Asks the token endpoint. The request runs to its end, whoever waits for it.
#[tracing::instrument(level = "debug", name = "token_request", skip_all)]
pub(crate) async fn ask(
    grant: Grant<'_>,
    metadata: &Metadata,
    provider: &Provider,
    config: &Config,
) -> Result<TokenAnswer, TokenEndpointError> {
    let document = metadata.document();
    let supported = document.token_endpoint_auth_methods.as_deref();
    let asked = TokenRequest {
        token_endpoint: &document.token_endpoint,
        client_id: config.client_id(),
        credential: config.credential(),
        client_auth: client_auth(config.credential(), config.client_auth(), supported)?,
        grant,
    };
    let response = send(provider, "token", token_request(&asked)).await?;
    token_response(&response, &asked)
}

/// A key that is not known may have come into use since the keys were fetched:
/// then, and only then, they are fetched once more. A token that names no key
/// does not say whether it is known, so that none verifies it counts as that.
pub(super) async fn verify(
    id_token: &Secret,
    metadata: &Metadata,
    provider: &Provider,
    expected: &ExpectedIdToken<'_>,
    now: Timestamp,
) -> Result<VerifiedIdToken, CallbackError> {
    let jwks_uri = &metadata.document().jwks_uri;
    let keys = provider.keys.keys(jwks_uri, now).await?;
    match verify_id_token(id_token.expose(), &keys, expected, now) {
        Err(error) if error.is_unknown_key() => {
            let keys = provider.keys.newer(&keys, jwks_uri, now).await?;
            Ok(verify_id_token(id_token.expose(), &keys, expected, now)?)
        }
        result => Ok(result?),
    }
}

/// Runs to its end although the visitor may be gone: the provider takes a code once.
pub(super) async fn send(
    provider: &Provider,
    name: &'static str,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let exchange = transport::send_to_its_end(Arc::clone(&provider.client), request);
    telemetry::timed(name, exchange).await
}

/// The one algorithm of ID tokens: the configured one, or RS256 where the provider
/// advertises it, or the first advertised one that is supported.
///
/// OpenID Connect Core 1.0, section 3.1.3.7, step 7: "The alg value SHOULD be the
/// default of RS256".
pub(super) fn id_token_algorithm(
    config: &Config,
    metadata: &Metadata,
) -> Result<Algorithm, CallbackError> {
    let advertised = &metadata.document().id_token_signing_algs;
    let rs256 = advertised.is_empty() || advertised.iter().any(|name| name == "RS256");
    config
        .id_token_algorithm()
        .or_else(|| rs256.then_some(Algorithm::RS256))
        .or_else(|| {
            advertised
                .iter()
                .find_map(|name| parse_algorithm(name).ok())
        })
        .ok_or_else(|| CallbackError::Algorithm {
            advertised: shortened(&advertised.join(", ")),
        })
}

fn other_issuer(expected: &str, found: &str) -> CallbackError {
    CallbackError::Issuer {
        expected: expected.to_owned(),
        found: shown(found, &[]),
    }
}

/// Microsoft's codes reach two kilobytes.
const MAX_CODE_BYTES: usize = 8 * 1024;
