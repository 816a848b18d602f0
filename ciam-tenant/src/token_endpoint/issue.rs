//! From a grant to tokens.

use super::Tokens;
use super::redeem::Redeemed;
use crate::access_token::{AccessToken, Bearer};
use crate::application::Registered;
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::scope::Resource;
use crate::state::{Grant, GraphToken, RefreshToken, State, lock};
use crate::{id_token, random};

pub(super) fn issue(
    tenant: &State,
    application: &Registered,
    redeemed: Redeemed,
    now: Timestamp,
) -> Result<Tokens, Aadsts> {
    let Redeemed { grant, renewal } = redeemed;
    let policy = *lock(&tenant.token_policy);
    let id_token = grant
        .scopes
        .has("openid")
        .then(|| id_token::mint(tenant, application, &grant, None, now))
        .flatten();
    let (access_token, expires_in) = match grant.scopes.resource() {
        Some(resource) => {
            let seconds = policy.api_token_seconds();
            let token = for_api(tenant, application, &grant, resource, now, seconds)?;
            (token, seconds)
        }
        None => {
            let seconds = policy.graph_token_seconds();
            (for_graph(tenant, &grant, now, seconds), seconds)
        }
    };
    Ok(Tokens {
        token_type: "Bearer",
        scope: Some(grant.scopes.to_text()),
        expires_in,
        ext_expires_in: expires_in,
        access_token,
        refresh_token: renewal.map(|renewal| {
            let token = format!("1.{}", random::token());
            let renewal = RefreshToken {
                grant: renewal.grant,
                created: now,
                family: renewal.family,
                used: false,
            };
            lock(&tenant.refresh_tokens).insert(token.clone(), renewal);
            token
        }),
        id_token,
    })
}

fn for_api(
    tenant: &State,
    client: &Registered,
    grant: &Grant,
    resource: &Resource,
    now: Timestamp,
    seconds: u64,
) -> Result<String, Aadsts> {
    let gone = || {
        let why = "The user or the resource of the grant does not exist.";
        Aadsts::new("invalid_grant", 70000, why)
    };
    let api = tenant.application(&resource.client_id).ok_or_else(gone)?;
    let user = lock(&tenant.directory).get(&grant.object_id).cloned();
    let token = AccessToken {
        api: &api,
        client,
        identifier: &resource.identifier,
        bearer: Bearer::User {
            user: &user.ok_or_else(gone)?,
            scopes: &resource.scopes,
            session_id: &grant.session_id,
            authenticated: grant.authenticated,
        },
        claims: &grant.claims,
    };
    Ok(token.sign(tenant, now, seconds))
}

/// Opaque, and good for the userinfo endpoint.
fn for_graph(tenant: &State, grant: &Grant, now: Timestamp, seconds: u64) -> String {
    let token = format!("EwB{}{}", random::token(), random::token());
    let entry = GraphToken {
        grant: grant.clone(),
        expires: Timestamp(now.seconds() + seconds),
    };
    lock(&tenant.graph_tokens).insert(token.clone(), entry);
    token
}
