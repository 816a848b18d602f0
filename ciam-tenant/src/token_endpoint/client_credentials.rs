//! The client credentials grant: an application in its own name.

use super::Tokens;
use crate::access_token::{AccessToken, Bearer};
use crate::application::Platform;
use crate::claims_request::ClaimsRequest;
use crate::client_auth::missing_secret;
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::parameters::Parameters;
use crate::scope::{Consent, DEFAULT, Name, several};
use crate::state::{State, lock};

pub(super) fn issue(
    tenant: &State,
    consent: &Consent<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Tokens, Aadsts> {
    let client = consent.client;
    // RFC 6749 section 4.4: "The client credentials grant type MUST only be used by confidential
    // clients."
    if client.platform == Platform::Public {
        return Err(missing_secret());
    }
    let scope = parameters
        .get("scope")
        .ok_or_else(|| Aadsts::missing("scope"))?;
    let name = resource(scope)?;
    let api = consent.api(&name.client_id, name.identifier)?;
    // An authentication context is a user's: for an application there is none.
    let claims = ClaimsRequest::parse(parameters.get("claims"))?.without_contexts();
    let token = AccessToken {
        api: &api,
        client,
        identifier: name.identifier,
        // Without any role there is a token all the same: authorization is the API's to check.
        bearer: Bearer::Application {
            roles: client.roles_of(&api),
        },
        claims: &claims,
    };
    let seconds = lock(&tenant.token_policy).api_token_seconds();
    Ok(Tokens {
        token_type: "Bearer",
        scope: None,
        expires_in: seconds,
        ext_expires_in: seconds,
        access_token: token.sign(tenant, now, seconds),
        refresh_token: None,
        id_token: None,
    })
}

/// `GUID/.default` or `api://GUID/.default`, and nothing beside it.
fn resource(scope: &str) -> Result<Name<'_>, Aadsts> {
    let names = scope.split_ascii_whitespace().map(Name::parse);
    let names: Option<Vec<_>> = names.collect();
    match names.as_deref() {
        Some([name]) if name.scope == DEFAULT => Ok(name.clone()),
        Some([first, rest @ ..]) if rest.iter().any(|name| name.client_id != first.client_id) => {
            Err(several(scope))
        }
        _ => Err(Aadsts::new(
            "invalid_scope",
            1002012,
            format!(
                "The provided value for scope {scope} is not valid. Client credential flows must \
                 have a scope value with /.default suffixed to the resource identifier \
                 (application ID URI)."
            ),
        )),
    }
}
