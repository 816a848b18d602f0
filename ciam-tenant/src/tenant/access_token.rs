//! Access tokens without any request: for the tests of an API.

use std::fmt;

use serde_json::{Map, Value, json};

use super::Tenant;
use crate::access_token::{AccessToken, Bearer};
use crate::claims_request::ClaimsRequest;
use crate::random;
use crate::state::lock;
use crate::token_policy::API_TOKEN_SECONDS;

/// An access token to mint; see [`Tenant::access_token`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AccessTokenBuilder<'a> {
    tenant: &'a Tenant,
    api: String,
    client: Option<String>,
    email: Option<String>,
    scopes: Vec<String>,
    roles: Vec<String>,
    claims: ClaimsRequest,
    header: Map<String, Value>,
    members: Map<String, Value>,
    without: Vec<String>,
}

impl<'a> AccessTokenBuilder<'a> {
    /// Sets the application that calls, by its client id. Default: the API itself.
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client = Some(client_id.into());
        self
    }

    /// Sets the user in whose name it calls, by e-mail address. Default: none, the application
    /// calls in its own name.
    pub fn user(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Adds a scope; it counts with a user only. Default: all that the API exposes.
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.scopes.push(name.into());
        self
    }

    /// Adds an app role to those that the user or the application has.
    pub fn role(mut self, value: impl Into<String>) -> Self {
        self.roles.push(value.into());
        self
    }

    /// Adds a satisfied authentication context (`acrs`), such as `c1`. Default: none.
    pub fn auth_context(mut self, id: impl Into<String>) -> Self {
        self.claims.contexts.push(id.into());
        self
    }

    /// Says that the client handles claims challenges (`xms_cc`), if the API asks for this claim.
    pub fn handles_challenges(mut self) -> Self {
        self.claims.handles_challenges = true;
        self
    }

    /// Sets a claim, whatever it would have been; times are seconds.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.members.insert(name.into(), value.into());
        self
    }

    /// Leaves a claim out.
    pub fn without_claim(mut self, name: impl Into<String>) -> Self {
        self.without.push(name.into());
        self
    }

    /// Sets a member of the header, whatever it would have been. The signature is RS256 by the
    /// current key all the same.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }

    /// Signs it. Neither permissions nor the names of scopes and roles are checked.
    pub fn mint(self) -> Result<String, AccessTokenError> {
        let state = &self.tenant.state;
        let now = state.clock.now();
        let find = |id: &String| state.application(id);
        let api = find(&self.api).ok_or(AccessTokenError::Api(self.api))?;
        let client = match self.client {
            Some(id) => find(&id).ok_or(AccessTokenError::Client(id))?,
            None => api.clone(),
        };
        let user = match self.email {
            Some(email) => {
                let found = lock(&state.directory).by_email(&email).cloned();
                Some(found.ok_or(AccessTokenError::User(email))?)
            }
            None => None,
        };
        let scopes = if self.scopes.is_empty() {
            &api.api.scopes
        } else {
            &self.scopes
        };
        let session_id = random::guid();
        let token = AccessToken {
            api: &api,
            client: &client,
            identifier: &format!("api://{}", api.client_id),
            bearer: match &user {
                Some(user) => Bearer::User {
                    user,
                    scopes,
                    session_id: &session_id,
                    authenticated: now,
                },
                None => Bearer::Application {
                    roles: client.roles_of(&api),
                },
            },
            claims: &self.claims,
        };
        let mut claims = token.payload(state, now, API_TOKEN_SECONDS);
        if !self.roles.is_empty() {
            let roles = claims.entry("roles").or_insert_with(|| json!([]));
            if let Some(roles) = roles.as_array_mut() {
                roles.extend(self.roles.into_iter().map(Value::String));
            }
        }
        claims.extend(self.members);
        for name in &self.without {
            claims.remove(name);
        }
        let keys = state.keys();
        let mut header = keys.current().header(api.api.version);
        header.extend(self.header);
        let payload = Value::Object(claims).to_string();
        Ok(keys.current().sign_with(&header, payload.as_bytes()))
    }
}

impl Tenant {
    /// An access token for an API, by the API's client id, without any request: for the tests of
    /// that API.
    ///
    /// ```
    /// # use ciam_tenant::{Application, NewUser, Tenant};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = Tenant::start().await?;
    /// # tenant.add_user(NewUser::new("ada@example.com", "Analytical-1843")).await?;
    /// let orders = tenant.register(Application::web("Orders").scope("orders.read"))?;
    /// let token = tenant
    ///     .access_token(&orders.client_id)
    ///     .user("ada@example.com")
    ///     .scope("orders.read")
    ///     .mint()?;
    /// let expired = tenant.access_token(&orders.client_id).claim("exp", 1).mint()?;
    /// # assert_ne!(token, expired);
    /// # Ok(())
    /// # }
    /// ```
    pub fn access_token(&self, api_client_id: impl Into<String>) -> AccessTokenBuilder<'_> {
        AccessTokenBuilder {
            tenant: self,
            api: api_client_id.into(),
            client: None,
            email: None,
            scopes: Vec::new(),
            roles: Vec::new(),
            claims: ClaimsRequest::default(),
            header: Map::new(),
            members: Map::new(),
            without: Vec::new(),
        }
    }
}

/// Why no access token was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessTokenError {
    /// No application has the API's client id.
    Api(String),
    /// No application has this client id.
    Client(String),
    /// No user has this e-mail address.
    User(String),
}

impl fmt::Display for AccessTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(id) => write!(f, "there is no API `{id}`"),
            Self::Client(id) => write!(f, "there is no application `{id}`"),
            Self::User(email) => write!(f, "there is no user `{email}`"),
        }
    }
}

impl std::error::Error for AccessTokenError {}
