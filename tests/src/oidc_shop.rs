//! The shop as its operators run it: a program, its variables, and a provider.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::honest::{CLIENT_ID, CLIENT_SECRET, Honest, Setup};
use crate::suite::{Framework, ProviderKind};
use crate::visitor::{Page, Visitor};
use crate::{App, OidcProvider, Port};

/// A shop that has an address already, and is not started yet.
#[derive(Debug)]
pub struct ShopSetup {
    framework: Framework,
    port: Port,
    base_url: String,
    client: Value,
    variables: BTreeMap<String, String>,
}

/// A running shop that signs in at an OpenID provider.
#[derive(Debug)]
pub struct OidcShop {
    /// The program.
    pub app: App,
    base_url: String,
    route_prefix: String,
}

impl ShopSetup {
    /// A confidential client, with the four settings of the README.
    pub fn new(framework: Framework) -> Self {
        let port = Port::reserve();
        let base_url = format!("http://localhost:{}", port.number());
        let client_id = format!("shop-{}", port.number());
        let setup = Self {
            framework,
            port,
            base_url: String::new(),
            client: json!({"client_id": client_id, "client_secret": "a-secret-without-marks"}),
            variables: BTreeMap::new(),
        };
        setup.reached_at(&base_url)
    }

    /// The port it will listen on.
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// Another public address than `http://localhost:PORT`.
    #[must_use]
    pub fn reached_at(mut self, base_url: &str) -> Self {
        base_url.clone_into(&mut self.base_url);
        self.set("CIAM_BASE_URL", base_url)
    }

    /// Sets a variable.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Client metadata that differs from the default, null for none; id and secret
    /// become settings of the shop too.
    #[must_use]
    pub fn client(mut self, metadata: Value) -> Self {
        let Value::Object(metadata) = metadata else {
            panic!("client metadata is an object");
        };
        for (name, value) in metadata {
            self.client[name] = value;
        }
        if let Value::Object(client) = &mut self.client {
            client.retain(|_, value| !value.is_null());
        }
        self
    }

    /// What the provider must know of it.
    pub fn registration(&self) -> Value {
        let url = |route: &str| format!("{}{}/{route}", self.base_url, self.route_prefix());
        let mut registration = json!({
            "redirect_uris": [url("callback")],
            "post_logout_redirect_uris": [url("signed-out")],
        });
        for (name, value) in self.client.as_object().expect("an object") {
            registration[name] = value.clone();
        }
        registration
    }

    /// Starts it with this authority.
    pub async fn at(self, authority: &str) -> OidcShop {
        let route_prefix = self.route_prefix();
        let mut variables = self.variables;
        let settings = [
            ("CIAM_CLIENT_ID", "client_id"),
            ("CIAM_CLIENT_SECRET", "client_secret"),
        ];
        for (variable, member) in settings {
            if let Some(value) = self.client[member].as_str() {
                let variable = variables.entry(variable.to_owned());
                variable.or_insert_with(|| value.to_owned());
            }
        }
        variables
            .entry("CIAM_AUTHORITY".to_owned())
            .or_insert_with(|| authority.to_owned());
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        OidcShop {
            app: App::start(self.framework.shop(), self.port, &variables).await,
            base_url: self.base_url,
            route_prefix,
        }
    }

    /// Starts a provider with these options that knows the shop, then the shop.
    pub async fn with_provider(self, options: Value) -> (OidcShop, OidcProvider) {
        let ([shop], provider) = Self::all_with_provider([self], options).await;
        (shop, provider)
    }

    /// Starts one provider for several shops, then the shops.
    pub async fn all_with_provider<const N: usize>(
        setups: [Self; N],
        mut options: Value,
    ) -> ([OidcShop; N], OidcProvider) {
        options["clients"] = setups.iter().map(Self::registration).collect();
        let provider = OidcProvider::start(options).await;
        let mut shops = Vec::new();
        for setup in setups {
            shops.push(setup.at(provider.issuer()).await);
        }
        (shops.try_into().expect("one for each"), provider)
    }

    /// Starts one of the honest providers, which knows the shop, then the shop.
    pub async fn with_honest(self, kind: ProviderKind) -> (OidcShop, Honest) {
        let (setup, provider) = self.known_to_honest();
        let provider = provider.start(kind).await;
        (setup.at(&provider.authority()).await, provider)
    }

    /// The shop as an honest provider knows it, and what such a one is told.
    pub fn known_to_honest(self) -> (Self, Setup) {
        let client = json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
        let setup = self.client(client);
        let provider = Setup::new(&format!("{}{}", setup.base_url, setup.route_prefix()));
        (setup, provider)
    }

    fn route_prefix(&self) -> String {
        let prefix = self.variables.get("CIAM_ROUTE_PREFIX");
        prefix.map_or("/auth", String::as_str).to_owned()
    }
}

impl OidcShop {
    /// The public address of a path of the shop.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The public address of one of the library's routes.
    pub fn route(&self, route: &str) -> String {
        format!("{}{}/{route}", self.base_url, self.route_prefix)
    }

    /// Opens `/account`, signs in at the provider, and is where that leads to.
    pub async fn sign_in(&self, visitor: &mut Visitor, login: &str) -> Page {
        let page = visitor.go(self.url("/account")).await;
        finish_sign_in(visitor, page, login).await
    }

    /// Whom `/api/me` knows the visitor as: asked by a script of the front page.
    pub async fn me(&self, visitor: &mut Visitor) -> Option<Value> {
        let home = visitor.go(self.url("/")).await;
        assert_eq!(home.status, StatusCode::OK, "{home}");
        let answer = visitor
            .fetch(&home, Method::GET, &self.url("/api/me"))
            .await;
        match answer.status {
            StatusCode::OK => Some(answer.json()),
            StatusCode::UNAUTHORIZED => None,
            _ => panic!("{answer}"),
        }
    }

    /// Signs out with the button of the front page, and confirms it to the provider.
    pub async fn sign_out(&self, visitor: &mut Visitor) -> Page {
        let home = visitor.go(self.url("/")).await;
        let logout = url::Url::parse(&self.route("logout")).expect("an address");
        let question = visitor.submit(&home.form_to(logout.path())).await;
        assert!(
            question.text().contains("Do you want to sign-out"),
            "{question}"
        );
        let form = question.form_with("xsrf").press("Yes, sign me out");
        visitor.submit(&form).await
    }

    /// Checks that `page` is the shop's own for this failure, and that the log
    /// tells of the same one; returns the line.
    pub async fn failure(&mut self, page: &Page, status: StatusCode, code: &str) -> String {
        assert_eq!(page.status, status, "{page}\n{}", self.app.log());
        assert!(page.url.as_str().starts_with(&self.base_url), "{page}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
        let text = page.text();
        let told = text.split_once(" Code ").map(|(_, told)| told);
        let told = told.unwrap_or_else(|| panic!("no code on {page}\n{}", self.app.log()));
        let (shown, reference) = told.split_once(" Reference ").expect("a reference");
        assert_eq!(shown, code, "{page}\n{}", self.app.log());
        let code = format!("code=\"{code}\"");
        self.app.logged(&[reference, &code]).await
    }
}

/// Signs in and consents at the provider, whichever of the two it asks for.
pub async fn finish_sign_in(visitor: &mut Visitor, mut page: Page, login: &str) -> Page {
    loop {
        let form = page
            .forms()
            .into_iter()
            .find(|form| form.value("prompt").is_some());
        let Some(form) = form else {
            return page;
        };
        let form = match form.value("prompt") {
            Some("login") => form.fill("login", login).fill("password", "any"),
            _ => form,
        };
        page = visitor.submit(&form).await;
    }
}
