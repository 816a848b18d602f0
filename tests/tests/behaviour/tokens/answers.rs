//! What a provider answers to a refresh, and what becomes of the session.

use std::sync::Arc;
use std::time::Duration;

use ciam_core::{Config, ConfigBuilder, ManualClock};
use ciam_tests::scripted::{Place, REFRESH_ROWS, RefreshOutcome, Scripted};
use ciam_tests::{
    Backend, Framework, Logs, Redis, Secrets, Site, Store, Visitor, cases, clock, told_to_script,
};
use http::Method;

use super::{ROUTES, asked};

cases! {
    at Misbehaving in every store:
        each_answer_to_a_refresh_ends_as_it_must,
        a_refresh_token_that_somebody_else_used_ends_the_session;
    at Misbehaving:
        a_store_that_fails_tells_no_secret;
}

/// An application that calls an API, and a provider that answers what it is told.
struct World {
    provider: Scripted,
    clock: Arc<ManualClock>,
    site: Site,
}

impl World {
    async fn new(on: Backend) -> Self {
        let store = on.store.ready().await;
        Self::with(on.framework, |config| store.of(config)).await
    }

    async fn with(on: Framework, configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        Logs::capture();
        let (provider, clock) = (Scripted::start().await, clock());
        let (issuer, shown) = (provider.issuer(), Arc::clone(&clock));
        let site = Site::serve(on, ROUTES, async |base_url| {
            let config = Config::web(issuer, "shop", base_url, "")
                .with_client_secret("the client's secret")
                .with_http_timeout(Duration::from_secs(1))
                .with_scopes("openid offline_access api://orders/read")
                .with_clock(shown);
            configure(config)
        });
        Self {
            site: site.await,
            provider,
            clock,
        }
    }

    async fn signed_in(&self) -> Visitor {
        let mut visitor = Visitor::new();
        let page = visitor.go(self.site.url("/account")).await;
        assert_eq!((page.url.path(), page.status.as_u16()), ("/account", 200));
        visitor
    }

    /// The application's clock, and the provider's.
    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        let now = ciam_core::Clock::now(&*self.clock).unix();
        self.provider.script(|script| script.now = Some(now));
    }

    /// None of what the provider gave is in what anybody has logged.
    fn stays_secret(&self) {
        let mut secrets = Secrets::default();
        for issued in self.provider.issued() {
            let tokens = issued.refresh_tokens.iter().chain(&issued.id_tokens);
            for token in tokens.chain(&issued.access_token) {
                secrets.add("a token", token);
            }
        }
        for line in Logs::capture().lines() {
            let found = secrets.found_in(&line.to_string());
            assert!(found.is_empty(), "{found:?} in {line}");
        }
    }
}

async fn each_answer_to_a_refresh_ends_as_it_must(on: Backend) {
    let world = World::new(on).await;
    for row in REFRESH_ROWS {
        let context = format!("{} {}", row.module, row.what);
        let mut visitor = world.signed_in().await;
        let first = asked(&world.site, &mut visitor, "/token").await;
        assert_eq!(first.status, 200, "{context}: {first}");
        world.advance(Duration::from_secs(3600));
        world.provider.script(row.change);
        let before = world.provider.asked(Place::Refresh).len();
        let answer = asked(&world.site, &mut visitor, "/token").await;
        let requests = world.provider.asked(Place::Refresh).len() - before;
        assert_eq!(requests, 1, "{context}");
        let home = visitor.go(world.site.url("/")).await.body;
        match row.outcome {
            RefreshOutcome::Renewed => {
                assert_eq!(answer.status, 200, "{context}: {answer}");
                let issued = world.provider.issued();
                let newest = issued.last().and_then(|issued| issued.access_token.clone());
                assert_eq!(Some(answer.body), newest, "{context}");
                assert_ne!(home, "nobody", "{context}");
            }
            RefreshOutcome::Failed => {
                assert_eq!(
                    told_to_script(&answer),
                    failure(row.what),
                    "{context}: {answer}"
                );
                assert_ne!(home, "nobody", "{context}: what was there stays");
            }
            RefreshOutcome::Ended => {
                let ended = (401, "visit.not_signed_in".to_owned());
                assert_eq!(told_to_script(&answer), ended, "{context}");
                assert_eq!(home, "nobody", "{context}");
            }
        }
        world.provider.recover().await;
        // Longer than a provider is left alone after a failure.
        world.advance(Duration::from_secs(64));
        if row.outcome == RefreshOutcome::Failed && keeps_refresh_token(&world) {
            let answer = asked(&world.site, &mut visitor, "/token").await;
            assert_eq!(answer.status, 200, "{context}: it works again: {answer}");
        }
    }
    world.stays_secret();
}

/// Whether what the application has is what the provider takes: an answer that could not
/// be used may have rotated it.
fn keeps_refresh_token(world: &World) -> bool {
    let issued = world.provider.issued();
    issued
        .last()
        .is_some_and(|issued| issued.refresh_tokens.len() == 1)
}

/// The status and the code for a script, where nothing else is valid.
fn failure(what: &str) -> (u16, String) {
    let (status, code) = match what {
        "another iss in the ID token" => (502, "token.issuer"),
        "another sub in the ID token" => (502, "tokens.other_user"),
        "no sub in the ID token" => (502, "token.subject_missing"),
        "another aud in the ID token" => (502, "token.audience"),
        "another nonce in the ID token" => (502, "token.nonce"),
        "an ID token of yesterday" => (502, "token.expired"),
        "an ID token that is none" => (502, "token.alg_missing"),
        "a wrong bit in the ID token's signature" => (502, "token.signature"),
        "an ID token that is a number" | "no token_type" => (502, "token_endpoint.member"),
        "no access token" | "an empty access token" => (502, "token_endpoint.member"),
        "another token_type" => (502, "token_endpoint.token_type"),
        "200 without a body" | "a page" => (502, "token_endpoint.not_json"),
        "invalid_client" | "400 without a body" => (502, "token_endpoint.refused"),
        "a redirect" => (502, "token_endpoint.refused"),
        "500" | "invalid_grant with status 500" => (503, "token_endpoint.refused"),
        "429 with Retry-After" | "503 with Retry-After" => (503, "token_endpoint.refused"),
        "an access token of two megabytes" => (502, "transport.too_large"),
        "an answer without an end" => (502, "transport.too_large"),
        "a closed connection" | "another protocol" => (503, "transport.interrupted"),
        "an answer cut short" => (503, "transport.interrupted"),
        "silence" => (503, "transport.timeout"),
        what => panic!("{what} has no code here"),
    };
    (status, String::from(code))
}

async fn a_refresh_token_that_somebody_else_used_ends_the_session(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = world.signed_in().await;
    world.advance(Duration::from_secs(3600));
    let stolen = world.provider.issued()[0].refresh_tokens[0].clone();
    let answer = asked(&world.site, &mut visitor, "/token").await;
    assert_eq!(answer.status, 200, "{answer}");
    // The thief is late: what was rotated is used again.
    let body = format!("grant_type=refresh_token&refresh_token={stolen}");
    let thief = reqwest::Client::new()
        .post(world.provider.url(Place::Token))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let refused = thief.send().await.expect("an answer");
    assert_eq!(refused.status(), 400);
    world.advance(Duration::from_secs(3600));
    let answer = asked(&world.site, &mut visitor, "/token").await;
    assert_eq!(
        told_to_script(&answer),
        (401, "visit.not_signed_in".to_owned())
    );
    let home = visitor.go(world.site.url("/")).await;
    assert_eq!(home.body, "nobody", "{home}");
    let page = visitor.fetch(&home, Method::GET, "/account").await;
    assert_eq!(
        told_to_script(&page),
        (401, "visit.not_signed_in".to_owned())
    );
    world.stays_secret();
}

async fn a_store_that_fails_tells_no_secret(on: Framework) {
    let mut redis = Redis::start_with_user("~* +@all").await;
    let world = World::with(on, |config| Store::Redis(&redis).of(config)).await;
    let mut visitor = world.signed_in().await;
    let home = visitor.go(world.site.url("/")).await;
    world.advance(Duration::from_secs(3600));
    let answer = asked(&world.site, &mut visitor, "/token").await;
    assert_eq!(answer.status, 200, "{answer}");
    // While a token is renewed, and while somebody signs out.
    world.advance(Duration::from_secs(3600));
    redis.kill();
    let unavailable = (503, "session.store".to_owned());
    let answer = asked(&world.site, &mut visitor, "/token").await;
    assert_eq!(told_to_script(&answer), unavailable, "{answer}");
    let answer = visitor.fetch(&home, Method::POST, "/auth/logout").await;
    assert_eq!(answer.status, 503, "{answer}");
    redis.restart().await;
    let mut visitor = world.signed_in().await;
    let answer = visitor.fetch(&home, Method::POST, "/auth/logout").await;
    assert_eq!(answer.status, 303, "{answer}");
    world.stays_secret();
    for line in Logs::capture().lines() {
        assert!(!line.to_string().contains(redis.password()), "{line}");
    }
}
