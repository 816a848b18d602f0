//! The requests of a sign-in by hand: nothing else, or one signature check more.

use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder};
use serde_json::Value;

use crate::support::provider::{KEY_ID, KEYS, METADATA, TOKEN};

/// A client with the settings of ours.
pub(crate) struct Bare(Client);

impl Bare {
    pub(crate) fn new() -> Self {
        let client = Client::builder()
            .user_agent("bare")
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .redirect(Policy::none())
            .no_proxy()
            .tls_certs_only(std::iter::empty::<Certificate>())
            .build();
        Self(client.expect("a client"))
    }

    /// Everything that is asked for at the first sign-in: tokens and keys.
    pub(crate) async fn first(&self, origin: &str) -> (Bytes, Bytes) {
        read(self.0.get(format!("{origin}{METADATA}"))).await;
        let tokens = self.later(origin).await;
        let keys = read(self.0.get(format!("{origin}{KEYS}"))).await;
        (tokens, keys)
    }

    /// What is asked for at a later one.
    pub(crate) async fn later(&self, origin: &str) -> Bytes {
        let request = self.0.post(format!("{origin}{TOKEN}"));
        let form = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        read(form.body(FORM)).await
    }
}

async fn read(request: RequestBuilder) -> Bytes {
    let request = request.header(ACCEPT, "application/json");
    let response = request.send().await.expect("an answer");
    assert!(response.status().is_success(), "{response:?}");
    response.bytes().await.expect("a body")
}

/// Checks the signature of the ID token and reads its claims; nothing else is checked.
pub(crate) fn verify((tokens, keys): &(Bytes, Bytes)) -> Value {
    let json = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON");
    let decode = |text: &str| URL_SAFE_NO_PAD.decode_to_vec(text).expect("base64url");
    let (tokens, keys) = (json(tokens), json(keys));
    let token = tokens["id_token"].as_str().expect("an ID token");
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let (_, payload) = message.split_once('.').expect("a payload");
    let keys = keys["keys"].as_array().expect("keys");
    let key = keys.iter().find(|key| key["kid"] == KEY_ID);
    let key = key.expect("the key is there");
    let number = |name: &str| decode(key[name].as_str().expect("a number"));
    RsaPublicKeyComponents {
        n: number("n"),
        e: number("e"),
    }
    .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
    .expect("an RSA key")
    .verify_sig(message.as_bytes(), &decode(signature))
    .expect("a valid signature");
    json(&decode(payload))
}

/// As long as what ours sends.
const FORM: &str = "grant_type=authorization_code&code=0.AQEA-code\
    &redirect_uri=https%3A%2F%2Fshop.example%2Fauth%2Fcallback\
    &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\
    &client_id=00001111-aaaa-2222-bbbb-3333cccc4444&client_secret=a8Q%7Ethe-value-not-the-id";
