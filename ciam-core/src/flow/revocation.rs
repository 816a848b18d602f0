//! Revoking a refresh token ([RFC 7009]): the request and its answer, and a driver that
//! nobody waits for.
//!
//! [RFC 7009]: https://www.rfc-editor.org/rfc/rfc7009

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::Provider;
use super::redact::shown;
use super::token_endpoint::{TokenEndpointError, authenticate, client_auth};
use crate::config::{ClientAuth, ClientCredential, Config};
use crate::metadata::Metadata;
use crate::secret::Secret;
use crate::telemetry;
use crate::transport::{self, TransportError};

/// A refresh token that nobody is to use any longer.
#[derive(Debug)]
pub(crate) struct Revocation<'a> {
    pub(crate) endpoint: &'a Url,
    pub(crate) client_id: &'a str,
    pub(crate) credential: &'a ClientCredential,
    pub(crate) client_auth: ClientAuth,
    pub(crate) refresh_token: &'a Secret,
}

/// Why a token may still be good.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum RevocationError {
    /// The metadata allows no way of authentication that fits the credential.
    #[error(transparent)]
    ClientAuth(#[from] TokenEndpointError),
    /// The provider refused (section 2.2.1).
    #[error("the revocation endpoint answers {status} {error}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error code of the provider, shortened.
        error: String,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl RevocationError {
    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::ClientAuth(error) => error.code(),
            Self::Refused { .. } => "revocation.refused",
            Self::Transport(error) => error.code(),
        }
    }
}

/// Asks the provider to revoke a refresh token, and with it what it was exchanged for
/// (section 2.1); does nothing where the provider cannot.
///
/// Nobody waits: a sign-out does not depend on it, and it does not depend on whoever signed
/// out still being there. A failure is logged; the token then lives until it expires.
pub(crate) fn revoke(
    provider: &Arc<Provider>,
    metadata: &Metadata,
    config: &Config,
    refresh_token: &Secret,
) {
    let Some(endpoint) = &metadata.document().revocation_endpoint else {
        return;
    };
    let client_auth = match revocation_auth(metadata, config) {
        Ok(client_auth) => client_auth,
        Err(error) => return report(&error),
    };
    let request = revocation_request(&Revocation {
        endpoint,
        client_id: config.client_id(),
        credential: config.credential(),
        client_auth,
        refresh_token,
    });
    let secrets = secrets(config, refresh_token);
    let client = Arc::clone(&provider.client);
    tokio::spawn(async move {
        let exchange = async {
            let response = client.send(request).await?;
            let secrets: Vec<_> = secrets.iter().map(Secret::expose).collect();
            revocation_response(&response, &secrets)
        };
        let revoked = telemetry::timed("revocation", exchange).await;
        if let Err(error) = revoked {
            report(&error);
        }
    });
}

/// Section 2.1.
pub(crate) fn revocation_request(revocation: &Revocation<'_>) -> Request<Bytes> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", revocation.refresh_token.expose())
        .append_pair("token_type_hint", "refresh_token");
    let Revocation {
        client_id,
        credential,
        client_auth,
        ..
    } = *revocation;
    let authorization = authenticate(&mut form, client_id, credential, client_auth);
    transport::post_form(revocation.endpoint, form.finish(), authorization)
}

/// Section 2.2: 200, also for a token that nobody knows; the body says nothing.
///
/// `secrets` is what was sent, which some providers repeat.
pub(crate) fn revocation_response(
    response: &Response<Bytes>,
    secrets: &[&str],
) -> Result<(), RevocationError> {
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let error = body["error"].as_str().unwrap_or("without an error code");
    Err(RevocationError::Refused {
        status: status.as_u16(),
        error: shown(error, secrets),
    })
}

/// As at the token endpoint, unless the provider says otherwise (RFC 8414, section 2).
fn revocation_auth(metadata: &Metadata, config: &Config) -> Result<ClientAuth, RevocationError> {
    let document = metadata.document();
    let own = document.revocation_endpoint_auth_methods.as_deref();
    let supported = own.or(document.token_endpoint_auth_methods.as_deref());
    Ok(client_auth(
        config.credential(),
        config.client_auth(),
        supported,
    )?)
}

fn secrets(config: &Config, refresh_token: &Secret) -> Vec<Secret> {
    let of_client = match config.credential() {
        ClientCredential::Secret(secret) => Some(secret),
        _ => None,
    };
    let sent = [Some(refresh_token), of_client];
    sent.into_iter().flatten().cloned().collect()
}

fn report(error: &RevocationError) {
    tracing::warn!(
        code = error.code(),
        %error,
        "a refresh token could not be revoked: it is good until it expires"
    );
}

#[cfg(test)]
mod tests;
