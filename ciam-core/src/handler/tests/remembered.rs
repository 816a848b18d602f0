//! What callers cost the provider, and how long their tokens are remembered.

use std::time::Duration;

use serde_json::json;

use super::bench::Bench;
use super::callers::{bearer, call, refusal, requests, token};

#[tokio::test]
async fn a_thousand_calls_cost_the_provider_two_requests() {
    let bench = Bench::new();
    let headers = token(&bench, &json!({}));
    for _ in 0..1000 {
        assert_eq!(
            call(&bench.ciam, &headers, None).await,
            Ok("alice".to_owned())
        );
    }
    assert_eq!(requests(&bench), 2, "metadata and keys");
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_expires() {
    let bench = Bench::new();
    let headers = token(&bench, &json!({}));
    assert!(call(&bench.ciam, &headers, None).await.is_ok());
    bench.clock.advance(Duration::from_secs(3600 + 59));
    assert!(
        call(&bench.ciam, &headers, None).await.is_ok(),
        "clocks may differ"
    );
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(
        call(&bench.ciam, &headers, None).await,
        refusal(401, "invalid_token")
    );
}

#[tokio::test]
async fn a_key_that_left_the_set_stops_its_tokens_though_remembered() {
    let bench = Bench::new();
    let headers = token(&bench, &json!({"exp": 1_900_000_000}));
    assert!(call(&bench.ciam, &headers, None).await.is_ok());
    bench.provider.rotate_keys();
    // The keys are an hour fresh.
    assert!(call(&bench.ciam, &headers, None).await.is_ok());
    bench.clock.advance(Duration::from_secs(3600));
    // Served from stale keys while newer ones are fetched behind it …
    let _ = call(&bench.ciam, &headers, None).await;
    tokio::task::yield_now().await;
    // … and then no longer.
    assert_eq!(
        call(&bench.ciam, &headers, None).await,
        refusal(401, "invalid_token")
    );
    let new = token(&bench, &json!({}));
    assert!(call(&bench.ciam, &new, None).await.is_ok());
}

#[tokio::test]
async fn known_callers_are_served_while_the_provider_is_down() {
    let bench = Bench::new();
    let headers = token(&bench, &json!({"exp": 1_900_000_000}));
    assert!(call(&bench.ciam, &headers, None).await.is_ok());
    bench.clock.advance(Duration::from_secs(3600));
    bench.provider.state().down = vec!["/keys", "/.well-known/openid-configuration"];
    let before = requests(&bench);
    for _ in 0..600 {
        bench.clock.advance(Duration::from_secs(1));
        assert!(call(&bench.ciam, &headers, None).await.is_ok());
        tokio::task::yield_now().await;
    }
    let asked = requests(&bench) - before;
    assert!(
        (1..=26).contains(&asked),
        "five at once, then two a minute: {asked}"
    );
}

#[tokio::test]
async fn an_api_whose_provider_was_never_there_says_so() {
    let bench = Bench::new();
    bench.provider.state().down = vec!["/keys", "/.well-known/openid-configuration"];
    let refused = call(&bench.ciam, &token(&bench, &json!({})), None).await;
    let refused = refused.expect_err("nothing is known");
    assert_eq!((refused.status, refused.challenge), (503, None));
}

#[tokio::test]
async fn floods_cost_the_provider_a_handful_of_requests() {
    let bench = Bench::new();
    let known = token(&bench, &json!({}));
    assert!(call(&bench.ciam, &known, None).await.is_ok());
    let good = bench.provider.access_token(&json!({}), &json!({}));
    // The one that may ask comes last: it leaves no budget that another could spend.
    for (flood, at_most) in [
        ("other issuers", 0),
        ("bad signatures", 0),
        ("noise", 0),
        ("unknown kids", 5),
    ] {
        let before = requests(&bench);
        for number in 0..1000 {
            let kid = json!({"kid": format!("k{number}")});
            let token = match flood {
                "unknown kids" => bench.provider.access_token(&kid, &json!({})),
                "other issuers" => bench
                    .provider
                    .access_token(&kid, &json!({"iss": format!("https://{number}.example")})),
                "bad signatures" => format!("{}{}", &good[..good.len() - 86], "A".repeat(86)),
                _ => format!("a.{number}.c"),
            };
            let found = call(&bench.ciam, &bearer(&token), None).await;
            assert_eq!(found, refusal(401, "invalid_token"), "{flood}");
        }
        let asked = requests(&bench) - before;
        assert!(asked <= at_most, "{flood}: {asked}");
        assert!(call(&bench.ciam, &known, None).await.is_ok(), "{flood}");
    }
}
