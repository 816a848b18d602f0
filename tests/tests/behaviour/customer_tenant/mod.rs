//! Customer tenants under every address they have, and under others.

pub(crate) mod forms;
pub(crate) mod refused;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use ciam_core::{Config, ConfigBuilder};
use ciam_tenant::{Application, NewUser, Registration, Tenant, TenantBuilder};
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Site, Visitor};
use reqwest::{Certificate, Client, redirect};
use tempfile::NamedTempFile;

const GUID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const OTHER: &str = "12345678-0000-cccc-1111-dddd2222eeee";
const CUSTOM: &str = "login.contoso.test";
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "Analytical-Engine-1843";

/// A framework, a local tenant with one user, and what is needed to reach it.
struct World {
    on: Framework,
    tenant: Tenant,
    ca: Option<NamedTempFile>,
}

impl World {
    /// Over TLS: `contoso`, its GUID and a domain of its own.
    async fn tls(on: Framework) -> Self {
        Self::start(on, Tenant::builder().tls().custom_domain(CUSTOM)).await
    }

    /// Plain, on loopback.
    async fn plain(on: Framework) -> Self {
        Self::start(on, Tenant::builder()).await
    }

    async fn start(on: Framework, tenant: TenantBuilder) -> Self {
        let tenant = tenant.tenant_id(GUID).start().await.expect("it starts");
        let ada = NewUser::new(EMAIL, PASSWORD).display_name("Ada Lovelace");
        tenant.add_user(ada).await.expect("she is new");
        let ca = tenant.ca_pem().map(|pem| {
            let mut file = NamedTempFile::new().expect("a file");
            file.write_all(pem.as_bytes()).expect("it is written");
            file
        });
        Self { on, tenant, ca }
    }

    /// An application of the tenant, registered for this base URL.
    fn register(&self, base_url: &str) -> Registration {
        let shop = Application::web("Shop")
            .redirect_uri(format!("{base_url}/auth/callback"))
            .post_logout_redirect_uri(format!("{base_url}/auth/signed-out"));
        self.tenant.register(shop).expect("it registers")
    }

    /// An application that signs in at this authority, and trusts the CA.
    async fn site(
        &self,
        authority: &str,
        configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Site {
        Site::start(self.on, async |base_url| {
            let shop = self.register(base_url);
            let config = Config::web(authority, shop.client_id, base_url, "")
                .with_client_secret(shop.client_secret.expect("a secret"));
            configure(self.reachable(config))
        })
        .await
    }

    /// Trusts the CA and resolves the names.
    fn reachable(&self, mut config: ConfigBuilder) -> ConfigBuilder {
        if let Some(ca) = &self.ca {
            config = config.with_ca_file(ca.path());
        }
        for name in self.tenant.host_names() {
            config = config.with_resolve(name, self.tenant.address());
        }
        config
    }

    /// Somebody whose browser trusts the CA and resolves the names.
    fn visitor(&self) -> Visitor {
        let ca = self
            .tenant
            .ca_pem()
            .map(|pem| Certificate::from_pem(pem.as_bytes()));
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .tls_certs_only(ca.map(|ca| ca.expect("a certificate")));
        for name in self.tenant.host_names() {
            client = client.resolve(&name, self.tenant.address());
        }
        Visitor::with_client(client.build().expect("a client"))
    }
}

/// From the application's account page through the tenant's form, and back.
async fn sign_in(visitor: &mut Visitor, site: &Site) -> Page {
    let page = visitor.go(site.url("/account")).await;
    let form = page.form_with("password");
    let form = form.fill("email", EMAIL).fill("password", PASSWORD);
    visitor.submit(&form.press("Sign in")).await
}

/// The issuer of a tenant under its real names.
fn issuer_of(guid: &str) -> String {
    format!("https://{guid}.ciamlogin.com/{guid}/v2.0")
}
