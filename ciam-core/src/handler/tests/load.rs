//! Callers by the thousand, on several threads, while keys change and the provider is gone:
//! nobody who is known is refused, and the provider's requests are counted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tokio::task::{JoinSet, yield_now};

use super::bench::Bench;
use super::callers::{bearer, call, refusal, requests};
use super::provider::FakeProvider;
use crate::transport::{HttpClient, ResponseFuture};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_callers_of_all_cost_two_requests() {
    let bench = bench();
    all_are_served(&bench, &tokens(&bench, "first")).await;
    assert_eq!(requests(&bench), 2, "metadata and keys");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_under_load_costs_one_request_and_refuses_nobody() {
    let bench = bench();
    let mut known = tokens(&bench, "before");
    all_are_served(&bench, &known).await;
    for rotation in 1..=10 {
        // The budget: a rotation every half a minute for ever.
        bench.clock.advance(Duration::from_secs(30));
        let mut published = bench.provider.state().keys();
        bench.provider.rotate_keys();
        published.push(bench.provider.state().jwk());
        bench.provider.state().published = Some(published);
        known.extend(tokens(&bench, &format!("after rotation {rotation}")));
        all_are_served(&bench, &known).await;
        assert_eq!(bench.provider.count("/keys"), 1 + rotation);
    }
    assert_eq!(requests(&bench), 2 + 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_that_grow_old_under_load_cost_one_request_and_refuse_nobody() {
    let bench = bench();
    let known = tokens(&bench, "known");
    all_are_served(&bench, &known).await;
    for hour in 1..=12 {
        bench.clock.advance(HOUR);
        all_are_served(&bench, &known).await;
        settled(&bench).await;
        all_are_served(&bench, &tokens(&bench, &format!("of hour {hour}"))).await;
        assert_eq!(bench.provider.count("/keys"), 1 + hour);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_minutes_of_outage_refuse_nobody_who_has_a_known_key() {
    for gone in [
        &["/keys"][..],
        &["/keys", "/.well-known/openid-configuration"],
    ] {
        let bench = bench();
        let known = tokens(&bench, "known");
        all_are_served(&bench, &known).await;
        // Metadata and keys are no longer fresh when it begins.
        bench.clock.advance(24 * HOUR - Duration::from_secs(1200));
        bench.provider.state().down = gone.to_vec();
        let asked = || {
            let keys = bench.provider.count("/keys");
            (keys, requests(&bench) - keys)
        };
        let before = asked();
        for second in (5..=600).step_by(5) {
            bench.clock.advance(Duration::from_secs(5));
            all_are_served(&bench, &known).await;
            if second % 30 == 0 {
                let new = tokens(&bench, &format!("new after {second} seconds"));
                all_are_served(&bench, &new).await;
            }
            let (keys, metadata) = asked();
            // Five in a row, then two and twelve a minute.
            assert!(keys - before.0 <= 5 + second / 30, "{keys} requests");
            assert!(metadata - before.1 <= 5 + second / 5, "{metadata} requests");
        }
        let (keys, metadata) = asked();
        let (keys, metadata) = (keys - before.0, metadata - before.1);
        println!("ten minutes without {gone:?}: keys asked for {keys} times, metadata {metadata}");
        assert!(keys >= 10, "it is tried again: {keys}");
        // And then it is there again.
        bench.provider.state().down = Vec::new();
        bench.clock.advance(Duration::from_secs(30));
        all_are_served(&bench, &known).await;
        settled(&bench).await;
        all_are_served(&bench, &known).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_during_an_outage_refuses_nobody_who_is_known() {
    let bench = bench();
    let known = tokens(&bench, "known");
    all_are_served(&bench, &known).await;
    bench.clock.advance(HOUR);
    bench.provider.state().down = vec!["/keys"];
    let before = bench.provider.count("/keys");
    let mut flood = JoinSet::new();
    for task in 0..4 {
        let ciam = bench.ciam.clone();
        let unknown: Vec<_> = (0..250)
            .map(|number| {
                let kid = json!({"kid": format!("unknown {task} {number}")});
                bearer(&bench.provider.access_token(&kid, &json!({})))
            })
            .collect();
        flood.spawn(async move {
            for headers in unknown {
                let found = call(&ciam, &headers, None).await;
                assert_eq!(found, refusal(401, "invalid_token"));
            }
        });
    }
    all_are_served(&bench, &known).await;
    flood.join_all().await;
    all_are_served(&bench, &tokens(&bench, "new")).await;
    assert_eq!(bench.provider.count("/keys") - before, 5, "the budget");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_left_the_set_stops_its_tokens_on_every_thread() {
    let bench = bench();
    let gone = tokens(&bench, "gone");
    all_are_served(&bench, &gone).await;
    bench.provider.rotate_keys();
    // A token of the new key brings the set that the old one is not in.
    let new = tokens(&bench, "new");
    all_are_served(&bench, &new).await;
    assert_eq!(bench.provider.count("/keys"), 2);
    // The old ones may ask for their key as often as the budget allows.
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (ciam, gone) = (bench.ciam.clone(), gone.clone());
        tasks.spawn(async move {
            for headers in &gone {
                let found = call(&ciam, headers, None).await;
                assert_eq!(found, refusal(401, "invalid_token"));
            }
        });
    }
    tasks.join_all().await;
    all_are_served(&bench, &new).await;
    assert_eq!(bench.provider.count("/keys"), 5, "the budget");
}

/// A bench whose provider takes its time: others come while it is asked.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let slow = Arc::new(Slow(Arc::clone(&bench.provider)));
    bench.ciam = bench
        .restarted(super::bench::SECRET, |config| config.with_http_client(slow))
        .ciam;
    bench
}

/// Tokens of the key that signs, for as long as the tests last.
fn tokens(bench: &Bench, kind: &str) -> Vec<HeaderMap> {
    let token = |number: usize| {
        let claims: Value = json!({"jti": format!("{kind} {number}"), "exp": 1_900_000_000});
        bearer(&bench.provider.access_token(&json!({}), &claims))
    };
    (0..TOKENS).map(token).collect()
}

/// All of the tokens from many tasks at once; each begins with another.
async fn all_are_served(bench: &Bench, tokens: &[HeaderMap]) {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (ciam, mut tokens) = (bench.ciam.clone(), tokens.to_vec());
        let first = task * tokens.len() / TASKS;
        tokens.rotate_left(first);
        tasks.spawn(async move {
            for headers in &tokens {
                assert_eq!(call(&ciam, headers, None).await, Ok("alice".to_owned()));
            }
        });
    }
    tasks.join_all().await;
}

/// Until the keys are fresh again.
async fn settled(bench: &Bench) {
    loop {
        let keys = bench.ciam.health().keys;
        if keys.last_error.is_none() && keys.age.is_some_and(|age| age < HOUR) {
            return;
        }
        yield_now().await;
    }
}

#[derive(Debug)]
struct Slow(Arc<FakeProvider>);

impl HttpClient for Slow {
    fn send(&self, request: Request<Bytes>) -> ResponseFuture<'_> {
        Box::pin(async move {
            for _ in 0..100 {
                yield_now().await;
            }
            self.0.send(request).await
        })
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const TASKS: usize = 16;
const TOKENS: usize = 10;
