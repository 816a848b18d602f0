//! Starts a local customer tenant, and prints what an application has to be set to.

use std::net::SocketAddr;
use std::process::ExitCode;

use ciam_tenant::{Application, NewUser, Registration, Tenant};

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("ciam-tenant: {problem}\nSee `ciam-tenant --help`.");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ciam-tenant: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The command line.
struct Options {
    listen: SocketAddr,
    name: String,
    tenant_id: Option<String>,
    client_id: Option<String>,
    api_id: Option<String>,
    redirect_uris: Vec<String>,
    logout_url: Option<String>,
    users: Vec<NewUser>,
    public: bool,
    control: bool,
}

impl Options {
    /// `None` if help was asked for.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            // `--name value` and `--name=value`
            let (flag, inline) = match argument.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let mut value = || {
                let value = inline.clone().or_else(|| arguments.next());
                value.ok_or_else(|| format!("{flag} needs a value"))
            };
            match flag {
                "-h" | "--help" => return Ok(None),
                "--listen" => {
                    let value = value()?;
                    options.listen = value.parse().map_err(|_| {
                        format!("--listen: `{value}` is no address such as 127.0.0.1:3001")
                    })?;
                }
                "--name" => options.name = value()?,
                "--tenant-id" => options.tenant_id = Some(value()?),
                "--client-id" => options.client_id = Some(value()?),
                "--api-id" => options.api_id = Some(value()?),
                "--redirect-uri" => options.redirect_uris.push(value()?),
                "--logout-url" => options.logout_url = Some(value()?),
                "--user" => options.users.push(user(&value()?)?),
                "--control" if inline.is_none() => options.control = true,
                "--public" if inline.is_none() => options.public = true,
                _ => return Err(format!("unknown argument `{argument}`")),
            }
        }
        if options.redirect_uris.is_empty() {
            options.redirect_uris.push(DEFAULT_REDIRECT_URI.to_owned());
        }
        Ok(Some(options))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 3001).into(),
            name: "contoso".to_owned(),
            tenant_id: None,
            client_id: None,
            api_id: None,
            redirect_uris: Vec::new(),
            logout_url: None,
            users: Vec::new(),
            public: false,
            control: false,
        }
    }
}

/// `ada@example.com:Passw0rd!`: the first colon ends the address, the rest is the password.
fn user(text: &str) -> Result<NewUser, String> {
    let (email, password) = text.split_once(':').ok_or("--user needs EMAIL:PASSWORD")?;
    Ok(NewUser::new(email, password))
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Tenant::builder().name(options.name).listen(options.listen);
    if let Some(tenant_id) = options.tenant_id {
        builder = builder.tenant_id(tenant_id);
    }
    if options.control {
        builder = builder.control();
    }
    let tenant = builder.start().await?;
    let mut api = Application::web("Local API")
        .scope("orders.read")
        .scope("orders.write")
        .app_role(APP_ROLE);
    if let Some(api_id) = options.api_id {
        api = api.client_id(api_id);
    }
    let api = tenant.register(api)?;
    let service =
        Application::web("Local service").application_permission(&api.client_id, APP_ROLE);
    let service = tenant.register(service)?;
    let mut application = if options.public {
        Application::public("Local application")
    } else {
        Application::web("Local application")
    };
    if let Some(client_id) = options.client_id {
        application = application.client_id(client_id);
    }
    application = application
        .delegated_permission(&api.client_id, "orders.read")
        .delegated_permission(&api.client_id, "orders.write");
    if let Some(url) = options.logout_url {
        application = application.front_channel_logout_url(url);
    }
    for uri in &options.redirect_uris {
        application = application
            .redirect_uri(uri)
            .post_logout_redirect_uri(signed_out(uri));
    }
    let registration = tenant.register(application)?;
    for user in options.users {
        tenant.add_user(user).await?;
    }
    print(&tenant, &registration, &options.redirect_uris);
    print_api(&tenant, &api, &service);
    println!("\nUsers and keys live in memory, until Ctrl-C.");
    tokio::signal::ctrl_c().await?;
    tenant.stop().await;
    Ok(())
}

fn print(tenant: &Tenant, registration: &Registration, redirect_uris: &[String]) {
    let client_id = &registration.client_id;
    println!(
        "Local customer tenant `{}` (development only)\n",
        tenant.name()
    );
    println!("  authority      {}", tenant.authority());
    println!("  issuer         {}", tenant.issuer());
    println!("  client id      {client_id}");
    let secret = registration.client_secret.as_deref();
    println!(
        "  client secret  {}",
        secret.unwrap_or("none (public client)")
    );
    for uri in redirect_uris {
        println!("  redirect URI   {uri}");
    }
    println!("\nSet for the application:\n");
    println!("  CIAM_AUTHORITY={}", tenant.authority());
    println!("  CIAM_CLIENT_ID={client_id}");
    if let Some(secret) = secret {
        println!("  CIAM_CLIENT_SECRET='{secret}'");
    }
    if let Some(base_url) = redirect_uris.first().and_then(|uri| base_url(uri)) {
        println!("  CIAM_BASE_URL={base_url}");
    }
}

/// A second application, which is an API, and how a third one gets a token for it.
fn print_api(tenant: &Tenant, api: &Registration, service: &Registration) {
    let api_id = &api.client_id;
    println!("\nSet for an API:\n");
    println!("  CIAM_AUTHORITY={}", tenant.authority());
    println!("  CIAM_AUDIENCE={api_id}");
    println!("\nScopes of this API that the application may ask for:\n");
    println!("  api://{api_id}/orders.read api://{api_id}/orders.write");
    println!("\nA token for it with the app role {APP_ROLE}:\n");
    println!("  curl -s '{}' \\", tenant.token_endpoint());
    println!(
        "    -d grant_type=client_credentials -d client_id={} \\",
        service.client_id
    );
    // The secret has characters that mean something in a form, and none that do in quotes.
    let secret = service.client_secret.as_deref().unwrap_or_default();
    println!("    --data-urlencode 'client_secret={secret}' \\");
    println!("    -d scope=api://{api_id}/.default");
}

/// The signed-out page beside the callback, which the application will want to return to.
fn signed_out(redirect_uri: &str) -> String {
    match redirect_uri.rsplit_once('/') {
        Some((before, "callback")) => format!("{before}/signed-out"),
        _ => redirect_uri.to_owned(),
    }
}

fn base_url(redirect_uri: &str) -> Option<&str> {
    let host = redirect_uri.find("://")? + 3;
    let end = redirect_uri
        .get(host..)?
        .find(['/', '?'])
        .map_or(redirect_uri.len(), |at| host + at);
    redirect_uri.get(..end)
}

const DEFAULT_REDIRECT_URI: &str = "http://localhost:3000/auth/callback";

const APP_ROLE: &str = "Orders.Read.All";

const HELP: &str = "\
A local customer tenant to develop and test against. Development only, loopback only.

Usage: ciam-tenant [options]

  --listen ADDRESS     where to listen, on loopback (default: 127.0.0.1:3001)
  --name NAME          the tenant's name (default: contoso)
  --tenant-id GUID     the tenant's id (default: random)
  --redirect-uri URI   an address of the application; may be repeated
                       (default: http://localhost:3000/auth/callback)
  --logout-url URL     its front-channel logout URL (default: none)
  --client-id GUID     the application's client id (default: random)
  --api-id GUID        the client id of a second application, which is an API
                       (default: random)
  --public             register a public client: no secret, PKCE required
  --control            let programs on this machine move the clock, rotate the keys and
                       end sessions, over HTTP
  --user EMAIL:PASSWORD
                       a user who signed up already; may be repeated
  -h, --help           this text
";
