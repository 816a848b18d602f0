//! Settings from the environment; without any, a local tenant to sign in at.

use std::env;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

use ciam_core::store::MemoryStore;
use ciam_core::{Config, ConfigError};
use ciam_tenant::{Application, NewUser, RegisterError, Registration, Tenant};

/// A shop that may start.
#[derive(Debug)]
pub struct Started {
    /// Bound to `LISTEN`, by default 127.0.0.1:3000.
    pub listener: TcpListener,
    /// Who signs its customers in.
    pub config: Config,
    /// Kept as long as the shop runs: dropping it stops the tenant.
    pub tenant: Option<Tenant>,
}

/// Why a shop does not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Settings, each with its fix: exit code 2.
    Config(ConfigError),
    /// `LISTEN` or `LISTEN_TENANT` is no address: exit code 2.
    Address(&'static str, String),
    /// `LISTEN` cannot be listened on, usually because somebody else does.
    Listen(SocketAddr, io::Error),
    /// The local tenant does not start, usually because its port is taken.
    Tenant(String),
}

/// Reads the settings; with none at all and a loopback address, starts a local
/// tenant, registers the shop in it and creates a first account.
///
/// # Errors
///
/// Wrong or missing settings, or a local tenant that does not start.
pub async fn start() -> Result<Started, StartError> {
    let listen = address("LISTEN", "127.0.0.1:3000")?;
    let configured = Config::is_configured_in_env() || !listen.ip().is_loopback();
    let config = configured.then(|| Config::from_env().build()).transpose();
    let config = config.map_err(StartError::Config)?;
    let listener = bind(listen).map_err(|error| StartError::Listen(listen, error))?;
    if let Some(config) = config {
        println!("Listening on  {listen}");
        println!("Register      {}  (redirect URI)", config.callback_url());
        println!(
            "              {}  (after signing out)",
            config.url_for("signed-out")
        );
        return Ok(Started {
            listener,
            config,
            tenant: None,
        });
    }

    let at = address("LISTEN_TENANT", "127.0.0.1:3001")?;
    let failed = |error: &dyn fmt::Display| StartError::Tenant(error.to_string());
    let tenant = Tenant::builder()
        .listen(at)
        .start()
        .await
        .map_err(|e| failed(&e))?;
    let base_url = base_url(&listener, listen);
    let shop = Application::web("Shop")
        .redirect_uri(format!("{base_url}/auth/callback"))
        .redirect_uri(format!("{base_url}/auth/signed-out"))
        .scope("orders.read")
        .scope("orders.write")
        .app_role("Orders.Read.All");
    let shop = tenant.register(shop).map_err(|e| failed(&e))?;
    let job = nightly_job(&tenant, &shop.client_id).map_err(|e| failed(&e))?;
    let ada = NewUser::new("ada@example.com", PASSWORD)
        .display_name("Ada Lovelace")
        .role("Admin");
    tenant.add_user(ada).await.map_err(|e| failed(&e))?;

    // Nothing secret is at stake on one machine.
    let secret = "bG9jYWwgZGV2ZWxvcG1lbnQgb25seSwgbm90IGEgc2VjcmV0";
    let config = Config::web(
        tenant.authority(),
        shop.client_id.as_str(),
        base_url.as_str(),
        secret,
    )
    .with_client_secret(shop.client_secret.unwrap_or_default())
    // For the page that calls the orders API, and the one that lists the sessions.
    .with_scopes(format!(
        "openid profile email offline_access api://{}/orders.read",
        shop.client_id
    ))
    .with_session_store(Arc::new(MemoryStore::default()))
    .build()
    .map_err(StartError::Config)?;
    println!(
        "Local tenant  {}  (development only, accounts are gone when it stops)",
        at
    );
    println!("Shop          {base_url}");
    println!("              create an account, or sign in as ada@example.com / {PASSWORD}");
    print_call(&tenant, &shop.client_id, &job, &base_url);
    Ok(Started {
        listener,
        config,
        tenant: Some(tenant),
    })
}

/// The same for an API without pages: `CIAM_AUTHORITY` and `CIAM_AUDIENCE`, or a local
/// tenant that knows the API and a job that may call it.
///
/// # Errors
///
/// Wrong or missing settings, or a local tenant that does not start.
pub async fn start_api() -> Result<Started, StartError> {
    let listen = address("LISTEN", "127.0.0.1:3000")?;
    let configured = Config::is_configured_in_env() || !listen.ip().is_loopback();
    let config = configured.then(|| Config::from_env().as_api().build());
    let config = config.transpose().map_err(StartError::Config)?;
    let listener = bind(listen).map_err(|error| StartError::Listen(listen, error))?;
    if let Some(config) = config {
        println!("Listening on  {listen}");
        return Ok(Started {
            listener,
            config,
            tenant: None,
        });
    }
    let at = address("LISTEN_TENANT", "127.0.0.1:3001")?;
    let failed = |error: &dyn fmt::Display| StartError::Tenant(error.to_string());
    // The same ids at every start: what was copied from a page works.
    let tenant = Tenant::builder().listen(at).tenant_id(TENANT_ID);
    let tenant = tenant.start().await.map_err(|e| failed(&e))?;
    let api = Application::web("Orders API")
        .client_id(API_ID)
        .scope("orders.read")
        .app_role("Orders.Read.All");
    let api = tenant.register(api).map_err(|e| failed(&e))?;
    let job = nightly_job(&tenant, &api.client_id).map_err(|e| failed(&e))?;
    let base_url = base_url(&listener, listen);
    let config = Config::api(tenant.authority(), api.client_id.as_str())
        .with_base_url(base_url.as_str())
        .build()
        .map_err(StartError::Config)?;
    println!("Local tenant  {at}  (development only)");
    println!("API           {base_url}/api/orders");
    print_call(&tenant, &api.client_id, &job, &base_url);
    Ok(Started {
        listener,
        config,
        tenant: Some(tenant),
    })
}

/// An application that calls the API in its own name, at night.
fn nightly_job(tenant: &Tenant, api: &str) -> Result<Registration, RegisterError> {
    let job = Application::web("Nightly job")
        .client_id(JOB_ID)
        .client_secret("local-development-only-not-a-secret")
        .application_permission(api, "Orders.Read.All");
    tenant.register(job)
}

/// How to call the API from a shell.
fn print_call(tenant: &Tenant, api: &str, job: &Registration, base_url: &str) {
    let secret = job.client_secret.as_deref().unwrap_or_default();
    println!("Call its API, as the nightly job:\n");
    println!("  TOKEN=$(curl -s {} \\", tenant.token_endpoint());
    println!("    -d grant_type=client_credentials -d scope=api://{api}/.default \\");
    println!(
        "    -d client_id={} -d client_secret={secret} \\",
        job.client_id
    );
    println!("    | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')");
    println!("  curl -i {base_url}/api/orders -H \"Authorization: Bearer $TOKEN\"\n");
}

fn base_url(listener: &TcpListener, listen: SocketAddr) -> String {
    let port = listener
        .local_addr()
        .map_or_else(|_| listen.port(), |at| at.port());
    format!("http://localhost:{port}")
}

/// Non-blocking, as the runtimes of both frameworks want it.
fn bind(at: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl StartError {
    /// 2 where settings are to blame, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Address(..) => ExitCode::from(2),
            Self::Listen(..) | Self::Tenant(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "settings are missing or wrong\n{error}"),
            Self::Address(name, value) => {
                write!(
                    f,
                    "{name} is {value:?}, which is no address: write 127.0.0.1:3000, say"
                )
            }
            Self::Listen(at, error) => {
                write!(
                    f,
                    "cannot listen on {at}: {error}\nset LISTEN to another address"
                )
            }
            Self::Tenant(error) => write!(
                f,
                "the local tenant does not start: {error}\n\
                 set LISTEN_TENANT to another address, or CIAM_AUTHORITY and the other settings \
                 to sign in elsewhere"
            ),
        }
    }
}

impl std::error::Error for StartError {}

fn address(name: &'static str, default: &str) -> Result<SocketAddr, StartError> {
    let value = env::var(name).unwrap_or_else(|_| default.to_owned());
    value.parse().map_err(|_| StartError::Address(name, value))
}

const PASSWORD: &str = "Analytical-Engine-1843";

const TENANT_ID: &str = "00000000-0000-4000-8000-000000000000";
const API_ID: &str = "00000000-0000-4000-8000-000000000001";
const JOB_ID: &str = "00000000-0000-4000-8000-000000000002";
