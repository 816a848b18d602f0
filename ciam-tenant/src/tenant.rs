//! The handle: start a tenant, fill it, look at it, stop it.

mod access_token;
mod builder;
mod tokens;

pub use access_token::{AccessTokenBuilder, AccessTokenError};
pub use builder::{StartError, TenantBuilder};
pub use tokens::HeldRefreshes;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::application::{Application, RegisterError, Registered, Registration};
use crate::directory::{NewUser, UserError};
use crate::interaction;
use crate::requests::Requests;
use crate::server::Server;
use crate::state::{State, lock};

/// A running local customer tenant. Dropping it stops it.
pub struct Tenant {
    state: Arc<State>,
    server: Server,
    ca_pem: Option<String>,
}

impl Tenant {
    /// Starts a tenant with every default: `contoso` on a free port of 127.0.0.1, plain http.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Chooses something else than the defaults.
    pub fn builder() -> TenantBuilder {
        TenantBuilder::default()
    }

    /// Registers an application.
    pub fn register(&self, application: Application) -> Result<Registration, RegisterError> {
        let application = Registered::new(application)?;
        let registration = application.registration();
        self.state.add_application(application)?;
        Ok(registration)
    }

    /// Adds a user, and gives its object id (the `oid` claim).
    pub async fn add_user(&self, user: NewUser) -> Result<String, UserError> {
        interaction::add(&self.state, user).await
    }

    /// Gives an app role to a user, for example to one who signed up on the page.
    ///
    /// It is in the ID tokens issued from now on, and in the access tokens for APIs that have it.
    pub fn add_role(&self, email: &str, role: &str) -> Result<(), UserError> {
        lock(&self.state.directory).add_role(email, role)
    }

    /// The object id of the user with this e-mail address.
    pub fn object_id(&self, email: &str) -> Option<String> {
        let directory = lock(&self.state.directory);
        directory.by_email(email).map(|user| user.object_id.clone())
    }

    /// The authority to configure an application with.
    ///
    /// `http://127.0.0.1:PORT/NAME.onmicrosoft.com`; in TLS mode
    /// `https://NAME.ciamlogin.com/NAME.onmicrosoft.com`.
    pub fn authority(&self) -> String {
        self.state.authority()
    }

    /// The issuer of its tokens, which as in a real tenant is not the authority.
    ///
    /// `http://127.0.0.1:PORT/GUID/v2.0`; in TLS mode `https://GUID.ciamlogin.com/GUID/v2.0`.
    pub fn issuer(&self) -> String {
        self.state.issuer()
    }

    /// The token endpoint, which the discovery document names too.
    pub fn token_endpoint(&self) -> String {
        self.state.endpoint("token")
    }

    /// The tenant id (the `tid` claim).
    pub fn tenant_id(&self) -> &str {
        &self.state.tenant_id
    }

    /// The tenant's name, in lower case.
    pub fn name(&self) -> &str {
        &self.state.name
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.state.address
    }

    /// The host names it serves in TLS mode, all to be resolved to [`address`](Self::address).
    /// Empty without TLS.
    pub fn host_names(&self) -> Vec<String> {
        if self.state.tls {
            self.state.host_names().collect()
        } else {
            Vec::new()
        }
    }

    /// The certificate of the throw-away CA, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Signs with a new key from now on.
    ///
    /// The new key was never published before. The one it replaces stays in the key set, the one
    /// before that leaves it: after two rotations nothing a client knew is left. Makes an RSA key,
    /// which keeps the calling thread busy for a moment.
    pub fn rotate_keys(&self) {
        self.state.rotate_keys();
    }

    /// Moves the tenant's clock forward: codes, sessions and tokens age, new tokens are dated
    /// later.
    pub fn advance(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    /// What the tenant's clock says, in whole seconds.
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.state.clock.now().seconds())
    }

    /// Ends every sign-in session at the tenant: the next authorization request shows the page.
    pub fn end_sessions(&self) {
        lock(&self.state.sessions).retain(|_| false);
    }

    /// How many requests arrived, by endpoint.
    pub fn requests(&self) -> Requests {
        self.state.requests.read()
    }

    /// Stops listening, lets answers under way finish (for 5 seconds at most), and returns.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("name", &self.state.name)
            .field("tenant_id", &self.state.tenant_id)
            .field("address", &self.state.address)
            .finish_non_exhaustive()
    }
}
