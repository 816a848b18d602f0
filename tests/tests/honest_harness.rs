//! The honest providers side by side: what a setup promises holds at both.

use base64_simd::STANDARD;
use ciam_tests::honest::{CLIENT_ID, CLIENT_SECRET, EMAIL, Honest, Lifetimes, PASSWORD, Setup};
use ciam_tests::{Browser, Echo, ProviderKind, Visitor};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

#[tokio::test]
async fn refresh_tokens_are_good_once_counted_and_revoked_at_both() {
    for kind in KINDS {
        let mut scene = Scene::new(kind).await;
        let other = scene.sign_in().await;
        let first = scene.sign_in().await;
        assert_eq!(first["expires_in"], 3600, "{kind:?}");
        let second = scene.refreshed(&first, 200).await;
        scene.refreshed(&first, 400).await;
        scene.refreshed(&second, 400).await;
        assert_eq!(scene.provider.refreshes().await, 3, "{kind:?}");
        let other = scene.refreshed(&other, 200).await;
        scene.provider.revoke("ada").await;
        let refused = scene.refreshed(&other, 400).await;
        assert_eq!(refused["error"], "invalid_grant", "{kind:?}");
    }
}

#[tokio::test]
async fn the_application_is_told_of_a_sign_out_as_the_provider_can() {
    for (kind, route) in KINDS
        .into_iter()
        .zip(["frontchannel-logout", "backchannel-logout"])
    {
        let mut scene = Scene::new(kind).await;
        let tokens = scene.sign_in().await;
        let id_token = tokens["id_token"].as_str().expect("an ID token");
        let end = scene.metadata["end_session_endpoint"]
            .as_str()
            .expect("one");
        let back = scene.shop.url("localhost", "/auth/signed-out");
        let parameters = [
            ("id_token_hint", id_token),
            ("post_logout_redirect_uri", &back),
        ];
        let end = Url::parse_with_params(end, parameters).expect("an address");
        let page = scene.visitor.go(end).await;
        let page = scene.provider.sign_out(&mut scene.visitor, page).await;
        assert_eq!(page.url.as_str(), back, "{kind:?}");
        let told = scene.shop.last(&format!("/auth/{route}"));
        match kind {
            ProviderKind::LocalTenant => {
                assert!(told.query("sid").is_some());
                assert_eq!(told.query("iss"), None);
            }
            _ => assert!(told.field("logout_token").is_some()),
        }
    }
}

/// Chromium knows what a script and a policy do together.
#[tokio::test]
async fn in_a_browser_the_tenant_goes_on_once_the_frames_are_loaded() {
    let scene = Scene::new(ProviderKind::LocalTenant).await;
    let browser = Browser::start().await;
    browser.go(scene.authorization()).await;
    browser.fill("email", EMAIL).await;
    browser.fill("password", PASSWORD).await;
    browser.click_css("#submit").await;
    let callback = scene.shop.url("localhost", "/auth/callback");
    browser.arrive_at(&callback).await;
    let back = scene.shop.url("localhost", "/auth/signed-out");
    let end = scene.metadata["end_session_endpoint"]
        .as_str()
        .expect("one");
    let parameters = [
        ("client_id", CLIENT_ID),
        ("post_logout_redirect_uri", &back),
        ("state", "the state"),
    ];
    let end = Url::parse_with_params(end, parameters).expect("an address");
    browser.go(&end).await;
    browser.arrive_at(&format!("{back}?state=the+state")).await;
    let told = scene.shop.last("/auth/frontchannel-logout");
    assert!(told.query("sid").is_some(), "{told:?}");
    assert_eq!(told.header("sec-fetch-dest"), Some("iframe"));
    assert_eq!(told.header("sec-fetch-site"), Some("cross-site"));
    let order: Vec<_> = scene.shop.requests();
    let at = |path| order.iter().position(|request| request.url.path() == path);
    assert!(at("/auth/frontchannel-logout") < at("/auth/signed-out"));
}

struct Scene {
    provider: Honest,
    shop: Echo,
    visitor: Visitor,
    client: reqwest::Client,
    metadata: Value,
}

impl Scene {
    async fn new(kind: ProviderKind) -> Self {
        let shop = Echo::start().await;
        let provider = Setup::new(&shop.url("localhost", "/auth"))
            .telling_of_sign_out()
            .with_refresh_tokens(Lifetimes::default())
            .start(kind)
            .await;
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .expect("a client");
        let version = match kind {
            ProviderKind::LocalTenant => "/v2.0",
            _ => "",
        };
        let authority = provider.authority();
        let address = format!("{authority}{version}/.well-known/openid-configuration");
        let answer = client.get(address).send().await.expect("an answer");
        let metadata = answer.text().await.expect("a body");
        Self {
            provider,
            shop,
            visitor: Visitor::new(),
            client,
            metadata: serde_json::from_str(&metadata).expect("JSON"),
        }
    }

    fn authorization(&self) -> String {
        let callback = self.shop.url("localhost", "/auth/callback");
        let endpoint = self.metadata["authorization_endpoint"].as_str();
        let parameters = [
            ("client_id", CLIENT_ID),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("redirect_uri", &callback),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let url = Url::parse_with_params(endpoint.expect("one"), parameters);
        url.expect("an address").into()
    }

    async fn sign_in(&mut self) -> Value {
        let callback = self.shop.url("localhost", "/auth/callback");
        self.visitor = Visitor::new();
        let page = self.visitor.go(self.authorization()).await;
        let page = self.provider.sign_in(&mut self.visitor, page).await;
        let code = page.query("code").expect("a code");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &callback),
            ("code_verifier", VERIFIER),
        ];
        let (status, tokens) = self.token(&form).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    async fn refreshed(&self, tokens: &Value, expected: u16) -> Value {
        let token = tokens["refresh_token"].as_str().expect("a refresh token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let (status, answer) = self.token(&form).await;
        assert_eq!(status, expected, "{:?}: {answer}", self.provider.kind());
        answer
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let encode = |text: &str| {
            let bytes = form_urlencoded::byte_serialize(text.as_bytes());
            bytes.collect::<String>()
        };
        let credentials = format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let endpoint = self.metadata["token_endpoint"].as_str().expect("one");
        let answer = self
            .client
            .post(endpoint)
            .header(
                "authorization",
                format!("Basic {}", STANDARD.encode_to_string(credentials)),
            )
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        let answer = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        (status, answer)
    }
}

const KINDS: [ProviderKind; 2] = [ProviderKind::LocalTenant, ProviderKind::OidcProvider];

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
