//! The shop with its own local tenant, as somebody new starts it.

use crate::app::App;
use crate::browser::Browser;
use crate::port::Port;
use crate::suite::Framework;

/// A shop that was started without any settings.
#[derive(Debug)]
pub struct Shop {
    app: App,
    port: u16,
    tenant: Port,
}

impl Shop {
    /// Starts the shop of a framework.
    pub async fn start(framework: Framework) -> Self {
        let (port, tenant) = (Port::reserve(), Port::reserve());
        let number = port.number();
        let listen_tenant = format!("127.0.0.1:{}", tenant.number());
        let mut app =
            App::start(framework.shop(), port, &[("LISTEN_TENANT", &listen_tenant)]).await;
        // Its own port is bound before the tenant's: only now both are taken.
        app.logged(&["Shop ", &format!("http://localhost:{number}")])
            .await;
        Self {
            app,
            port: number,
            tenant,
        }
    }

    /// An address of the shop, on `http://localhost`.
    pub fn url(&self, path: &str) -> String {
        self.app.url(path)
    }

    /// The same under the host name that the shop is not known by.
    pub fn url_by_number(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// An address of its tenant, another site than the shop's.
    pub fn tenant_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.tenant.number())
    }

    /// The port of its tenant, which is in the names of the tenant's cookies.
    pub const fn tenant_port(&self) -> u16 {
        self.tenant.number()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.app.log()
    }

    /// Creates an account, from the shop's front page.
    pub async fn create_account(&self, browser: &Browser, email: &str, name: &str) {
        browser.go(self.url("/")).await;
        browser.click("Create account").await;
        browser.arrive_at(&self.tenant_url("/")).await;
        browser.fill("email", email).await;
        browser.fill("password", PASSWORD).await;
        browser.fill("display_name", name).await;
        browser.click_css("#submit").await;
        browser.arrive_at(&self.url("/")).await;
    }

    /// Fills in the sign-in page that the browser is at, and sends it.
    pub async fn sign_in(&self, browser: &Browser, email: &str, password: &str) {
        browser.arrive_at(&self.tenant_url("/")).await;
        browser.fill("email", email).await;
        browser.fill("password", password).await;
        browser.click_css("#submit").await;
    }
}

/// What [`Shop::create_account`] chooses.
pub const PASSWORD: &str = "Correct-Horse-7";

/// The account that the shop's own tenant has from the start, with the role `Admin`.
pub const ADMIN: (&str, &str) = ("ada@example.com", "Analytical-Engine-1843");
