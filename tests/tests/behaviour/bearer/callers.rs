//! Users and applications that call with tokens of an honest provider.

use ciam_tests::honest::{Api, Client, Setup};
use ciam_tests::{Backend, ProviderKind, cases};

use super::{World, ask};

cases! {
    at LocalTenant and OidcProvider:
        an_application_and_a_user_get_what_their_tokens_allow,
        an_id_token_opens_nothing,
        a_token_for_another_api_is_refused,
        a_request_without_a_token_is_asked_for_one,
        only_typed_tokens_are_accepted_where_that_is_asked_for;
    at OidcProvider, because "the local tenant signs with RS256 only, as Entra does":
        tokens_of_another_algorithm_are_accepted;
}

async fn an_application_and_a_user_get_what_their_tokens_allow(on: Backend) {
    let world = World::new(on).await;
    let till = Client::TILL.id;
    let application = world.provider.application_token(Api::Orders).await;
    let called = world.get("/api/orders", &application).await;
    called.expect_ok(&format!("application at {till}: ; Orders.Read.All"));
    let ada = user(&world, "ada", "orders.read").await;
    let called = world.get("/api/orders", &ada).await;
    called.expect_ok(&format!("user at {till}: orders.read; Admin"));
    let bob = user(&world, "bob", "orders.read orders.write").await;
    let called = world.get("/api/orders", &bob).await;
    called.expect_ok(&format!("user at {till}: orders.read orders.write; "));

    for (path, scopes) in [
        ("/api/read", Some("orders.read")),
        ("/api/write", Some("orders.write")),
        ("/api/all", None),
        ("/api/either", Some("orders.read")),
    ] {
        for (who, token, allowed) in [
            ("application", &application, ["/api/all"].as_slice()),
            ("ada", &ada, &["/api/read", "/api/either"]),
            ("bob", &bob, &["/api/read", "/api/write", "/api/either"]),
        ] {
            let answer = world.get(path, token).await;
            if allowed.contains(&path) {
                answer.expect_ok("passed");
                continue;
            }
            let lacking = scopes.map_or(String::new(), |scope| format!(", scope=\"{scope}\""));
            let challenge = format!("Bearer error=\"insufficient_scope\"{lacking}");
            answer.expect_challenge(403, &challenge, "insufficient_scope");
            assert_eq!(answer.logged.len(), 0, "{who} at {path}: {answer:?}");
        }
    }
    step_up(on, &world, &ada, &application).await;
}

/// Microsoft's clients are told only what they said that they understand.
async fn step_up(on: Backend, world: &World, user: &str, application: &str) {
    let lacks = "Bearer error=\"insufficient_scope\"";
    let answer = world.get("/api/proven", application).await;
    answer.expect_challenge(403, lacks, "insufficient_scope");
    let answer = world.get("/api/proven", user).await;
    match on.provider {
        ProviderKind::LocalTenant => answer.expect_challenge(403, lacks, "insufficient_scope"),
        _ => answer.expect_challenge(
            401,
            "Bearer error=\"insufficient_user_authentication\", acr_values=\"c1\"",
            "insufficient_user_authentication",
        ),
    }
}

async fn an_id_token_opens_nothing(on: Backend) {
    let world = World::new(on).await;
    let callback = world.site.url("/auth/callback");
    for (client, code) in [
        // Issuer, signature and audience are those of an access token.
        (Client::application(&callback), "token.not_an_access_token"),
        (Client::TILL, "token.not_an_access_token"),
    ] {
        let tokens = world
            .provider
            .user_tokens(client, "ada", Api::Orders, "orders.read")
            .await;
        let id_token = tokens.id.expect("somebody signed in");
        for path in ["/api/orders", "/api/read", "/api/either"] {
            let answer = world.get(path, &id_token).await;
            answer.expect_refused(401, "invalid_token", code);
        }
        let answer = world.get("/api/orders", &tokens.access).await;
        assert_eq!(answer.status, 200, "its access token: {answer:?}");
    }
}

async fn a_token_for_another_api_is_refused(on: Backend) {
    let world = World::new(on).await;
    let tokens = world
        .provider
        .user_tokens(Client::TILL, "ada", Api::Stock, "stock.read")
        .await;
    // Remembered or not.
    for _ in 0..2 {
        let answer = world.get("/api/orders", &tokens.access).await;
        answer.expect_refused(401, "invalid_token", "token.audience");
        let line = answer.expect_logged("token.audience");
        for text in [
            Api::Stock.audience(),
            Api::Orders.audience(),
            "CIAM_AUDIENCE",
        ] {
            assert!(line.text.contains(text), "{text} in {line}");
        }
    }
    let both = |config: ciam_core::ConfigBuilder| {
        let config = config.with_audience(Api::Stock.audience());
        config.with_audience(Api::Orders.audience())
    };
    let world = World::with(on, Setup::with_apis, both).await;
    for (api, scope) in [(Api::Stock, "stock.read"), (Api::Orders, "orders.read")] {
        let tokens = world
            .provider
            .user_tokens(Client::TILL, "ada", api, scope)
            .await;
        let answer = world.get("/api/orders", &tokens.access).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn a_request_without_a_token_is_asked_for_one(on: Backend) {
    let world = World::new(on).await;
    for path in [
        "/api/orders",
        "/api/read",
        "/api/all",
        "/api/proven",
        "/api/either",
    ] {
        for method in ["GET", "POST"] {
            let answer = ask(&world.site, method, path, &[]).await;
            answer.expect_challenge(401, "Bearer", "visit.no_token");
            assert_eq!(answer.logged.len(), 0, "{answer:?}");
        }
    }
    // Whoever does not ask is not slowed down, whatever was sent.
    let answer = world.get("/open", "no.such.token").await;
    assert_eq!((answer.status, &*answer.body), (200, "open"));
    assert_eq!(answer.header("cache-control"), None);
    // A person who opens an address of an API: there is a page to sign in at, but only
    // where people may go.
    let navigation: &[(&str, &[u8])] = &[
        ("accept", b"text/html"),
        ("sec-fetch-mode", b"navigate"),
        ("sec-fetch-dest", b"document"),
    ];
    let answer = ask(&world.site, "GET", "/api/orders", navigation).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
    let answer = ask(&world.site, "GET", "/api/either", navigation).await;
    assert_eq!(answer.status, 303, "{answer:?}");
}

async fn only_typed_tokens_are_accepted_where_that_is_asked_for(on: Backend) {
    let world = World::with(on, Setup::with_apis, |config| config.with_rfc9068()).await;
    let token = world.provider.application_token(Api::Orders).await;
    let answer = world.get("/api/all", &token).await;
    match on.provider {
        // As Entra, it says `JWT`.
        ProviderKind::LocalTenant => answer.expect_refused(401, "invalid_token", "token.type"),
        _ => answer.expect_ok("passed"),
    }
}

async fn tokens_of_another_algorithm_are_accepted(on: Backend) {
    let es256 = |setup: Setup| setup.with_apis_signed_with("ES256");
    let world = World::with(on, es256, |config| config).await;
    let application = world.provider.application_token(Api::Orders).await;
    assert!(application.starts_with(ES256), "{application}");
    world
        .get("/api/all", &application)
        .await
        .expect_ok("passed");
    let ada = user(&world, "ada", "orders.write").await;
    assert!(ada.starts_with(ES256), "{ada}");
    world.get("/api/write", &ada).await.expect_ok("passed");
}

async fn user(world: &World, login: &str, scopes: &str) -> String {
    let provider = &world.provider;
    let tokens = provider.user_tokens(Client::TILL, login, Api::Orders, scopes);
    tokens.await.access
}

/// `{"alg":"ES256"`, of every header that begins so.
const ES256: &str = "eyJhbGciOiJFUzI1NiIs";
