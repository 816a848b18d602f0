//! Access tokens for the applications' own APIs.

use serde_json::{Map, Value, json};

use crate::application::{AccessTokenVersion, Registered};
use crate::claims_request::ClaimsRequest;
use crate::clock::Timestamp;
use crate::directory::User;
use crate::id_token::{BACK_DATED_SECONDS, subject};
use crate::random;
use crate::state::State;

/// What an access token says, before it is written in the version that the API wants.
pub(crate) struct AccessToken<'a> {
    pub(crate) api: &'a Registered,
    pub(crate) client: &'a Registered,
    /// How the client named the API: `api://GUID` or `GUID`.
    pub(crate) identifier: &'a str,
    pub(crate) bearer: Bearer<'a>,
    /// What was asked for and satisfied.
    pub(crate) claims: &'a ClaimsRequest,
}

/// In whose name the client calls.
pub(crate) enum Bearer<'a> {
    /// Its own, with these app roles.
    Application { roles: Vec<&'a str> },
    /// A user's.
    User {
        user: &'a User,
        scopes: &'a [String],
        session_id: &'a str,
        authenticated: Timestamp,
    },
}

impl AccessToken<'_> {
    /// Signs it with the current key.
    pub(crate) fn sign(&self, tenant: &State, now: Timestamp, seconds: u64) -> String {
        let payload = Value::Object(self.payload(tenant, now, seconds)).to_string();
        let keys = tenant.keys();
        let header = keys.current().header(self.api.api.version);
        keys.current().sign_with(&header, payload.as_bytes())
    }

    /// The claims of one that lives for so long.
    pub(crate) fn payload(
        &self,
        tenant: &State,
        now: Timestamp,
        seconds: u64,
    ) -> Map<String, Value> {
        let issued = now.seconds().saturating_sub(BACK_DATED_SECONDS);
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("exp", json!(now.seconds() + seconds));
        set("iat", json!(issued));
        set("nbf", json!(issued));
        set("tid", json!(tenant.tenant_id));
        set("uti", json!(random::base64url(&random::bytes::<16>())));
        set("rh", json!(format!("1.{}.", random::token())));
        set("aio", json!(random::token()));
        if !self.claims.contexts.is_empty() {
            set("acrs", json!(self.claims.contexts));
        }
        if self.claims.handles_challenges && self.api.api.wants("xms_cc") {
            set("xms_cc", json!(["cp1"]));
        }
        self.add_version(&mut claims, tenant);
        self.add_bearer(&mut claims, tenant);
        claims
    }

    fn add_version(&self, claims: &mut Map<String, Value>, tenant: &State) {
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        let client = (&self.client.client_id, self.client.authentication_class());
        match self.api.api.version {
            AccessTokenVersion::V1 => {
                set("ver", json!("1.0"));
                let issuer = format!("https://sts.windows.net/{}/", tenant.tenant_id);
                set("iss", json!(issuer));
                set("aud", json!(self.identifier));
                set("appid", json!(client.0));
                set("appidacr", json!(client.1));
            }
            AccessTokenVersion::V2 => {
                set("ver", json!("2.0"));
                set("iss", json!(tenant.issuer()));
                set("aud", json!(self.api.client_id));
                set("azp", json!(client.0));
                set("azpacr", json!(client.1));
            }
        }
    }

    fn add_bearer(&self, claims: &mut Map<String, Value>, tenant: &State) {
        let api = &self.api.api;
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        match &self.bearer {
            Bearer::Application { roles } => {
                set("oid", json!(self.client.object_id));
                set("sub", json!(self.client.object_id));
                if !roles.is_empty() {
                    set("roles", json!(roles));
                }
                if api.wants("idtyp") {
                    set("idtyp", json!("app"));
                }
            }
            Bearer::User {
                user,
                scopes,
                session_id,
                authenticated,
            } => {
                set("oid", json!(user.object_id));
                let sub = subject(tenant, &self.api.client_id, &user.object_id);
                set("sub", json!(sub));
                set("sid", json!(session_id));
                set("scp", json!(scopes.join(" ")));
                let profile = &user.profile;
                let mut roles = profile.roles.clone();
                roles.retain(|role| api.has_role(role));
                if !roles.is_empty() {
                    set("roles", json!(roles));
                }
                if api.version == AccessTokenVersion::V1 {
                    set("acr", json!("1"));
                    set("amr", json!(["pwd"]));
                    set("unique_name", json!(user.email));
                }
                let optional = [
                    ("auth_time", Some(json!(authenticated.seconds()))),
                    ("email", Some(json!(user.email))),
                    (
                        "family_name",
                        profile.family_name.as_ref().map(|name| json!(name)),
                    ),
                    (
                        "given_name",
                        profile.given_name.as_ref().map(|name| json!(name)),
                    ),
                    ("login_hint", Some(json!(user.login_hint))),
                ];
                for (name, value) in optional {
                    if let Some(value) = value.filter(|_| api.wants(name)) {
                        set(name, value);
                    }
                }
            }
        }
    }
}
