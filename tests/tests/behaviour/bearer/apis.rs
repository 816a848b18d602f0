//! What is different in an application that is an API and nothing else.

use ciam_core::Config;
use ciam_tests::honest::{Api, Client, Honest, Setup};
use ciam_tests::scripted::{Place, Scripted};
use ciam_tests::{Framework, Logs, ProviderKind, Site, Visitor, cases};
use serde_json::json;

use super::{ORDERS, Scene, ask, get};

cases! {
    at Misbehaving:
        in_an_api_every_guard_is_for_callers,
        claims_of_a_caller_are_a_type_of_the_applications_own,
        a_cookie_is_nothing_to_an_api,
        an_api_of_two_providers_holds_each_token_to_its_own;
    on Axum at Misbehaving, because "an `Option` of actix-web turns every failure into nobody":
        an_optional_caller_is_nobody_or_a_failure;
    at LocalTenant, because "the API has both of the honest ones at once":
        an_api_of_both_honest_providers_takes_the_tokens_of_either;
}

async fn in_an_api_every_guard_is_for_callers(on: Framework) {
    let scene = Scene::new(on).await;
    let answer = ask(&scene.site, "GET", "/admin", &[]).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
    for (roles, status) in [
        (json!(["Admin"]), 200),
        (json!(["admin"]), 403),
        (json!(null), 403),
    ] {
        let token = scene
            .provider
            .access_token(&json!({}), &json!({"roles": roles}));
        let answer = get(&scene.site, "/admin", &token).await;
        assert_eq!(answer.status, status, "{roles}: {answer:?}");
        if status == 403 {
            let challenge = "Bearer error=\"insufficient_scope\"";
            answer.expect_challenge(403, challenge, "insufficient_scope");
        }
    }
    let expired = scene
        .provider
        .access_token(&json!({}), &json!({"exp": 1, "roles": ["Admin"]}));
    let answer = get(&scene.site, "/admin", &expired).await;
    answer.expect_refused(401, "invalid_token", "token.expired");
    // A handler that wants a user gets none of a token.
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let answer = get(&scene.site, "/account", &token).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
}

async fn claims_of_a_caller_are_a_type_of_the_applications_own(on: Framework) {
    let scene = Scene::new(on).await;
    let answer = ask(&scene.site, "GET", "/claims", &[]).await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
    // The handler asks twice, and the log is told once.
    let refused = scene.provider.access_token(&json!({}), &json!({"exp": 1}));
    let answer = get(&scene.site, "/claims", &refused).await;
    answer.expect_refused(401, "invalid_token", "token.expired");
    let token = scene
        .provider
        .access_token(&json!({}), &json!({"shop": "north", "till": 7}));
    let answer = get(&scene.site, "/claims", &token).await;
    answer.expect_ok("alice at till 7 of north");
    let before = Logs::capture().count();
    let other = scene
        .provider
        .access_token(&json!({}), &json!({"shop": "north", "till": "7"}));
    let answer = get(&scene.site, "/claims", &other).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (500, r#"{"error":"internal"}"#)
    );
    let lines = Logs::capture().own_after(before, "code=claims.shape ");
    assert_ne!(lines.len(), 0, "what does not fit is logged");
}

async fn a_cookie_is_nothing_to_an_api(on: Framework) {
    let scene = Scene::new(on).await;
    let issuer = scene.provider.issuer();
    let secret = "U2VjcmV0cyBhcmUgcmFuZG9tLCB0aGlzIG9uZSBpcyBub3Q=";
    let web = Site::serve(on, ORDERS, async |base_url| {
        Config::web(&*issuer, "orders", base_url, secret)
    })
    .await;
    let mut visitor = Visitor::new();
    assert_eq!(visitor.go(web.url("/account")).await.body, "a user");
    let session = visitor.cookie("ciam-session").expect("signed in");
    let cookie = format!("{}={}", session.cookie.name(), session.cookie.value());
    let answer = ask(
        &scene.site,
        "GET",
        "/api/orders",
        &[("cookie", cookie.as_bytes())],
    )
    .await;
    answer.expect_challenge(401, "Bearer", "visit.no_token");
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let bearer = format!("Bearer {token}");
    let both = [
        ("cookie", cookie.as_bytes()),
        ("authorization", bearer.as_bytes()),
    ];
    for method in ["GET", "POST"] {
        let answer = ask(&scene.site, method, "/api/orders", &both).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    // Where the cookie is a session it is one too many.
    let answer = ask(&web, "GET", "/api/orders", &both).await;
    answer.expect_refused(400, "invalid_request", "bearer.with_session");
}

async fn an_api_of_two_providers_holds_each_token_to_its_own(on: Framework) {
    let partner = Scripted::start().await;
    let authority = partner.issuer();
    let scene = Scene::serving(on, ORDERS, |config| {
        config.with_api_provider(authority, "partner-orders")
    })
    .await;
    let theirs = json!({"aud": "partner-orders"});
    for token in [
        scene.provider.access_token(&json!({}), &json!({})),
        partner.access_token(&json!({}), &theirs),
    ] {
        assert_eq!(scene.get(&token).await.status, 200);
    }
    let requests = |place| {
        (
            scene.provider.asked(place).len(),
            partner.asked(place).len(),
        )
    };
    let before = (requests(Place::Metadata), requests(Place::Keys));
    let (ours, partners) = (scene.provider.issuer(), partner.issuer());
    for (token, code) in [
        // The audience of one with the issuer of the other.
        (
            scene.provider.access_token(&json!({}), &theirs),
            "token.audience",
        ),
        (
            partner.access_token(&json!({}), &json!({})),
            "token.audience",
        ),
        // The key of one with the issuer of the other: both keys are named "one".
        (
            partner.access_token(&json!({}), &json!({"iss": ours, "aud": "orders"})),
            "token.signature",
        ),
        (
            scene.provider.access_token(
                &json!({}),
                &json!({"iss": partners, "aud": "partner-orders"}),
            ),
            "token.signature",
        ),
        (
            partner.access_token(&json!({}), &json!({"iss": "https://evil.test"})),
            "token.unknown_issuer",
        ),
        (
            partner.access_token(&json!({}), &json!({"iss": null})),
            "token.unknown_issuer",
        ),
        (
            partner.access_token(&json!({}), &json!({"iss": [ours, partners]})),
            "token.unknown_issuer",
        ),
    ] {
        let answer = scene.get(&token).await;
        answer.expect_refused(401, "invalid_token", code);
    }
    assert_eq!((requests(Place::Metadata), requests(Place::Keys)), before);
}

async fn an_optional_caller_is_nobody_or_a_failure(on: Framework) {
    let scene = Scene::new(on).await;
    let answer = ask(&scene.site, "GET", "/maybe", &[]).await;
    answer.expect_ok("nobody");
    let token = scene.provider.access_token(&json!({}), &json!({}));
    let answer = get(&scene.site, "/maybe", &token).await;
    answer.expect_ok("user at till: orders.read; ");
    let expired = scene.provider.access_token(&json!({}), &json!({"exp": 1}));
    let answer = get(&scene.site, "/maybe", &expired).await;
    answer.expect_refused(401, "invalid_token", "token.expired");
    let answer = get(&scene.site, "/maybe", "a token").await;
    answer.expect_refused(400, "invalid_request", "bearer.malformed");
}

async fn an_api_of_both_honest_providers_takes_the_tokens_of_either(on: Framework) {
    Logs::capture();
    let setup = || Setup::new("http://localhost:1/auth").with_apis_signed_with("ES256");
    let tenant = setup().start(ProviderKind::LocalTenant).await;
    let other = setup().start(ProviderKind::OidcProvider).await;
    let site = Site::serve(on, ORDERS, async |_| {
        Config::api(tenant.authority(), Api::Orders.audience())
            .with_api_provider(other.authority(), Api::Orders.audience())
    })
    .await;
    let user = async |provider: &Honest| {
        let tokens = provider.user_tokens(Client::TILL, "ada", Api::Orders, "orders.read");
        tokens.await.access
    };
    for provider in [&tenant, &other] {
        let application = provider.application_token(Api::Orders).await;
        get(&site, "/api/all", &application)
            .await
            .expect_ok("passed");
        let user = user(provider).await;
        get(&site, "/api/read", &user).await.expect_ok("passed");
    }
}
