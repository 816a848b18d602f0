//! From a grant to tokens.

use super::Tokens;
use crate::access_token::{ACCESS_TOKEN_SECONDS, AccessToken, Bearer};
use crate::application::Registered;
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::scope::Resource;
use crate::state::{Grant, GraphToken, RefreshToken, State, lock};
use crate::{id_token, random};

pub(super) fn issue(
    tenant: &State,
    application: &Registered,
    grant: Grant,
    now: Timestamp,
) -> Result<Tokens, Aadsts> {
    let id_token = grant
        .scopes
        .has("openid")
        .then(|| id_token::mint(tenant, application, &grant, None, now))
        .flatten();
    let (access_token, expires_in) = match grant.scopes.resource() {
        Some(resource) => {
            let token = for_api(tenant, application, &grant, resource, now)?;
            (token, ACCESS_TOKEN_SECONDS)
        }
        None => for_graph(tenant, &grant, now),
    };
    Ok(Tokens {
        token_type: "Bearer",
        scope: Some(grant.scopes.to_text()),
        expires_in,
        ext_expires_in: expires_in,
        access_token,
        refresh_token: refresh_token(tenant, grant, now),
        id_token,
    })
}

fn for_api(
    tenant: &State,
    client: &Registered,
    grant: &Grant,
    resource: &Resource,
    now: Timestamp,
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
    Ok(token.sign(tenant, now))
}

/// Opaque, and good for the userinfo endpoint.
fn for_graph(tenant: &State, grant: &Grant, now: Timestamp) -> (String, u64) {
    let [a, b] = random::bytes::<2>();
    let expires_in =
        MIN_TOKEN_SECONDS + u64::from(u16::from_be_bytes([a, b])) % TOKEN_SPREAD_SECONDS;
    let token = format!("EwB{}{}", random::token(), random::token());
    let entry = GraphToken {
        grant: grant.clone(),
        expires: Timestamp(now.seconds() + expires_in),
    };
    lock(&tenant.graph_tokens).insert(token.clone(), entry);
    (token, expires_in)
}

/// The one that was redeemed stays valid, as Microsoft's do.
fn refresh_token(tenant: &State, grant: Grant, now: Timestamp) -> Option<String> {
    grant.scopes.has("offline_access").then(|| {
        let token = format!("1.{}", random::token());
        let created = now;
        lock(&tenant.refresh_tokens).insert(token.clone(), RefreshToken { grant, created });
        token
    })
}

/// Access tokens live between 60 and 90 minutes, at random, so that no client counts on a number.
const MIN_TOKEN_SECONDS: u64 = 3600;
const TOKEN_SPREAD_SECONDS: u64 = 1800;
