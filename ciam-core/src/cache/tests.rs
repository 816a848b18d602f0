use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

use super::*;

const POLICY: Policy = Policy {
    fresh: Duration::from_secs(60),
    usable: Duration::from_secs(600),
    burst: 3,
    refill: Duration::from_secs(10),
};

#[derive(Clone, Debug, Eq, PartialEq)]
enum Failure {
    Unanswered(Unanswered),
    Down,
}

impl From<Unanswered> for Failure {
    fn from(reason: Unanswered) -> Self {
        Self::Unanswered(reason)
    }
}

/// A value that counts how often it was fetched.
struct Source {
    cached: Arc<Cached<u32, Failure>>,
    fetches: Arc<AtomicU32>,
}

impl Source {
    fn new() -> Self {
        Self {
            cached: Arc::new(Cached::new(POLICY)),
            fetches: Arc::default(),
        }
    }

    fn fetch(
        &self,
        outcome: Result<(), Failure>,
    ) -> impl Future<Output = Result<u32, Failure>> + use<> {
        let count = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        async move { outcome.map(|()| count) }
    }

    async fn value(&self, at: u64, outcome: Result<(), Failure>) -> Result<u32, Failure> {
        let now = Timestamp::from_unix(at);
        self.cached
            .value(now, || self.fetch(outcome))
            .await
            .map(|v| *v)
    }

    /// A newer one than there is, or than nobody has.
    async fn newer(&self, at: u64) -> Result<u32, Failure> {
        let now = Timestamp::from_unix(at);
        let seen = self.cached.peek(now).unwrap_or_default();
        self.cached
            .newer(&seen, now, || self.fetch(Ok(())))
            .await
            .map(|v| *v)
    }

    fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_fresh_value_is_fetched_once() {
    let source = Source::new();
    assert_eq!(source.value(1000, Ok(())).await, Ok(1));
    assert_eq!(source.value(1059, Ok(())).await, Ok(1));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn a_stale_value_is_served_while_the_next_is_fetched() {
    let source = Source::new();
    assert_eq!(source.value(1000, Ok(())).await, Ok(1));
    assert_eq!(source.value(1060, Ok(())).await, Ok(1));
    tokio::task::yield_now().await;
    assert_eq!(source.value(1060, Ok(())).await, Ok(2));
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_failure_keeps_the_good_value_for_a_bounded_time() {
    let source = Source::new();
    assert_eq!(source.value(1000, Ok(())).await, Ok(1));
    for at in [1100, 1300, 1599] {
        assert_eq!(source.value(at, Err(Failure::Down)).await, Ok(1), "at {at}");
        tokio::task::yield_now().await;
    }
    let health = source.cached.health(Timestamp::from_unix(1599), |_| "down");
    assert_eq!(
        health,
        Health {
            age: Some(Duration::from_secs(599)),
            last_error: Some("down")
        }
    );
    assert_eq!(
        source.value(1600, Err(Failure::Down)).await,
        Err(Failure::Down)
    );
    assert_eq!(source.cached.peek(Timestamp::from_unix(1600)), None);
    assert_eq!(source.value(1610, Ok(())).await, Ok(6));
}

#[tokio::test]
async fn failures_cost_the_provider_no_more_than_the_budget() {
    let source = Source::new();
    for _ in 0..100 {
        assert_eq!(
            source.value(1000, Err(Failure::Down)).await,
            Err(Failure::Down)
        );
    }
    assert_eq!(source.fetches(), 3);
    assert_eq!(
        source.value(1010, Ok(())).await,
        Ok(4),
        "one more after the refill time"
    );
}

#[tokio::test]
async fn forced_fetches_are_bounded_too() {
    let source = Source::new();
    for n in 1..=3 {
        assert_eq!(
            source.newer(1000).await,
            Ok(n),
            "a rotation right after the first fetch"
        );
    }
    let over = Failure::Unanswered(Unanswered::OverBudget);
    assert_eq!(source.newer(1009).await, Err(over));
    assert_eq!(source.newer(1010).await, Ok(4));
}

#[tokio::test]
async fn all_who_wait_share_one_fetch_and_may_be_dropped() {
    let cached: Arc<Cached<u32, Failure>> = Arc::new(Cached::new(POLICY));
    let gate = Arc::new(Notify::new());
    let fetches = Arc::new(AtomicU32::new(0));
    let now = Timestamp::from_unix(1000);
    let waiters: Vec<_> = (0..50)
        .map(|_| {
            let (cached, gate, fetches) = (Arc::clone(&cached), gate.clone(), fetches.clone());
            tokio::spawn(async move {
                let fetch = || async move {
                    fetches.fetch_add(1, Ordering::SeqCst);
                    gate.notified().await;
                    Ok(7)
                };
                cached.value(now, fetch).await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    for (n, waiter) in waiters.into_iter().enumerate() {
        if n % 2 == 0 {
            waiter.abort();
        } else {
            gate.notify_one();
            assert_eq!(waiter.await.expect("not aborted"), Ok(Arc::new(7)));
        }
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn all_who_want_a_newer_value_share_one_fetch() {
    let cached: Arc<Cached<u32, Failure>> = Arc::new(Cached::new(POLICY));
    let fetches = AtomicU32::new(0);
    let now = Timestamp::from_unix(1000);
    let seen = Arc::default();
    let newer = || {
        cached.newer(&seen, now, || {
            fetches.fetch_add(1, Ordering::SeqCst);
            async {
                tokio::task::yield_now().await;
                Ok(7)
            }
        })
    };
    for value in futures_util::future::join_all((0..50).map(|_| newer())).await {
        assert_eq!(value, Ok(Arc::new(7)));
    }
    // Nor does whoever saw it before and asks now.
    assert_eq!(newer().await, Ok(Arc::new(7)));
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_fetch_nobody_waits_for_any_more_is_finished_and_kept() {
    let cached: Arc<Cached<u32, Failure>> = Arc::new(Cached::new(POLICY));
    let gate = Arc::new(Notify::new());
    let now = Timestamp::from_unix(1000);
    let waiter = tokio::spawn({
        let (cached, gate) = (Arc::clone(&cached), gate.clone());
        async move {
            let fetch = || async move {
                gate.notified().await;
                Ok(7)
            };
            cached.value(now, fetch).await
        }
    });
    tokio::task::yield_now().await;
    waiter.abort();
    gate.notify_one();
    while cached.peek(now).is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_failure_and_the_next_one_works() {
    let cached: Arc<Cached<u32, Failure>> = Arc::new(Cached::new(POLICY));
    let now = Timestamp::from_unix(1000);
    let broken = cached
        .value(now, || async { panic!("a bug in an HttpClient") })
        .await;
    assert_eq!(broken, Err(Failure::Unanswered(Unanswered::Interrupted)));
    assert_eq!(cached.value(now, || async { Ok(1) }).await, Ok(Arc::new(1)));
}
