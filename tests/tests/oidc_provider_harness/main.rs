//! The independent provider of the harness, used by hand: what the suites rely
//! on is true before any of our own code takes part.

mod tokens;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use ciam_tests::visitor::Page;
use ciam_tests::{Echo, OidcProvider, Port, Visitor};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

#[tokio::test]
async fn a_sign_in_with_query_gives_tokens_and_userinfo() {
    let mut setup = Setup::start(json!({})).await;
    let mut visitor = Visitor::new();
    let page = setup.sign_in(&mut visitor, "alice", &[]).await;
    assert_eq!(page.url.path(), "/auth/callback");
    let arrived = setup.shop.last("/auth/callback");
    assert_eq!(arrived.method, Method::GET);
    assert_eq!(arrived.query("state").as_deref(), Some("the state"));
    assert_eq!(
        arrived.query("iss").as_deref(),
        Some(setup.provider.issuer())
    );

    let tokens = setup
        .exchange(&arrived.query("code").expect("a code"))
        .await;
    let claims = part(&tokens, 1);
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["nonce"], "the nonce");
    assert_eq!(
        claims["email"], "alice@example.com",
        "not conforming: claims in the token"
    );
    let userinfo = setup.userinfo(&tokens).await;
    assert_eq!(userinfo["name"], "The customer alice");
    assert_eq!(setup.provider.count("/token").await, 1);
    assert_eq!(
        setup.provider.count("/auth").await,
        3,
        "one for each page and the answer"
    );
    assert_eq!(
        setup.provider.count("/interaction").await,
        4,
        "each page and its form"
    );
}

#[tokio::test]
async fn a_sign_in_with_form_post_loses_lax_cookies() {
    let setup = Setup::start(json!({})).await;
    let mut visitor = Visitor::new();
    for cookie in [
        "lax=1; SameSite=Lax; Path=/",
        "none=1; SameSite=None; Secure; Path=/",
    ] {
        visitor
            .set_cookie(&setup.shop.url("localhost", "/"), cookie)
            .expect("a good cookie");
    }
    let page = setup
        .sign_in(&mut visitor, "alice", &[("response_mode", "form_post")])
        .await;
    assert_eq!(page.url.path(), "/auth/callback");
    let arrived = setup.shop.last("/auth/callback");
    assert_eq!(arrived.method, Method::POST);
    assert_eq!(arrived.header("cookie"), Some("none=1"));
    assert_eq!(arrived.header("sec-fetch-site"), Some("cross-site"));
    assert_eq!(arrived.field("state").as_deref(), Some("the state"));
    let tokens = setup
        .exchange(&arrived.field("code").expect("a code"))
        .await;
    assert_eq!(part(&tokens, 1)["sub"], "alice");
}

#[tokio::test]
async fn a_visitor_can_stop_before_the_callback_and_can_cancel() {
    let setup = Setup::start(json!({})).await;
    let callback = setup.shop.url("localhost", "/auth/callback");
    let mut visitor = Visitor::new().stopping_before(&callback);
    let page = setup.sign_in(&mut visitor, "alice", &[]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(
        page.location()
            .is_some_and(|to| to.as_str().starts_with(&callback))
    );
    assert!(setup.shop.requests().is_empty());

    let mut visitor = Visitor::new();
    let login = visitor.go(setup.authorize(&[])).await;
    let page = visitor.follow(&login, "[ Cancel ]").await;
    assert_eq!(page.query("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_conforming_provider_has_profile_and_email_in_userinfo_only() {
    let options = json!({
        "configuration": {"conformIdTokenClaims": true},
        "accounts": {"bob": {"email": "bob@shop.example", "city": "Bergen"}},
    });
    let setup = Setup::start(options).await;
    setup.sign_in(&mut Visitor::new(), "bob", &[]).await;
    let code = setup
        .shop
        .last("/auth/callback")
        .query("code")
        .expect("a code");
    let tokens = setup.exchange(&code).await;
    assert_eq!(part(&tokens, 1).get("email"), None);
    assert_eq!(setup.userinfo(&tokens).await["email"], "bob@shop.example");
}

#[tokio::test]
async fn every_algorithm_signs_with_a_published_key() {
    for (algorithm, family) in [
        ("RS256", "RSA"),
        ("PS256", "RSA"),
        ("ES256", "EC"),
        ("EdDSA", "OKP"),
    ] {
        let options = json!({
            "algorithms": ["RS256", "PS256", "ES256", "EdDSA"],
            "client": {"id_token_signed_response_alg": algorithm},
        });
        let setup = Setup::start(options).await;
        setup.sign_in(&mut Visitor::new(), "alice", &[]).await;
        let code = setup
            .shop
            .last("/auth/callback")
            .query("code")
            .expect("a code");
        let header = part(&setup.exchange(&code).await, 0);
        assert_eq!(header["alg"], algorithm);
        let keys = setup.keys().await;
        let signer = keys.iter().find(|key| key["kid"] == header["kid"]);
        assert_eq!(
            signer.expect("a published key")["kty"],
            family,
            "{algorithm}"
        );
    }
}

#[tokio::test]
async fn rotation_changes_the_keys_and_nothing_else() {
    let mut setup = Setup::start(json!({})).await;
    let mut visitor = Visitor::new();
    setup.sign_in(&mut visitor, "alice", &[]).await;
    let code = setup
        .shop
        .last("/auth/callback")
        .query("code")
        .expect("a code");
    let before = kids(&setup.keys().await);

    setup.provider.rotate_keys().await;
    let after = kids(&setup.keys().await);
    assert!(before.is_disjoint(&after), "{before:?} {after:?}");
    let tokens = setup.exchange(&code).await;
    assert!(after.contains(part(&tokens, 0)["kid"].as_str().expect("a key id")));
    let page = visitor.go(setup.authorize(&[])).await;
    assert_eq!(page.url.path(), "/auth/callback", "still signed in: {page}");

    setup.provider.rotate_and_keep_keys().await;
    let kept = kids(&setup.keys().await);
    assert!(
        kept.is_superset(&after) && kept.len() == after.len() + 1,
        "{after:?} {kept:?}"
    );
    let code = setup
        .shop
        .last("/auth/callback")
        .query("code")
        .expect("a code");
    let kid = part(&setup.exchange(&code).await, 0)["kid"]
        .as_str()
        .map(str::to_owned);
    assert!(
        !after.contains(&kid.expect("a key id")),
        "signed with the new key"
    );
}

#[tokio::test]
async fn sign_out_asks_and_comes_back() {
    let mut setup = Setup::start(json!({})).await;
    let mut visitor = Visitor::new();
    setup.sign_in(&mut visitor, "alice", &[]).await;
    let code = setup
        .shop
        .last("/auth/callback")
        .query("code")
        .expect("a code");
    let tokens = setup.exchange(&code).await;
    let end = address(
        &format!("{}/session/end", setup.provider.issuer()),
        &[
            (
                "id_token_hint",
                tokens["id_token"].as_str().expect("an ID token"),
            ),
            (
                "post_logout_redirect_uri",
                &setup.shop.url("localhost", "/auth/signed-out"),
            ),
            ("state", "bye"),
        ],
    );
    let question = visitor.go(&end).await;
    assert!(
        question.text().contains("Do you want to sign-out"),
        "{question}"
    );
    let form = question.form_with("xsrf").press("Yes, sign me out");
    assert_eq!(form.value("logout"), Some("yes"));
    let page = visitor.submit(&form).await;
    assert_eq!(page.url.path(), "/auth/signed-out");
    assert_eq!(
        setup
            .shop
            .last("/auth/signed-out")
            .query("state")
            .as_deref(),
        Some("bye")
    );
    let page = visitor.go(setup.authorize(&[])).await;
    assert!(
        page.url.path().starts_with("/interaction/"),
        "signed out: {page}"
    );
    assert_eq!(setup.provider.count("/session/end").await, 1);
}

#[tokio::test]
async fn a_provider_can_be_slow_and_can_start_later() {
    let port = Port::reserve();
    let number = port.number();
    let metadata = format!("http://127.0.0.1:{number}/.well-known/openid-configuration");
    let client = client();
    assert!(
        client.get(&metadata).send().await.is_err(),
        "nothing is there yet"
    );
    let mut provider = OidcProvider::start(json!({"port": number, "clients": []})).await;
    let document = json_of(client.get(&metadata).send().await).await;
    assert_eq!(document["issuer"], format!("http://127.0.0.1:{number}"));

    let delay = Duration::from_millis(300);
    provider.delay("/jwks", delay).await;
    let start = Instant::now();
    json_of(
        client
            .get(format!("{}/jwks", provider.issuer()))
            .send()
            .await,
    )
    .await;
    assert!(start.elapsed() >= delay);

    drop(provider);
    assert!(client.get(&metadata).send().await.is_err(), "it is gone");
    OidcProvider::start(json!({"port": number, "clients": []})).await;
}

/// A provider on `127.0.0.1` and an application on `localhost`.
struct Setup {
    provider: OidcProvider,
    shop: Echo,
    client: reqwest::Client,
}

impl Setup {
    /// With these options, and what `client` in them says of the one client.
    async fn start(mut options: Value) -> Self {
        let shop = Echo::start().await;
        let mut client_metadata = OidcProvider::client("shop", SECRET, &shop.url("localhost", ""));
        if let Some(Value::Object(more)) = options.as_object_mut().and_then(|o| o.remove("client"))
        {
            client_metadata
                .as_object_mut()
                .expect("an object")
                .extend(more);
        }
        options["clients"] = json!([client_metadata]);
        if options.get("configuration").is_none() {
            options["configuration"] = json!({"conformIdTokenClaims": false});
        }
        Self {
            provider: OidcProvider::start(options).await,
            shop,
            client: client(),
        }
    }

    fn authorize(&self, more: &[(&str, &str)]) -> String {
        let digest = digest::digest(&digest::SHA256, VERIFIER.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode_to_string(digest.as_ref());
        let redirect_uri = self.shop.url("localhost", "/auth/callback");
        let mut parameters = vec![
            ("client_id", "shop"),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("redirect_uri", &redirect_uri),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        parameters.extend(more);
        address(&format!("{}/auth", self.provider.issuer()), &parameters)
    }

    /// From the application's link through sign-in and consent.
    async fn sign_in(&self, visitor: &mut Visitor, login: &str, more: &[(&str, &str)]) -> Page {
        let page = visitor.go(self.authorize(more)).await;
        let form = page
            .form_with("login")
            .fill("login", login)
            .fill("password", "any");
        let consent = visitor.submit(&form).await;
        assert_eq!(consent.form_with("prompt").value("prompt"), Some("consent"));
        visitor.submit(&consent.form_with("prompt")).await
    }

    async fn exchange(&self, code: &str) -> Value {
        let redirect_uri = self.shop.url("localhost", "/auth/callback");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let tokens = json_of(Ok(self.post("/token", &form).await)).await;
        assert!(
            tokens["id_token"].is_string(),
            "{tokens}\n{}",
            self.provider.log()
        );
        tokens
    }

    /// What the application asks at one of the provider's endpoints.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let body = address("http://form/", form);
        let body = body.split_once('?').expect("a query").1.to_owned();
        let credentials = STANDARD.encode_to_string(format!("shop:{SECRET}"));
        let request = self
            .client
            .post(format!("{}{path}", self.provider.issuer()))
            .header("authorization", format!("Basic {credentials}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        request.send().await.expect("an answer")
    }

    async fn userinfo(&self, tokens: &Value) -> Value {
        let token = tokens["access_token"].as_str().expect("an access token");
        let request = self
            .client
            .get(format!("{}/me", self.provider.issuer()))
            .header("authorization", format!("Bearer {token}"));
        json_of(request.send().await).await
    }

    async fn keys(&self) -> Vec<Value> {
        let address = format!("{}/jwks", self.provider.issuer());
        let document = json_of(self.client.get(address).send().await).await;
        document["keys"].as_array().expect("keys").clone()
    }
}

fn kids(keys: &[Value]) -> BTreeSet<String> {
    keys.iter()
        .map(|key| key["kid"].as_str().expect("a key id").to_owned())
        .collect()
}

/// A part of the ID token: 0 is its header, 1 its claims.
fn part(tokens: &Value, index: usize) -> Value {
    let token = tokens["id_token"].as_str().expect("an ID token");
    let part = token.split('.').nth(index).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode_to_vec(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn address(base: &str, parameters: &[(&str, &str)]) -> String {
    Url::parse_with_params(base, parameters)
        .expect("an address")
        .into()
}

async fn json_of(answer: reqwest::Result<reqwest::Response>) -> Value {
    let text = answer.expect("an answer").text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .expect("a client")
}

const SECRET: &str = "a-secret-without-marks";
const VERIFIER: &str = "a-code-verifier-of-43-characters-or-more-012345";
