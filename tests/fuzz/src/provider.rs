//! A provider in memory: honest while a target prepares itself, then of no use.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ciam_core::{HttpClient, ResponseFuture};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::bench::NOW;
use crate::tokens::{ISSUER, Signer};

/// What the token endpoint answers.
#[derive(Clone, Debug)]
pub enum Tokens {
    /// A token of this nonce.
    Of(String),
    /// `invalid_grant`, with a description that repeats the whole request.
    Refused,
    /// A token that was not signed.
    Unsigned,
    /// 200 and a page.
    Page,
    /// 503.
    Unavailable,
}

impl Tokens {
    /// Those that sign nobody in: the token's nonce is none that was ever sent.
    pub fn useless(choice: usize) -> Self {
        match choice % 5 {
            0 => Self::Of("the nonce of somebody else".to_owned()),
            1 => Self::Refused,
            2 => Self::Unsigned,
            3 => Self::Page,
            _ => Self::Unavailable,
        }
    }
}

/// The provider.
#[derive(Debug)]
pub struct Provider {
    tokens: Mutex<Tokens>,
    announces_issuer: bool,
}

impl Provider {
    /// One that announces the `iss` parameter of RFC 9207, or does not.
    pub const fn new(announces_issuer: bool) -> Self {
        Self {
            tokens: Mutex::new(Tokens::Unavailable),
            announces_issuer,
        }
    }

    /// What the token endpoint answers from now on.
    pub fn answers(&self, tokens: Tokens) {
        *self.tokens() = tokens;
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        match request.uri().path() {
            "/keys" => answer(200, include_bytes!("../../vectors/keys/jwks.json").to_vec()),
            "/token" => self.redeem(request.body()),
            _ => answer(200, self.metadata().to_string()),
        }
    }

    fn redeem(&self, form: &Bytes) -> Response<Bytes> {
        let signer = Signer::Ed25519;
        let claims = |nonce: &str| {
            json!({
                "iss": ISSUER, "sub": "alice", "aud": "client", "nonce": nonce, "name": "Alice",
                "iat": NOW.unix(), "exp": NOW.unix() + 3600,
            })
            .to_string()
        };
        let id_token = match &*self.tokens() {
            Tokens::Of(nonce) => signer.sign(signer.header().as_bytes(), claims(nonce).as_bytes()),
            Tokens::Refused => {
                let form = String::from_utf8_lossy(form);
                let refusal = json!({"error": "invalid_grant", "error_description": form});
                return answer(400, refusal.to_string());
            }
            Tokens::Unsigned => signer.sign(br#"{"alg":"none"}"#, claims("").as_bytes()),
            Tokens::Page => return answer(200, "<html>"),
            Tokens::Unavailable => return answer(503, ""),
        };
        let tokens = json!({"id_token": id_token, "access_token": "a", "token_type": "Bearer"});
        answer(200, tokens.to_string())
    }

    fn metadata(&self) -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/keys"),
            "end_session_endpoint": format!("{ISSUER}/logout"),
            "id_token_signing_alg_values_supported": ["EdDSA"],
            "authorization_response_iss_parameter_supported": self.announces_issuer,
        })
    }
}

impl HttpClient for Provider {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        Box::pin(async move { Ok(self.answer(&request)) })
    }
}

fn answer(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let answer = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    answer.body(body.into()).expect("a status and a header")
}
