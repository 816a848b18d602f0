//! Codes and refresh tokens: from what a client holds to what its user granted.

use crate::application::Registered;
use crate::claims_request::{ClaimsRequest, interaction_required};
use crate::clock::Timestamp;
use crate::error::Aadsts;
use crate::faults::not_after_sign_up;
use crate::parameters::Parameters;
use crate::pkce::Challenge;
use crate::random;
use crate::scope::Consent;
use crate::state::{Grant, State, lock};

/// What a client may have now, and what it may come back for.
pub(super) struct Redeemed {
    pub(super) grant: Grant,
    /// What the new refresh token is for; `None` where there is none.
    pub(super) renewal: Option<Renewal>,
}

pub(super) struct Renewal {
    pub(super) grant: Grant,
    pub(super) family: String,
}

pub(super) fn redeem_code(
    tenant: &State,
    consent: &Consent<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Redeemed, Aadsts> {
    let application = consent.client;
    let sent = parameters
        .get("code")
        .ok_or_else(|| Aadsts::missing("code"))?;
    let mut codes = lock(&tenant.codes);
    let code = codes
        .get_mut(sent)
        .filter(|code| code.grant.client_id == application.client_id)
        .ok_or_else(|| {
            let why = "The provided authorization code is not valid, or was issued to another \
                       application.";
            Aadsts::new("invalid_grant", 70000, why)
        })?;
    if code.used {
        return Err(Aadsts::new(
            "invalid_grant",
            54005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code \
             or use an existing refresh token.",
        ));
    }
    if now.since(code.created).as_secs() >= CODE_SECONDS {
        return Err(Aadsts::new(
            "invalid_grant",
            70008,
            "The provided authorization code or refresh token has expired due to inactivity. Send \
             a new interactive authorization request for this user and resource.",
        ));
    }
    let redirect_uri = parameters.get("redirect_uri");
    if let Some(expected) = &code.redirect_uri {
        let found = redirect_uri.ok_or_else(|| Aadsts::missing("redirect_uri"))?;
        if found != expected {
            return Err(other_redirect_uri(found, application));
        }
    } else if let Some(found) = redirect_uri.filter(|uri| !application.has_redirect_uri(uri)) {
        return Err(other_redirect_uri(found, application));
    }
    Challenge::check(code.challenge.as_ref(), parameters.get("code_verifier"))?;
    let mut grant = code.grant.clone();
    if let Some(scope) = parameters.get("scope") {
        grant.scopes = grant.scopes.narrowed(scope, consent)?;
    }
    check_claims(&mut grant, parameters)?;
    check_user(tenant, &grant)?;
    lock(&tenant.faults).check(&grant.scopes, &grant.claims)?;
    // Last: a request that fails for another reason may be repeated with the same code.
    code.used = true;
    if code.signed_up && lock(&tenant.faults).after_sign_up {
        return Err(not_after_sign_up());
    }
    // The access token is for the scopes named here; the refresh token, for all that was granted.
    let renewal = grant.scopes.has("offline_access").then(|| Renewal {
        grant: Grant {
            scopes: code.grant.scopes.clone(),
            ..grant.clone()
        },
        family: random::guid(),
    });
    Ok(Redeemed { grant, renewal })
}

pub(super) fn redeem_refresh_token(
    tenant: &State,
    consent: &Consent<'_>,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Redeemed, Aadsts> {
    let application = consent.client;
    let policy = *lock(&tenant.token_policy);
    let sent = parameters
        .get("refresh_token")
        .ok_or_else(|| Aadsts::missing("refresh_token"))?;
    let mut tokens = lock(&tenant.refresh_tokens);
    let token = tokens
        .get_mut(sent)
        .filter(|token| token.grant.client_id == application.client_id)
        .ok_or_else(|| {
            let why = "The provided refresh token is not valid, or was issued to another \
                       application.";
            Aadsts::new("invalid_grant", 70000, why)
        })?;
    if policy.is_once() && token.used {
        let family = token.family.clone();
        tokens.retain(|token| token.family != family);
        let why = "The provided refresh token was used before. Every refresh token of the same \
                   sign-in is revoked.";
        return Err(Aadsts::new("invalid_grant", 70000, why));
    }
    if now.since(token.created).as_secs() >= policy.refresh_token_seconds() {
        return Err(Aadsts::new(
            "invalid_grant",
            700082,
            "The refresh token has expired due to inactivity.",
        ));
    }
    let mut grant = token.grant.clone();
    if let Some(scope) = parameters.get("scope") {
        grant.scopes = grant.scopes.renewed(scope, consent)?;
    }
    check_claims(&mut grant, parameters)?;
    check_user(tenant, &grant)?;
    lock(&tenant.faults).check(&grant.scopes, &grant.claims)?;
    // OpenID Connect Core section 12.2: the nonce was for the sign-in.
    grant.nonce = None;
    // Last: a request that fails for another reason may be repeated with the same token.
    token.used = true;
    let renewal = Renewal {
        grant: Grant {
            nonce: None,
            ..token.grant.clone()
        },
        family: token.family.clone(),
    };
    Ok(Redeemed {
        grant,
        renewal: Some(renewal),
    })
}

/// No user is here: what was satisfied at sign-in is all there is.
fn check_claims(grant: &mut Grant, parameters: &Parameters) -> Result<(), Aadsts> {
    let asked = ClaimsRequest::parse(parameters.get("claims"))?;
    if !grant.claims.satisfies(&asked) {
        return Err(interaction_required(parameters.owned("claims")));
    }
    grant.claims.handles_challenges |= asked.handles_challenges;
    Ok(())
}

fn check_user(tenant: &State, grant: &Grant) -> Result<(), Aadsts> {
    let directory = lock(&tenant.directory);
    let user = directory.get(&grant.object_id);
    if user.is_none_or(|user| user.revocations != grant.revocations) {
        return Err(Aadsts::new(
            "invalid_grant",
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is \
             needed.",
        ));
    }
    Ok(())
}

fn other_redirect_uri(found: &str, application: &Registered) -> Aadsts {
    Aadsts::new(
        "invalid_client",
        50011,
        format!(
            "The redirect URI '{found}' specified in the request does not match the one the \
             authorization code for the application '{}' was issued for.",
            application.client_id
        ),
    )
}

const CODE_SECONDS: u64 = 600;
