//! A browser and an application, as small as the tests need them.
#![allow(
    clippy::missing_panics_doc,
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub
)]

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use ciam_tenant::{Application, NewUser, Registration, Tenant};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;

pub const CALLBACK: &str = "http://localhost:3000/auth/callback";
pub const EMAIL: &str = "ada@example.com";
pub const PASSWORD: &str = "Analytical-1843";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A tenant with one application and one user.
pub struct World {
    pub tenant: Tenant,
    pub app: Registration,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Application::web("Shop").redirect_uri(CALLBACK)).await
    }

    pub async fn with(application: Application) -> Self {
        let tenant = Tenant::start().await.expect("it starts");
        Self::in_tenant(tenant, application).await
    }

    pub async fn in_tenant(tenant: Tenant, application: Application) -> Self {
        let app = tenant.register(application).expect("it registers");
        let user = NewUser::new(EMAIL, PASSWORD).display_name("Ada Lovelace");
        tenant.add_user(user).await.expect("it adds");
        Self { tenant, app }
    }

    /// The address of an endpoint, `authorize` for example.
    pub fn endpoint(&self, name: &str) -> String {
        let (address, id) = (self.tenant.address(), self.tenant.tenant_id());
        format!("http://{address}/{id}/oauth2/v2.0/{name}")
    }

    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.tenant.address())
    }

    /// A request as an application makes it; `changes` replace, add or (empty) remove.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut parameters = BTreeMap::from([
            ("client_id", self.app.client_id.as_str()),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("nonce", "n-1"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "s 1"),
        ]);
        parameters.extend(changes.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let query = encode(&parameters.into_iter().collect::<Vec<_>>());
        format!("{}?{query}", self.endpoint("authorize"))
    }

    /// Signs the user in and gives the code.
    pub async fn code(&self, changes: &[(&str, &str)]) -> String {
        let browser = Browser::default();
        let page = browser.get(&self.request(changes)).await;
        let answer = browser.sign_in(self, &page, EMAIL, PASSWORD).await;
        answer.parameter("code").expect("there is a code")
    }

    /// A token request as an application makes it.
    pub async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> (StatusCode, Value) {
        self.token(&[&[("code", code)], changes].concat(), |request| request)
            .await
    }

    pub async fn token(
        &self,
        changes: &[(&str, &str)],
        finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> (StatusCode, Value) {
        let mut parameters = BTreeMap::from([
            ("client_id", self.app.client_id.as_str()),
            (
                "client_secret",
                self.app.client_secret.as_deref().unwrap_or_default(),
            ),
            ("code_verifier", VERIFIER),
            ("grant_type", "authorization_code"),
            ("redirect_uri", CALLBACK),
        ]);
        parameters.extend(changes.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let body = encode(&parameters.into_iter().collect::<Vec<_>>());
        let request = Client::new()
            .post(self.endpoint("token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = finish(request).send().await.expect("it answers");
        assert_eq!(
            response.headers()["cache-control"],
            "no-store, no-cache",
            "token answers are not stored"
        );
        let status = response.status();
        (status, json(&response.text().await.expect("a body")))
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let response = reqwest::get(self.at(path)).await.expect("it answers");
        assert_eq!(response.status(), 200, "{path}");
        json(&response.text().await.expect("a body"))
    }

    pub async fn keys(&self) -> Vec<Value> {
        let path = format!("/{}/discovery/v2.0/keys", self.tenant.tenant_id());
        let keys = self.get_json(&path).await;
        keys["keys"].as_array().expect("keys").clone()
    }

    /// The claims of an ID token whose signature a published key verifies.
    pub async fn claims(&self, token: &str) -> Value {
        verify(token, &self.keys().await).expect("a published key verifies it")
    }
}

/// A browser: it keeps cookies, and shows redirects instead of following them.
#[derive(Default)]
pub struct Browser {
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What a browser got.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Browser {
    pub async fn get(&self, url: &str) -> Answer {
        self.send(client().get(url)).await
    }

    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        let request = client()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(encode(form))).await
    }

    pub async fn sign_in(
        &self,
        world: &World,
        page: &Answer,
        email: &str,
        password: &str,
    ) -> Answer {
        let flow = page.input("flow").expect("a form with a flow");
        let form = [
            ("flow", flow.as_str()),
            ("email", email),
            ("password", password),
        ];
        self.post(&world.at(&page.action()), &form).await
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let cookies: Vec<_> = {
            let cookies = self.cookies.lock().expect("no panic");
            cookies.iter().map(|(n, v)| format!("{n}={v}")).collect()
        };
        let response = request
            .header("cookie", cookies.join("; "))
            .send()
            .await
            .expect("it answers");
        let mut kept = self.cookies.lock().expect("no panic").clone();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text");
            assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
            let (name, rest) = cookie.split_once('=').expect("a name");
            let value = rest.split(';').next().expect("a value");
            if rest.contains("Max-Age=0") {
                kept.remove(name);
            } else {
                kept.insert(name.to_owned(), value.to_owned());
            }
        }
        *self.cookies.lock().expect("no panic") = kept;
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.expect("a body"),
        }
    }
}

impl Answer {
    pub fn location(&self) -> url::Url {
        assert_eq!(self.status, 303, "{}", self.body);
        let location = self.headers["location"].to_str().expect("text");
        url::Url::parse(location).expect("a URL")
    }

    /// A parameter of the redirect, from query or fragment.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let location = self.location();
        let text = location
            .fragment()
            .or_else(|| location.query())
            .unwrap_or_default();
        url::form_urlencoded::parse(text.as_bytes())
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The value of an input field.
    pub fn input(&self, name: &str) -> Option<String> {
        let at = self.body.find(&format!("name=\"{name}\""))?;
        let tag = self.body[at..].split('>').next()?;
        let value = tag.split_once("value=\"")?.1.split('"').next()?;
        Some(value.replace("&amp;", "&"))
    }

    pub fn action(&self) -> String {
        let (_, rest) = self.body.split_once("action=\"").expect("a form");
        rest.split('"').next().expect("an address").to_owned()
    }

    /// The text of the element `error`.
    pub fn error(&self) -> Option<&str> {
        let (_, rest) = self.body.split_once("id=\"error\"")?;
        rest.split_once('>')?
            .1
            .split_once('<')
            .map(|(text, _)| text)
    }
}

pub fn client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

pub fn encode(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

pub fn decode(text: &str) -> Vec<u8> {
    base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(text)
        .expect("base64url")
}

pub fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).expect("a part");
    serde_json::from_slice(&decode(part)).expect("JSON")
}

/// The claims, if the key that the header names verifies the signature.
pub fn verify(token: &str, keys: &[Value]) -> Option<Value> {
    let header = part(token, 0);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(header["typ"], "JWT");
    let key = keys.iter().find(|key| key["kid"] == header["kid"])?;
    let (message, signature) = token.rsplit_once('.')?;
    let components = RsaPublicKeyComponents {
        n: decode(key["n"].as_str()?),
        e: decode(key["e"].as_str()?),
    };
    components
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            message.as_bytes(),
            &decode(signature),
        )
        .ok()?;
    Some(part(token, 1))
}

pub fn sha1(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(hash.as_ref())
}
