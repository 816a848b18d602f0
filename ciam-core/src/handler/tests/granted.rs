//! Tokens without a session: for the application itself, and for the callers of an API.

use std::time::Duration;

use base64_simd::STANDARD;
use futures_util::future::join_all;
use http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};

use super::bench::{Bench, text};
use super::callers::Refusal;
use crate::{Caller, Config, Incoming};

const HOUR: Duration = Duration::from_secs(3600);
const DEFAULT: &str = "api://mail/.default";

async fn caller(bench: &Bench, claims: &Value) -> Caller {
    let token = bench.provider.access_token(&json!({}), claims);
    let (uri, headers) = (Uri::from_static("/api"), HeaderMap::new());
    let visit = bench.ciam.visit(Incoming {
        method: &Method::GET,
        uri: &uri,
        headers: &headers,
    });
    let visit = visit.expect("a safe request");
    let header = format!("Bearer {token}");
    let pending = visit.pending(true, [header.as_bytes()].into_iter(), None);
    if let Some(pending) = pending {
        pending.await;
    }
    visit.require_caller().expect("let in").clone()
}

fn asked(bench: &Bench, grant_type: &str) -> usize {
    let state = bench.provider.state();
    let forms = state.forms.iter();
    let of_type = format!("grant_type={grant_type}");
    forms.filter(|form| form.starts_with(&of_type)).count()
}

#[tokio::test]
async fn an_application_asks_once_for_all_and_again_before_the_end() {
    let bench = Bench::new();
    bench.provider.hold_back();
    let tokens = join_all((0..50).map(|_| bench.ciam.token_of_application(&[DEFAULT])));
    let release = async {
        while asked(&bench, "client_credentials") == 0 {
            tokio::task::yield_now().await;
        }
        bench.provider.let_go();
    };
    let (tokens, ()) = tokio::join!(tokens, release);
    for token in tokens {
        let token = token.expect("a token");
        assert_eq!(token.expose(), format!("access 1 for {DEFAULT}"));
    }
    assert_eq!(asked(&bench, "client_credentials"), 1);
    let other = bench.ciam.token_of_application(&["api://x/.default"]).await;
    let other = other.expect("a token");
    assert_eq!(other.expose(), "access 2 for api://x/.default");
    bench.clock.advance(Duration::from_secs(3300));
    let again = bench.ciam.token_of_application(&[DEFAULT]).await;
    assert_eq!(
        again.expect("a token").expose(),
        format!("access 3 for {DEFAULT}")
    );
    // A provider that is down costs nothing while there is one that is valid.
    bench.clock.advance(Duration::from_secs(3400));
    bench.provider.state().down = vec!["/token"];
    let held = bench.ciam.token_of_application(&[DEFAULT]).await;
    assert_eq!(
        held.expect("a token").expose(),
        format!("access 3 for {DEFAULT}")
    );
    bench.clock.advance(HOUR);
    let error = bench.ciam.token_of_application(&[DEFAULT]).await;
    let error = error.expect_err("none");
    assert_eq!(error.code(), "transport.connect");
    assert_eq!(error.kind(), crate::ErrorKind::Unavailable);
}

#[tokio::test]
async fn each_caller_gets_a_token_of_their_own() {
    let bench = Bench::new();
    let alice = caller(&bench, &json!({})).await;
    let bob = caller(&bench, &json!({"sub": "bob"})).await;
    let scopes = ["api://mail/read"];
    let token = async |caller: &Caller| {
        let token = bench.ciam.token_on_behalf_of(caller, &scopes).await;
        token.expect("a token").expose().to_owned()
    };
    let many = join_all((0..20).flat_map(|_| [token(&alice), token(&bob)])).await;
    let (of_alice, of_bob) = (&many[0], &many[1]);
    assert_ne!(of_alice, of_bob);
    for pair in many.chunks(2) {
        assert_eq!(pair, [of_alice.clone(), of_bob.clone()]);
    }
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    assert_eq!(asked(&bench, grant), 2);
    let forms = bench.provider.state().forms.clone();
    for form in forms {
        assert!(form.contains("requested_token_use=on_behalf_of"), "{form}");
        assert!(form.contains("scope=api%3A%2F%2Fmail%2Fread"), "{form}");
    }
}

#[tokio::test]
async fn what_the_provider_wants_of_the_user_reaches_the_client() {
    let bench = Bench::new();
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let encoded = STANDARD.encode_to_string(claims);
    let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{encoded}\"");
    let rows = [
        (
            400,
            json!({"error": "interaction_required", "claims": claims}),
            401,
            Some(challenge),
        ),
        (
            400,
            json!({"error": "invalid_grant", "suberror": "consent_required"}),
            401,
            Some("Bearer error=\"invalid_token\"".to_owned()),
        ),
        (
            400,
            json!({"error": "invalid_grant"}),
            401,
            Some("Bearer error=\"invalid_token\"".to_owned()),
        ),
        (400, json!({"error": "invalid_scope"}), 500, None),
        (503, json!({}), 503, None),
        (429, json!({"error": "slow_down"}), 503, None),
    ];
    for (status, body, expected, challenge) in rows {
        let caller = caller(&bench, &json!({"jti": body.to_string()})).await;
        bench.provider.state().refusal = Some((status, Vec::new(), body.clone()));
        let token = bench.ciam.token_on_behalf_of(&caller, &["api://mail/read"]);
        let refused = Refusal::from(token.await.expect_err("no token"));
        bench.provider.state().refusal = None;
        assert_eq!(refused.status, expected, "{body}");
        assert_eq!(refused.challenge, challenge, "{body}");
        assert!(!refused.body.contains("acrs"), "{body}");
    }
}

#[tokio::test]
async fn only_who_can_prove_who_asks_is_given_a_token() {
    let bench = Bench::with(|config| {
        let authority = super::provider::ISSUER;
        let public = Config::web(
            authority,
            "client",
            "https://shop.example",
            super::bench::SECRET,
        );
        drop(config);
        public
    });
    let error = bench.ciam.token_of_application(&[DEFAULT]).await;
    assert_eq!(error.expect_err("none").code(), "tokens.public_client");
    let odd = Bench::new().ciam.token_of_application(&["a b"]).await;
    assert_eq!(odd.expect_err("none").code(), "tokens.scope_invalid");
}

#[tokio::test]
async fn a_caller_of_another_provider_is_not_told_to_ours() {
    let bench = Bench::new();
    let alice = caller(&bench, &json!({})).await;
    // The same caller, seen by an application of another issuer.
    let elsewhere = Bench::new();
    elsewhere.provider.state().metadata = json!({"issuer": "https://partner.example"});
    let api = Config::api("https://partner.example", "client")
        .with_client_secret("a secret")
        .with_clock(std::sync::Arc::clone(&elsewhere.clock) as _)
        .with_http_client(std::sync::Arc::clone(&elsewhere.provider) as _);
    let api = crate::Ciam::new(api.build().expect("a valid configuration"));
    let refused = api.token_on_behalf_of(&alice, &["api://mail/read"]).await;
    let response = refused.expect_err("refused").into_response();
    assert_eq!(response.status(), 500, "{}", text(&response));
    assert!(elsewhere.provider.state().forms.is_empty());
}
