//! The independent OpenID provider: npm `oidc-provider`.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::Process;
use crate::workspace;

/// A running `oidc-provider`; `tests/node/provider.mjs` lists its options.
#[derive(Debug)]
pub struct OidcProvider {
    process: Process,
    issuer: String,
    answers: usize,
}

impl OidcProvider {
    /// Starts one and waits until it listens.
    pub async fn start(options: Value) -> Self {
        let script = workspace().join("tests/node/provider.mjs");
        assert!(
            script.with_file_name("node_modules/oidc-provider").is_dir(),
            "oidc-provider is not installed: run tests/run"
        );
        let mut process = Process::start("oidc-provider", Command::new("node").arg(&script));
        process.tell(&options.to_string());
        let mut provider = Self {
            process,
            issuer: String::new(),
            answers: 0,
        };
        let ready = provider.answer().await;
        provider.issuer = text(&ready, "issuer");
        provider
    }

    /// A confidential client that sends its secret with Basic, and may sign in,
    /// refresh, and sign out to `/auth/signed-out` of `base_url`.
    pub fn client(client_id: &str, client_secret: &str, base_url: &str) -> Value {
        json!({
            "client_id": client_id,
            "client_secret": client_secret,
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [format!("{base_url}/auth/callback")],
            "post_logout_redirect_uris": [format!("{base_url}/auth/signed-out")],
        })
    }

    /// Its issuer: `http://127.0.0.1:PORT` and the path asked for.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Replaces the signing keys; sessions and codes stay valid.
    pub async fn rotate_keys(&mut self) {
        self.command(json!({"command": "rotate"})).await;
    }

    /// Signs with new keys from now on, and still publishes the old ones.
    pub async fn rotate_and_keep_keys(&mut self) {
        self.command(json!({"command": "rotate", "keep": true}))
            .await;
    }

    /// Answers requests to this path so much later; zero ends it.
    pub async fn delay(&mut self, path: &str, by: Duration) {
        let milliseconds = u64::try_from(by.as_millis()).expect("a short delay");
        self.command(json!({"command": "delay", "path": path, "milliseconds": milliseconds}))
            .await;
    }

    /// Ends the sessions of an account, and what it granted.
    pub async fn revoke(&mut self, sub: &str) {
        self.command(json!({"command": "revoke", "sub": sub})).await;
    }

    /// How often each path was asked for, e.g. `/token`, with credentials in a header,
    /// e.g. `/token with Basic`, and for a grant type, e.g. `/token for refresh_token`.
    pub async fn stats(&mut self) -> BTreeMap<String, u64> {
        let answer = self.command(json!({"command": "stats"})).await;
        serde_json::from_value(answer["stats"].clone()).expect("paths and numbers")
    }

    /// How often this path was asked for.
    pub async fn count(&mut self, path: &str) -> u64 {
        self.stats().await.get(path).copied().unwrap_or(0)
    }

    /// What it has printed so far: its view of a refused request.
    pub fn log(&self) -> String {
        self.process.log()
    }

    async fn command(&mut self, command: Value) -> Value {
        self.process.tell(&command.to_string());
        self.answer().await
    }

    async fn answer(&mut self) -> Value {
        let line = self.process.stdout_line(self.answers, LIMIT).await;
        self.answers += 1;
        let answer: Value = serde_json::from_str(&line).expect("an answer in JSON");
        assert!(answer.get("error").is_none(), "oidc-provider: {answer}");
        answer
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {value}"))
        .to_owned()
}

/// It starts in about a second; two busy cores have been seen to need five.
const LIMIT: Duration = Duration::from_secs(30);
