//! Tokens that are given, renewed, exchanged and taken back: no line has one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ciam_tests::honest::{Api, CLIENT_ID, CLIENT_SECRET, Client, Honest, Lifetimes, PASSWORD};
use ciam_tests::scripted::{Asked, Fault, Place};
use ciam_tests::visitor::Page;
use ciam_tests::{Backend, Logs, Secrets, StoreKind, Visitor, cases, clock, told_to_script};
use http::Method;
use serde_json::json;

use super::super::sign_in;
use super::super::tokens::ROUTES;
use super::super::tokens::apis::relayed;
use super::{HOUR, World, add_cookies, stay_secret_since};

cases! {
    at Misbehaving in every store:
        a_life_with_tokens_is_logged_without_one,
        a_provider_that_repeats_a_refresh_is_not_repeated;
    at LocalTenant in every store,
        because "oidc-provider exchanges no token of a caller for another":
        tokens_for_apis_are_logged_nowhere;
}

/// From the sign-in to the sign-out here, and to one that the provider tells of.
async fn a_life_with_tokens_is_logged_without_one(on: Backend) {
    let mut world = world(on).await;
    let mut given = BTreeSet::new();
    world.sign_in().await;
    given.extend([world.asked("/token").await.body]);
    world.advance(HOUR);
    given.extend([world.asked("/token").await.body]);
    world.advance(13 * HOUR);
    given.extend([world.asked("/token").await.body]);
    assert_eq!(given.len(), 3, "each is another one");
    let renewals = world.provider.asked(Place::Refresh).len();
    assert_eq!(renewals, 2);

    let end = world.sign_out().await.location().expect("to the provider");
    assert!(
        end.query()
            .is_some_and(|query| query.contains("id_token_hint="))
    );
    revoked(&world, 1).await;
    assert_eq!(told_to_script(&world.asked("/token").await).0, 401);

    // Somebody signs in again, and the provider takes it back.
    let mut secrets = world.secrets();
    world.visitor = Visitor::new();
    world.sign_in().await;
    given.extend([world.asked("/token").await.body]);
    let uri = world.site.url("/auth/backchannel-logout");
    let honest = world.provider.logout_token();
    let mut late = honest.clone();
    late.set(json!({"exp": 1_000_000_000, "jti": "another-one-of-this-size"}));
    let expected = match on.store {
        StoreKind::Cookie => [404, 404, 404, 404],
        _ => [400, 400, 200, 400],
    };
    let garbage = format!("{}.e30.e30", "a-logout-token-of-nobody");
    let [late, honest] = [&late, &honest].map(|token| world.provider.sign_logout(token));
    for (token, status) in [&garbage, &late, &honest, &honest]
        .into_iter()
        .zip(expected)
    {
        let answer = world.provider.notify(&uri, token).await;
        assert_eq!(answer.status, status, "{answer:?}");
        secrets.add("logout token", token);
    }
    if on.store != StoreKind::Cookie {
        assert_eq!(told_to_script(&world.asked("/token").await).0, 401);
    }
    let issuer = format!("issuer={}", world.provider.issuer());
    assert!(
        !Logs::capture().own(&issuer).is_empty(),
        "it is logged at all"
    );

    for token in &given {
        secrets.add("access token", token);
    }
    add_all(&mut secrets, &world);
    let mut kinds = BTreeSet::from([
        "ID token",
        "access token",
        "client secret",
        "code",
        "code verifier",
        "cookie secret",
        "logout token",
        "nonce",
        "refresh token",
        "session cookie",
        "state",
        "state of the sign-out",
        "transaction cookie",
    ]);
    if on.store == StoreKind::Cookie {
        kinds.insert("ID token cookie");
    }
    assert_eq!(*secrets.kinds(), kinds);
    stay_secret_since(world.logged, &secrets);
}

/// Every way in which a provider can hand back what it was sent: in the error, in its
/// description, as the whole body, and while a token is revoked.
async fn a_provider_that_repeats_a_refresh_is_not_repeated(on: Backend) {
    let mut world = world(on).await;
    let mut secrets = world.secrets();
    for (status, echo) in ECHOES {
        world.visitor = Visitor::new();
        world.sign_in().await;
        assert_eq!(world.asked("/token").await.status, 200);
        world.advance(HOUR);
        let fault = Fault::Tells(*status, Arc::new(echo));
        world.provider.fail(Place::Refresh, fault.clone());
        world.provider.fail(Place::Revocation, fault);
        let before = (
            Logs::capture().count(),
            world.provider.asked(Place::Revocation).len(),
        );
        let answer = world.asked("/token").await;
        assert!(
            [401, 502, 503].contains(&answer.status.as_u16()),
            "{answer}"
        );
        add_all(&mut secrets, &world);
        assert!(secrets.found_in(&answer.body).is_empty(), "{answer}");
        let lines = Logs::capture().own_after(before.0, "code=token");
        assert!(!lines.is_empty(), "it is logged");
        if answer.status != 401 {
            world.sign_out().await;
            revoked(&world, before.1 + 1).await;
        }
        world.provider.recover().await;
        // Longer than a provider is left alone after a failure.
        world.advance(Duration::from_secs(64));
    }
    add_all(&mut secrets, &world);
    stay_secret_since(world.logged, &secrets);
}

type Echo = fn(&Asked) -> String;

const ECHOES: &[(u16, Echo)] = &[
    (400, |asked| {
        let sent = asked.field("refresh_token").unwrap_or_default();
        let description = format!("{sent} is not known");
        json!({"error": "invalid_grant", "error_description": description}).to_string()
    }),
    (400, |asked| {
        json!({"error": asked.body, "error_description": asked.body}).to_string()
    }),
    (401, |asked| {
        let header = asked.header("authorization").unwrap_or_default();
        json!({"error": "invalid_client", "error_description": header}).to_string()
    }),
    (500, |asked| asked.body.clone()),
    (200, |asked| asked.body.clone()),
    (200, |asked| {
        let sent = asked
            .field("token")
            .or_else(|| asked.field("refresh_token"));
        json!({"token_type": sent, "access_token": sent, "expires_in": sent}).to_string()
    }),
];

async fn world(on: Backend) -> World {
    let store = on.store.ready().await;
    World::calling(on.framework, |config| store.of(config)).await
}

/// The provider was asked so often to take tokens back.
async fn revoked(world: &World, count: usize) {
    let start = Instant::now();
    while world.provider.asked(Place::Revocation).len() < count {
        assert!(start.elapsed() < LIMIT, "nothing is revoked");
        tokio::time::sleep(POLL).await;
    }
}

fn add_all(secrets: &mut Secrets, world: &World) {
    add_cookies(secrets, &world.visitor);
    for issued in world.provider.issued() {
        let tokens = issued.id_tokens.iter().chain(&issued.access_token);
        for token in tokens {
            secrets.add("access token", token);
        }
        for token in &issued.refresh_tokens {
            secrets.add("refresh token", token);
        }
        for (kind, text) in [
            ("code", &issued.code),
            ("state", &issued.state),
            ("nonce", &issued.nonce),
        ] {
            secrets.add(kind, text);
        }
    }
}

/// For a user, for a caller, and for the application itself; granted and refused.
async fn tokens_for_apis_are_logged_nowhere(on: Backend) {
    let clock = clock();
    let logged = Logs::capture().count();
    let scopes = format!("openid profile offline_access api://{CLIENT_ID}/orders.read");
    let shown = Arc::clone(&clock);
    let world = sign_in::World::serving_at(
        on,
        |setup| setup.with_refresh_tokens(Lifetimes::default()).with_apis(),
        ROUTES,
        |config| config.with_scopes(&scopes).with_clock(shown),
    );
    let world = world.await;
    let Honest::LocalTenant(tenant) = &world.provider else {
        panic!("it runs at the tenant");
    };
    let mut secrets = Secrets::default();
    let mut ada = Visitor::new();
    world.sign_in_as("ada", &mut ada).await;
    let caller = world
        .provider
        .user_tokens(Client::TILL, "ada", Api::Orders, "orders.read")
        .await
        .access;
    secrets.add("token of a caller", &caller);
    for _ in 0..2 {
        for path in ["/token", "/stock", "/own"] {
            let home = ada.go(world.site.url("/")).await;
            let answer = ada.fetch(&home, Method::GET, path).await;
            assert_eq!(answer.status, 200, "{path}: {answer}");
            secrets.add("access token", &answer.body);
        }
        let (status, _, body) = relayed(&world.site, &caller).await;
        assert_eq!(status, 200, "{body}");
        secrets.add("access token", &body);
        clock.advance(Duration::from_secs(3500));
        tenant.advance(Duration::from_secs(3500));
    }
    clock.advance(Duration::from_secs(200));
    tenant.advance(Duration::from_secs(200));
    let before = Logs::capture().count();
    tenant.require_auth_context(Api::Stock.audience(), "stock.read", "c1");
    let fresh = world
        .provider
        .user_tokens(Client::TILL, "ada", Api::Orders, "orders.read");
    let fresh = fresh.await.access;
    secrets.add("token of a caller", &fresh);
    let (status, _, body) = relayed(&world.site, &fresh).await;
    assert_eq!(status, 401, "{body}");
    // The same with a wrong signature.
    let middle = fresh.len() - 100;
    let other = if &fresh[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    let forged = format!("{}{other}{}", &fresh[..middle], &fresh[middle + 1..]);
    let (status, _, body) = relayed(&world.site, &forged).await;
    assert_eq!(status, 401, "{body}");
    let home = ada.go(world.site.url("/")).await;
    let answer: Page = ada.fetch(&home, Method::GET, "/stock").await;
    assert_eq!(told_to_script(&answer), (401, "visit.step_up".to_owned()));
    for code in ["token.signature", "tokens.interaction"] {
        let lines = Logs::capture().own_after(before, &format!("code={code} "));
        assert!(!lines.is_empty(), "{code}");
    }
    world.sign_out(&mut ada).await;

    secrets.add("password", PASSWORD);
    secrets.add("client secret", CLIENT_SECRET);
    add_cookies(&mut secrets, &ada);
    for exchange in ada.history() {
        for (name, value) in exchange.url.query_pairs() {
            match &*name {
                "code" | "id_token_hint" | "nonce" | "state" => secrets.add("of the way", &value),
                _ => {}
            }
        }
    }
    stay_secret_since(logged, &secrets);
}

const LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);
