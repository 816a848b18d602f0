//! The on-behalf-of grant: an API calls the next one in the name of the user who called it.
//!
//! Microsoft, "Microsoft identity platform and OAuth 2.0 On-Behalf-Of flow".

use serde::Deserialize;

use super::redeem::{Redeemed, Renewal};
use crate::application::{Platform, Registered};
use crate::claims_request::{ClaimsRequest, interaction_required};
use crate::client_auth::missing_secret;
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::parameters::Parameters;
use crate::random;
use crate::scope::{Consent, Scopes, invalid};
use crate::state::{Grant, State, lock};

pub(super) fn redeem(
    tenant: &State,
    consent: &Consent<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Redeemed, Aadsts> {
    let client = consent.client;
    // The client is an API, and proves itself as one.
    if client.platform == Platform::Public {
        return Err(missing_secret());
    }
    let required = |name| parameters.get(name).ok_or_else(|| Aadsts::missing(name));
    let requested_use = required("requested_token_use")?;
    if requested_use != "on_behalf_of" {
        let why = "The value of 'requested_token_use' has to be 'on_behalf_of'.";
        return Err(Aadsts::malformed(why));
    }
    let assertion = Assertion::read(tenant, client, required("assertion")?, now)?;
    let scope = required("scope")?;
    let scopes = Scopes::read(scope, consent)?;
    if scopes.resource().is_none() && !scopes.names_graph() {
        return Err(invalid(scope, "It names no scope of an API."));
    }
    let (object_id, revocations) = {
        let directory = lock(&tenant.directory);
        let user = directory
            .get(&assertion.oid)
            .ok_or_else(|| refused(50013, "Assertion is invalid: its user does not exist."))?;
        (user.object_id.clone(), user.revocations)
    };
    let asked = ClaimsRequest::parse(parameters.get("claims"))?;
    let mut claims = ClaimsRequest {
        contexts: assertion.acrs,
        ..ClaimsRequest::default()
    };
    if !claims.satisfies(&asked) {
        return Err(interaction_required(parameters.owned("claims")));
    }
    claims.handles_challenges = asked.handles_challenges;
    lock(&tenant.faults).check(&scopes, &claims)?;
    let grant = Grant {
        client_id: client.client_id.clone(),
        object_id,
        session_id: assertion.sid,
        authenticated: Timestamp(assertion.iat),
        revocations,
        scopes,
        nonce: None,
        claims,
    };
    let renewal = grant.scopes.has("offline_access").then(|| Renewal {
        grant: grant.clone(),
        family: random::guid(),
    });
    Ok(Redeemed { grant, renewal })
}

/// The claims of an access token that a user sent to the client.
#[derive(Deserialize)]
struct Assertion {
    iss: String,
    aud: String,
    exp: u64,
    nbf: u64,
    iat: u64,
    oid: String,
    #[serde(default)]
    sid: String,
    #[serde(default)]
    acrs: Vec<String>,
    scp: Option<String>,
}

impl Assertion {
    fn read(
        tenant: &State,
        client: &Registered,
        token: &str,
        now: Timestamp,
    ) -> Result<Self, Aadsts> {
        let payload = tenant
            .keys()
            .open(token)
            .ok_or_else(|| refused(50013, "Assertion failed signature validation."))?;
        let assertion: Self = serde_json::from_slice(&payload)
            .map_err(|_| refused(50013, "Assertion is invalid: it is no access token."))?;
        let issuers = [
            tenant.issuer(),
            format!("https://sts.windows.net/{}/", tenant.tenant_id),
        ];
        if !issuers.contains(&assertion.iss) {
            return Err(refused(
                50013,
                "Assertion is invalid: its issuer is another.",
            ));
        }
        let id = &client.client_id;
        if assertion.aud != *id && assertion.aud != format!("api://{id}") {
            let why = "Assertion audience does not match the Client app presenting the assertion.";
            return Err(refused(500131, why));
        }
        if now.seconds() >= assertion.exp || now.seconds() < assertion.nbf {
            let why = "Assertion is not within its valid time range. Ensure that the access token \
                       is not expired before using it for user assertion, or request a new token.";
            return Err(refused(500133, why));
        }
        // Neither an application's own token nor an ID token has scopes.
        if assertion.scp.is_none() {
            let why = format!(
                "Application '{id}' is not allowed to make application on-behalf-of calls."
            );
            return Err(refused(7000114, &why));
        }
        Ok(assertion)
    }
}

fn refused(number: u32, why: &str) -> Aadsts {
    Aadsts::new("invalid_grant", number, why)
}
