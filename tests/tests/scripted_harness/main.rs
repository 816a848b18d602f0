//! The provider that fails as it is told, used by hand: what it says is what a suite
//! takes it for.

mod refresh;
mod sign_out;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64_simd::URL_SAFE_NO_PAD;
use ciam_tests::scripted::{Place, Scripted};
use ciam_tests::visitor::Page;
use ciam_tests::{Echo, Visitor};
use http::StatusCode;
use serde_json::Value;
use url::{Url, form_urlencoded};

/// The provider and an application.
struct World {
    provider: Scripted,
    shop: Echo,
    client: reqwest::Client,
}

impl World {
    async fn new() -> Self {
        Self {
            provider: Scripted::start().await,
            shop: Echo::start().await,
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .tls_certs_only([])
                .build()
                .expect("a client"),
        }
    }

    /// Signs in, and gives the tokens.
    async fn sign_in(&self, scope: &str) -> Value {
        let digest = digest::digest(&digest::SHA256, VERIFIER.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode_to_string(digest.as_ref());
        let callback = self.shop.url("localhost", "/auth/callback");
        let parameters = [
            ("client_id", "shop"),
            ("response_type", "code"),
            ("scope", scope),
            ("redirect_uri", &callback),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let authorize = self.provider.url(Place::Authorization);
        let page = self.go(&authorize, &parameters).await;
        assert_eq!(page.url.path(), "/auth/callback", "{page}");
        let code = page.query("code").expect("a code");
        let (status, tokens) = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &callback),
                ("code_verifier", VERIFIER),
            ])
            .await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        serde_json::from_str(&tokens).expect("JSON")
    }

    /// Where a browser of its own ends that begins at this address.
    async fn go(&self, address: &str, parameters: &[(&str, &str)]) -> Page {
        let url = Url::parse_with_params(address, parameters).expect("an address");
        Visitor::new().go(url).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, String) {
        self.post(&self.provider.url(Place::Token), form).await
    }

    async fn post(&self, address: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let answer = self
            .client
            .post(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    }
}

/// A part of a token: 0 is its header, 1 its claims.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode_to_vec(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    let text = value[member].as_str();
    text.unwrap_or_else(|| panic!("no {member} in {value}"))
}

/// Whether a published key verifies it, with the algorithm of its header.
fn verifies(token: &str, keys: &Value) -> bool {
    let header = part(token, 0);
    let keys = keys["keys"].as_array().expect("keys");
    let Some(key) = keys.iter().find(|key| key["kid"] == header["kid"]) else {
        return false;
    };
    let decode = |text: &str| URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url");
    let member = |name: &str| decode(text(key, name));
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let signature = decode(signature);
    match text(&header, "alg") {
        "ES256" => {
            let point = [vec![4], member("x"), member("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message.as_bytes(), &signature)
                .is_ok()
        }
        "RS256" => RsaPublicKeyComponents {
            n: member("n"),
            e: member("e"),
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
        .is_ok(),
        _ => false,
    }
}

const VERIFIER: &str = "a-code-verifier-of-43-characters-or-more-012345";
