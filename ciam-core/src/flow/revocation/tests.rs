use std::future::ready;
use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::clock::Timestamp;
use crate::keys::KeySource;
use crate::metadata::MetadataSource;
use crate::transport::{HttpClient, ResponseFuture};
use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

const TOKEN: &str = "the refresh+token";
const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// Answers metadata with these members, and anything else with this status.
#[derive(Debug)]
struct Answers {
    metadata: Value,
    status: Mutex<Option<u16>>,
    asked: Mutex<Vec<Request<Bytes>>>,
}

impl HttpClient for Answers {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        if request.uri().path().ends_with("openid-configuration") {
            let response = Response::new(Bytes::from(self.metadata.to_string()));
            return Box::pin(ready(Ok(response)));
        }
        self.asked.lock().expect("nobody panics").push(request);
        let status = *self.status.lock().expect("nobody panics");
        Box::pin(async move {
            // As over a network: whoever asked goes on meanwhile.
            tokio::task::yield_now().await;
            let Some(status) = status else {
                let (host, detail) = ("issuer.example".to_owned(), "refused".to_owned());
                return Err(TransportError::Connect { host, detail });
            };
            let body = json!({ "error": format!("no {TOKEN}") });
            let mut response = Response::new(Bytes::from(body.to_string()));
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            Ok(response)
        })
    }
}

fn provider(members: &Value, status: Option<u16>) -> (Arc<Provider>, Arc<Answers>, Config) {
    let issuer = "https://issuer.example";
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "revocation_endpoint": format!("{issuer}/revoke"),
    });
    for (name, value) in members.as_object().expect("members") {
        metadata[name] = value.clone();
    }
    let answers = Arc::new(Answers {
        metadata,
        status: Mutex::new(status),
        asked: Mutex::default(),
    });
    let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let config = Config::web(issuer, "client", "https://shop.example", secret)
        .with_client_secret("the client's secret")
        .build()
        .expect("good settings");
    let client = Arc::clone(&answers) as Arc<dyn HttpClient>;
    let provider = Provider {
        metadata: MetadataSource::new(config.authority().clone(), Arc::clone(&client)),
        keys: KeySource::new(Arc::clone(&client)),
        client,
    };
    (Arc::new(provider), answers, config)
}

/// What reached the provider, once everything that can happen has happened.
async fn asked(members: Value, status: Option<u16>) -> Vec<Request<Bytes>> {
    let (provider, answers, config) = provider(&members, status);
    let metadata = provider.metadata.metadata(NOW).await.expect("metadata");
    revoke(&provider, &metadata, &config, &Secret::new(TOKEN));
    drop((provider, metadata, config));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    std::mem::take(&mut *answers.asked.lock().expect("nobody panics"))
}

fn form(request: &Request<Bytes>) -> Vec<(String, String)> {
    form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

const BASICS: [(&str, &str); 2] = [("token", TOKEN), ("token_type_hint", "refresh_token")];

#[test]
fn the_request_is_that_of_the_specification() {
    let endpoint = Url::parse("https://issuer.example/revoke?a=b").expect("an address");
    let request = |credential: &ClientCredential, client_auth| {
        revocation_request(&Revocation {
            endpoint: &endpoint,
            client_id: "client",
            credential,
            client_auth,
            refresh_token: &Secret::new(TOKEN),
        })
    };
    let secret = ClientCredential::Secret(Secret::new("a secret"));
    let basic = request(&secret, ClientAuth::Basic);
    assert_eq!(basic.method(), Method::POST);
    assert_eq!(basic.uri(), "https://issuer.example/revoke?a=b");
    assert_eq!(
        basic.headers()[CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(basic.headers()[AUTHORIZATION], "Basic Y2xpZW50OmErc2VjcmV0");
    assert_eq!(form(&basic), pairs(&BASICS));
    let post = request(&secret, ClientAuth::Post);
    assert!(!post.headers().contains_key(AUTHORIZATION));
    let of_client = [("client_id", "client"), ("client_secret", "a secret")];
    assert_eq!(
        form(&post),
        pairs(&[BASICS.as_slice(), &of_client].concat())
    );
    let public = request(&ClientCredential::Public, ClientAuth::None);
    assert!(!public.headers().contains_key(AUTHORIZATION));
    assert_eq!(
        form(&public),
        pairs(&[BASICS.as_slice(), &of_client[..1]].concat())
    );
}

#[test]
fn only_200_is_a_revocation() {
    let answer = |status: u16, body: &'static str| {
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        revocation_response(&response, &[TOKEN]).map_err(|error| error.to_string())
    };
    assert_eq!(answer(200, ""), Ok(()));
    assert_eq!(answer(200, "{\"error\":\"x\"}"), Ok(()));
    for (status, body, shown) in [
        (
            400,
            "{\"error\":\"unsupported_token_type\"}",
            "400 unsupported_token_type",
        ),
        (401, "{\"error\":\"invalid_client\"}", "401 invalid_client"),
        (404, "<html>", "404 without an error code"),
        (204, "", "204 without an error code"),
        (302, "", "302 without an error code"),
        (503, "{\"error\":1}", "503 without an error code"),
        (400, "{\"error\":\"no the refresh+token\"}", "400 no …"),
    ] {
        let expected = format!("the revocation endpoint answers {shown}");
        assert_eq!(answer(status, body), Err(expected));
    }
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_sent_whole() {
    for status in [Some(200), Some(400), Some(503), None] {
        let asked = asked(json!({}), status).await;
        let [request] = asked.as_slice() else {
            panic!("one request, also after {status:?}: {}", asked.len());
        };
        assert_eq!(request.uri(), "https://issuer.example/revoke");
        // Nothing is announced for either endpoint.
        assert!(request.headers().contains_key(AUTHORIZATION));
        assert_eq!(form(request), pairs(&BASICS));
    }
}

#[tokio::test]
async fn the_application_proves_itself_as_the_provider_wants_it() {
    let post = json!(["client_secret_post"]);
    let basic = json!(["client_secret_basic"]);
    for (members, is_basic) in [
        (
            json!({ "token_endpoint_auth_methods_supported": post }),
            false,
        ),
        (
            json!({ "revocation_endpoint_auth_methods_supported": post }),
            false,
        ),
        (
            json!({
                "token_endpoint_auth_methods_supported": post,
                "revocation_endpoint_auth_methods_supported": basic,
            }),
            true,
        ),
    ] {
        let asked = asked(members.clone(), Some(200)).await;
        let found = asked[0].headers().contains_key(AUTHORIZATION);
        assert_eq!(found, is_basic, "{members}");
    }
    let none = json!({ "revocation_endpoint_auth_methods_supported": ["private_key_jwt"] });
    assert_eq!(
        asked(none, Some(200)).await.len(),
        0,
        "it could not be proven"
    );
}

#[tokio::test]
async fn a_provider_that_cannot_is_not_asked() {
    for endpoint in [Value::Null, json!("")] {
        let members = json!({ "revocation_endpoint": endpoint });
        assert_eq!(asked(members, Some(200)).await.len(), 0);
    }
}

#[tokio::test]
async fn an_endpoint_without_tls_is_refused_with_the_document() {
    for endpoint in [
        "http://issuer.example/revoke",
        "ftp://issuer.example",
        "revoke",
    ] {
        let (provider, _, _) = provider(&json!({ "revocation_endpoint": endpoint }), Some(200));
        assert!(provider.metadata.metadata(NOW).await.is_err(), "{endpoint}");
    }
}

#[test]
fn nothing_that_is_printed_has_the_token() {
    let endpoint = Url::parse("https://issuer.example/revoke").expect("an address");
    let revocation = Revocation {
        endpoint: &endpoint,
        client_id: "client",
        credential: &ClientCredential::Secret(Secret::new("a secret")),
        client_auth: ClientAuth::Basic,
        refresh_token: &Secret::new(TOKEN),
    };
    let printed = format!("{revocation:?}");
    assert!(
        !printed.contains(TOKEN) && !printed.contains("a secret"),
        "{printed}"
    );
}
