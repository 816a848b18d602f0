//! APIs at an honest provider, and how a client of it gets access tokens for them.

use ciam_tenant::{Application, Tenant};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{CLIENT_ID, CLIENT_SECRET, Honest};
use crate::Visitor;
use crate::visitor::query;

/// What access tokens are for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Api {
    /// The application: scopes `orders.read` and `orders.write`, roles `Admin` of users
    /// and `Orders.Read.All` of applications.
    Orders,
    /// Another one: the scope `stock.read`.
    Stock,
}

/// Who gets tokens, and where codes are sent to.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // tests make them
pub struct Client<'a> {
    /// Its client id.
    pub id: &'a str,
    /// Its client secret.
    pub secret: &'a str,
    /// A redirect URI of its own.
    pub redirect_uri: &'a str,
}

/// What a client got.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tokens {
    /// For the API.
    pub access: String,
    /// For the client itself, where somebody signed in.
    pub id: Option<String>,
}

impl Api {
    /// The `aud` of its tokens.
    pub const fn audience(self) -> &'static str {
        match self {
            Self::Orders => CLIENT_ID,
            Self::Stock => "33334444-cccc-5555-dddd-6666eeee7777",
        }
    }

    /// Its name at `oidc-provider`: RFC 8707 wants an address.
    const fn resource(self) -> &'static str {
        match self {
            Self::Orders => "https://orders.example/",
            Self::Stock => "https://stock.example/",
        }
    }
}

impl Client<'static> {
    /// A program of the shop that calls its APIs.
    pub const TILL: Self = Self {
        id: "22223333-bbbb-4444-cccc-5555dddd6666",
        secret: "the-secret-of-the-till",
        redirect_uri: "http://localhost:1/till",
    };
}

impl<'a> Client<'a> {
    /// The application itself, which signs its users in.
    pub const fn application(redirect_uri: &'a str) -> Self {
        Self {
            id: CLIENT_ID,
            secret: CLIENT_SECRET,
            redirect_uri,
        }
    }
}

impl Honest {
    /// A token with which [`Client::TILL`] calls in its own name.
    pub async fn application_token(&self, api: Api) -> String {
        let (name, value) = match self {
            Self::LocalTenant(_) => ("scope", format!("{}/.default", api.audience())),
            Self::OidcProvider(_) => ("resource", api.resource().to_owned()),
        };
        let fields = [("grant_type", "client_credentials"), (name, &value)];
        self.tokens(Client::TILL, &fields).await.access
    }

    /// Tokens with which a client calls in the name of somebody who signed in and
    /// allowed it these scopes, separated by spaces.
    pub async fn user_tokens(
        &self,
        client: Client<'_>,
        login: &str,
        api: Api,
        scopes: &str,
    ) -> Tokens {
        self.user_tokens_with(client, login, (api, scopes), None)
            .await
    }

    /// The same with the parameter `claims`.
    pub async fn user_tokens_with(
        &self,
        client: Client<'_>,
        login: &str,
        (api, scopes): (Api, &str),
        claims: Option<&Value>,
    ) -> Tokens {
        let mut visitor = Visitor::new().stopping_before(client.redirect_uri);
        let mut url = self.endpoint("/oauth2/v2.0/authorize", "/auth");
        let asked = scopes.split(' ').map(|scope| match self {
            Self::LocalTenant(_) => format!("api://{}/{scope}", api.audience()),
            Self::OidcProvider(_) => scope.to_owned(),
        });
        let asked: Vec<String> = asked.collect();
        url.query_pairs_mut()
            .append_pair("client_id", client.id)
            .append_pair("redirect_uri", client.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &format!("openid {}", asked.join(" ")))
            .append_pair("code_challenge", CODE_CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .append_pair("nonce", "n-0S6_WzA2Mj");
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", client.redirect_uri),
            ("code_verifier", CODE_VERIFIER),
        ];
        if matches!(self, Self::OidcProvider(_)) {
            let resource = ("resource", api.resource());
            url.query_pairs_mut().append_pair(resource.0, resource.1);
            fields.push(resource);
        }
        if let Some(claims) = claims {
            let claims = claims.to_string();
            url.query_pairs_mut().append_pair("claims", &claims);
        }
        let page = visitor.go(url.as_str()).await;
        let page = self.sign_in_as(login, &mut visitor, page).await;
        let sent = page.location().unwrap_or_else(|| panic!("no code: {page}"));
        let code = query(&sent, "code").unwrap_or_else(|| panic!("no code: {sent}"));
        fields.push(("code", &code));
        self.tokens(client, &fields).await
    }

    async fn tokens(&self, client: Client<'_>, fields: &[(&str, &str)]) -> Tokens {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .extend_pairs([("client_id", client.id)])
            .finish();
        let request = reqwest::Client::new()
            .post(self.endpoint("/oauth2/v2.0/token", "/token"))
            .basic_auth(client.id, Some(encoded(client.secret)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.expect("an answer");
        let answer = answer.text().await.expect("a body");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let token = |name: &str| answer[name].as_str().map(str::to_owned);
        Tokens {
            access: token("access_token").unwrap_or_else(|| panic!("no token: {answer}")),
            id: token("id_token"),
        }
    }

    pub(super) fn endpoint(&self, of_tenant: &str, of_oidc_provider: &str) -> Url {
        let url = match self {
            Self::LocalTenant(tenant) => {
                let (address, id) = (tenant.address(), tenant.tenant_id());
                format!("http://{address}/{id}{of_tenant}")
            }
            Self::OidcProvider(provider) => format!("{}{of_oidc_provider}", provider.issuer()),
        };
        Url::parse(&url).expect("an address")
    }
}

/// Registers the other API, the application as one that may call it, and who calls both.
pub(super) fn register(tenant: &Tenant, application: Application) {
    let orders = application
        .scope("orders.read")
        .scope("orders.write")
        .app_role("Admin")
        .app_role("Orders.Read.All")
        .access_token_claim("xms_cc")
        .delegated_permission(Api::Stock.audience(), "stock.read");
    let stock = Application::web("Stock")
        .client_id(Api::Stock.audience())
        .scope("stock.read");
    let till = Application::web("Till")
        .client_id(Client::TILL.id)
        .client_secret(Client::TILL.secret)
        .redirect_uri(Client::TILL.redirect_uri)
        .application_permission(CLIENT_ID, "Orders.Read.All")
        .delegated_permission(CLIENT_ID, "orders.read")
        .delegated_permission(CLIENT_ID, "orders.write")
        .delegated_permission(Api::Stock.audience(), "stock.read");
    for application in [stock, orders, till] {
        tenant.register(application).expect("a good application");
    }
}

/// The same for `oidc-provider`.
pub(super) fn add_to(options: &mut Value, algorithm: &str) {
    let clients = options["clients"].as_array_mut().expect("a list");
    clients.push(json!({
        "client_id": Client::TILL.id,
        "client_secret": Client::TILL.secret,
        "grant_types": ["authorization_code", "client_credentials"],
        "redirect_uris": [Client::TILL.redirect_uri],
    }));
    options["algorithms"] = json!(["RS256", "ES256"]);
    options["apis"] = json!({
        Api::Orders.resource(): {
            "alg": algorithm,
            "audience": Api::Orders.audience(),
            "roles": ["Orders.Read.All"],
            "scope": "orders.read orders.write",
        },
        Api::Stock.resource(): {
            "alg": algorithm,
            "audience": Api::Stock.audience(),
            "scope": "stock.read",
        },
    });
}

/// RFC 6749, section 2.3.1.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// RFC 7636, appendix B.
const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
