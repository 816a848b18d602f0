//! ID tokens.

use aws_lc_rs::hmac;
use serde_json::{Map, Value, json};

use crate::application::Registered;
use crate::clock::Timestamp;
use crate::directory::User;
use crate::random;
use crate::state::{Grant, State, lock};

/// An ID token for a grant; `None` if its user is gone.
pub(crate) fn mint(
    tenant: &State,
    application: &Registered,
    grant: &Grant,
    c_hash: Option<String>,
    now: Timestamp,
) -> Option<String> {
    let user = lock(&tenant.directory).get(&grant.object_id)?.clone();
    let claims = claims(tenant, application, grant, &user, c_hash, now);
    let payload = serde_json::to_vec(&claims).ok()?;
    Some(tenant.keys().current().sign(&payload))
}

/// The `sub` claim: another one for every application, 43 characters.
pub(crate) fn subject(tenant: &State, client_id: &str, object_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &tenant.subject_salt);
    let tag = hmac::sign(&key, format!("{client_id}|{object_id}").as_bytes());
    random::base64url(tag.as_ref())
}

/// The name claim of a user who gave none: what a customer tenant writes then.
pub(crate) fn display_name(user: &User) -> &str {
    user.profile.display_name.as_deref().unwrap_or("unknown")
}

fn claims(
    tenant: &State,
    application: &Registered,
    grant: &Grant,
    user: &User,
    c_hash: Option<String>,
    now: Timestamp,
) -> Map<String, Value> {
    // Real tokens are back-dated by five minutes, and live for an hour from now.
    let issued = now.seconds().saturating_sub(BACK_DATED_SECONDS);
    let profile = &user.profile;
    let mut claims = Map::new();
    // First, so that the tenant's own claims replace one of the same name.
    for (name, value) in &profile.attributes {
        claims.insert(name.clone(), json!(value));
    }
    for name in NOT_ATTRIBUTES {
        claims.remove(name);
    }
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("ver", json!("2.0"));
    set("iss", json!(tenant.issuer()));
    set(
        "sub",
        json!(subject(tenant, &grant.client_id, &user.object_id)),
    );
    set("aud", json!(grant.client_id));
    set("exp", json!(now.seconds() + LIFETIME_SECONDS));
    set("iat", json!(issued));
    set("nbf", json!(issued));
    if grant.scopes.has("profile") {
        set("name", json!(display_name(user)));
        set("preferred_username", json!(user.email));
        set("oid", json!(user.object_id));
    }
    if grant.scopes.has("email") {
        set("email", json!(user.email));
    }
    set("tid", json!(tenant.tenant_id));
    if let Some(nonce) = &grant.nonce {
        set("nonce", json!(nonce));
    }
    if let Some(c_hash) = c_hash {
        set("c_hash", json!(c_hash));
    }
    if !grant.claims.id_token_contexts.is_empty() {
        set("acrs", json!(grant.claims.id_token_contexts));
    }
    set("sid", json!(grant.session_id));
    set("uti", json!(random::base64url(&random::bytes::<16>())));
    set("rh", json!(format!("1.{}.", random::token())));
    set("aio", json!(random::token()));
    if !profile.roles.is_empty() {
        set("roles", json!(profile.roles));
    }
    match profile.groups.len() {
        0 => {}
        1..=MAX_GROUPS => {
            set("groups", json!(profile.groups));
        }
        _ => {
            let endpoint = format!(
                "https://graph.microsoft.com/v1.0/users/{}/getMemberObjects",
                user.object_id
            );
            set("_claim_names", json!({"groups": "src1"}));
            set("_claim_sources", json!({"src1": {"endpoint": endpoint}}));
        }
    }
    let optional = [
        ("auth_time", Some(json!(grant.authenticated.seconds()))),
        ("login_hint", Some(json!(user.login_hint))),
        (
            "given_name",
            profile.given_name.as_ref().map(|name| json!(name)),
        ),
        (
            "family_name",
            profile.family_name.as_ref().map(|name| json!(name)),
        ),
    ];
    for (name, value) in optional {
        if let Some(value) = value.filter(|_| application.wants(name)) {
            set(name, value);
        }
    }
    claims
}

const LIFETIME_SECONDS: u64 = 3600;
pub(crate) const BACK_DATED_SECONDS: u64 = 300;
/// Above this, a JWT says only where the groups can be read.
const MAX_GROUPS: usize = 200;
/// Claims that mean something when they are there, so no attribute may invent them.
const NOT_ATTRIBUTES: [&str; 14] = [
    "_claim_names",
    "_claim_sources",
    "acrs",
    "at_hash",
    "auth_time",
    "c_hash",
    "email",
    "groups",
    "name",
    "nonce",
    "oid",
    "preferred_username",
    "roles",
    "login_hint",
];
