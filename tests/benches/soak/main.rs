//! Many sessions for many minutes: `cargo bench -p ciam-tests --bench soak`.
//!
//! Two instances of an application share a store; every session has tokens that are
//! refreshed every few seconds at a tenant that takes a refresh token once, on a clock that
//! runs sixty times as fast. In the middle the tenant's signing keys and the cookie secret
//! change, and both instances are replaced. Nobody may be signed out, see somebody else's
//! name, or get a token that has ended. `--seconds`, `--sessions`, `--rate` and
//! `--store memory` change what it says; without `--bench` it is a short one.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ciam_core::store::{MemoryStore, RedisStore, SessionStore};
use ciam_tests::{Redis, resident_memory};
use tokio::runtime::Builder;

mod instances;
mod people;
mod provider;

use instances::Instances;
use people::People;

/// What is to be done.
struct Plan {
    seconds: u64,
    sessions: usize,
    rate: u64,
    redis: bool,
}

fn main() -> ExitCode {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        if provider::serve().await {
            return ExitCode::SUCCESS;
        }
        soak(&Plan::read()).await
    })
}

async fn soak(plan: &Plan) -> ExitCode {
    let redis = match plan.redis {
        true => Some(Redis::start().await),
        false => None,
    };
    let store: Arc<dyn SessionStore> = match &redis {
        Some(redis) => Arc::new(RedisStore::new(&redis.address()).expect("an address")),
        None => Arc::new(MemoryStore::default()),
    };
    let began = Instant::now();
    let instances = Arc::new(Instances::start(store));
    let people = Arc::new(People::sign_in(&instances, plan.sessions).await);
    println!(
        "{} sessions in {} were begun in {:.0} s",
        plan.sessions,
        if plan.redis { "Redis" } else { "memory" },
        began.elapsed().as_secs_f64()
    );

    let passing = tokio::spawn({
        let instances = Arc::clone(&instances);
        async move { instances.let_time_pass(SPEED).await }
    });
    let (sent, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut client = reqwest::Client::new();
    let began = Instant::now();
    let mut due = tokio::time::interval(Duration::from_secs(1) / plan.rate as u32);
    // Of this process: the two instances, and what asks them.
    let (mut changed, mut said, mut resident) = (0, 0, Vec::new());
    loop {
        due.tick().await;
        let elapsed = began.elapsed().as_secs();
        if elapsed >= plan.seconds {
            break;
        }
        // A third and two thirds through: keys, then secrets and instances.
        if changed == 0 && elapsed >= plan.seconds / 3 {
            changed = 1;
            instances.rotate_keys();
        } else if changed == 1 && elapsed >= plan.seconds * 2 / 3 {
            changed = 2;
            let instances = Arc::clone(&instances);
            tokio::spawn(async move { instances.replace().await });
            // As a proxy does, it leaves no connection to those that are gone.
            client = reqwest::Client::new();
        }
        if elapsed >= said + 10 {
            said = elapsed;
            resident.push(resident_memory() / MEGABYTE);
            println!(
                "{said:>4} s: {} requests, {} refreshes, {} failures, {} MB",
                sent.load(Ordering::Relaxed),
                instances.refreshes(),
                failed.load(Ordering::Relaxed),
                resident[resident.len() - 1]
            );
        }
        let (people, instances) = (Arc::clone(&people), Arc::clone(&instances));
        let (client, failed) = (client.clone(), Arc::clone(&failed));
        let number = sent.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            if let Err(error) = people.ask(&instances, &client, number).await
                && failed.fetch_add(1, Ordering::Relaxed) < SHOWN
            {
                eprintln!("request {number}: {error}");
            }
        });
    }
    passing.abort();
    // The last ones are on their way.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let failures = failed.load(Ordering::Relaxed);
    println!(
        "{} requests, {} refreshes, {failures} failures; resident {resident:?} MB",
        sent.load(Ordering::Relaxed),
        instances.refreshes(),
    );
    let grown = match (resident.get(resident.len() / 3), resident.last()) {
        (Some(before), Some(after)) => *after > before + before / 4,
        _ => false,
    };
    if grown {
        eprintln!("the memory grew by more than a quarter");
    }
    if failures > 0 || grown || instances.refreshes() == 0 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

impl Plan {
    fn read() -> Self {
        let arguments: Vec<String> = env::args().collect();
        let is_long = arguments.iter().any(|argument| argument == "--bench");
        let named = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1).cloned()
        };
        let number = |name: &str, long: u64, short: u64| {
            let given = named(name).map(|text| text.parse().expect("a number"));
            given.unwrap_or(if is_long { long } else { short })
        };
        Self {
            seconds: number("--seconds", 300, 9),
            sessions: number("--sessions", 10_000, 30) as usize,
            rate: number("--rate", 200, 20),
            redis: named("--store").as_deref() != Some("memory"),
        }
    }
}

const MEGABYTE: usize = 1024 * 1024;

/// How many seconds of the clock are one.
const SPEED: u64 = 60;

/// Failures that are written out.
const SHOWN: u64 = 20;
