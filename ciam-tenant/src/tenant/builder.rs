//! What a tenant starts with.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;

use super::Tenant;
use crate::clock::Clock;
use crate::random;
use crate::server::{Control, Server};
use crate::state::State;
use crate::tls::{Identity, TlsListener};
use crate::token_policy::TokenPolicy;

/// Choices for a tenant; see [`Tenant::builder`].
#[derive(Clone, Debug)]
pub struct TenantBuilder {
    name: String,
    tenant_id: Option<String>,
    listen: SocketAddr,
    tls: bool,
    custom_domains: Vec<String>,
    token_policy: TokenPolicy,
    control: Control,
}

impl TenantBuilder {
    /// Sets the tenant's name: the label before `.onmicrosoft.com` and `.ciamlogin.com`.
    /// Default: `contoso`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into().to_ascii_lowercase();
        self
    }

    /// Sets the tenant id, a GUID. Default: random.
    pub fn tenant_id(mut self, tenant_id: impl Into<String>) -> Self {
        self.tenant_id = Some(tenant_id.into().to_ascii_lowercase());
        self
    }

    /// Sets the address to listen on, a loopback address. Default: a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Serves HTTPS under the host names of a real tenant. Default: plain http.
    ///
    /// The names are `NAME.ciamlogin.com`, `GUID.ciamlogin.com` and the custom domains. No
    /// address in any document has a port: a client maps the names to
    /// [`Tenant::address`], and trusts [`Tenant::ca_pem`].
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Adds a custom URL domain, such as `login.contoso.test`, and turns TLS on. Default: none.
    ///
    /// Asked through it, the discovery document has its endpoints there; the issuer stays.
    pub fn custom_domain(mut self, domain: impl Into<String>) -> Self {
        self.custom_domains.push(domain.into().to_ascii_lowercase());
        self.tls()
    }

    /// Sets how long tokens live, and how often a refresh token is good. Default: Microsoft's.
    pub fn token_policy(mut self, policy: TokenPolicy) -> Self {
        self.token_policy = policy;
        self
    }

    /// Lets programs on this machine do over HTTP what the handle can: for a tenant in a process
    /// of its own. Default: only the handle can.
    ///
    /// Every request has a header `ciam-tenant-control`, with any value; those that change
    /// something have a form.
    ///
    /// | request | field | as |
    /// |---|---|---|
    /// | `POST /control/advance` | `seconds` | [`Tenant::advance`] |
    /// | `POST /control/end-sessions` | | [`Tenant::end_sessions`] |
    /// | `POST /control/revoke-sign-in-sessions` | `email` | [`Tenant::revoke_sign_in_sessions`] |
    /// | `POST /control/rotate-keys` | | [`Tenant::rotate_keys`] |
    /// | `GET /control/token-requests` | | [`Tenant::token_requests`], as JSON |
    pub fn control(mut self) -> Self {
        self.control = Control::OverHttp;
        self
    }

    /// Starts the tenant.
    pub async fn start(self) -> Result<Tenant, StartError> {
        if !self.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(self.listen));
        }
        if !is_label(&self.name) {
            return Err(StartError::Name(self.name));
        }
        let tenant_id = self.tenant_id.unwrap_or_else(random::guid);
        if !random::is_guid(&tenant_id) {
            return Err(StartError::TenantId(tenant_id));
        }
        for domain in &self.custom_domains {
            if !domain.contains('.') || !domain.split('.').all(is_label) {
                return Err(StartError::CustomDomain(domain.clone()));
            }
        }
        let listen = self.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|source| StartError::Listen {
                address: listen,
                source,
            })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: listen,
            source,
        })?;
        let (name, tls, domains) = (self.name, self.tls, self.custom_domains);
        let made = tokio::task::spawn_blocking(move || {
            let state = State::new(name, tenant_id, address, tls, domains);
            let identity = tls.then(|| {
                let names = state.host_names().collect();
                Identity::new(names, Clock::default().now())
            });
            (Arc::new(state), identity)
        });
        let (state, identity) = made
            .await
            .map_err(|error| StartError::Tls(error.to_string()))?;
        let identity = identity.transpose().map_err(StartError::Tls)?;
        let server = match &identity {
            None => Server::start(listener, state.clone(), self.control),
            Some(identity) => {
                let listener = TlsListener::new(listener, identity)
                    .map_err(|error| StartError::Tls(error.to_string()))?;
                Server::start(listener, state.clone(), self.control)
            }
        };
        let tenant = Tenant {
            state,
            server,
            ca_pem: identity.map(|identity| identity.ca_pem),
        };
        tenant.set_token_policy(self.token_policy);
        Ok(tenant)
    }
}

impl Default for TenantBuilder {
    fn default() -> Self {
        Self {
            name: "contoso".to_owned(),
            tenant_id: None,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: false,
            custom_domains: Vec::new(),
            token_policy: TokenPolicy::default(),
            control: Control::ByHandle,
        }
    }
}

/// Why a tenant did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The custom domain is no domain name.
    CustomDomain(String),
    /// The address cannot be listened on; most often the port is taken.
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The name is no label of a host name.
    Name(String),
    /// The address is not on loopback: the local tenant is for this machine only.
    NotLoopback(SocketAddr),
    /// The tenant id is no GUID.
    TenantId(String),
    /// The certificates could not be made.
    Tls(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomDomain(domain) => write!(f, "`{domain}` is no domain name"),
            Self::Listen { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "port {} of {} is in use by another program",
                    address.port(),
                    address.ip()
                )
            }
            Self::Listen { address, source } => write!(f, "cannot listen on {address}: {source}"),
            Self::Name(name) => {
                write!(
                    f,
                    "the name `{name}` is not made of letters, digits and hyphens"
                )
            }
            Self::NotLoopback(address) => write!(
                f,
                "{address} is not a loopback address: the local tenant is for development on this \
                 machine, and listens on 127.0.0.1 or [::1] only"
            ),
            Self::TenantId(id) => write!(f, "the tenant id `{id}` is no GUID"),
            Self::Tls(why) => write!(f, "cannot serve TLS: {why}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            _ => None,
        }
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}
