//! What a visit costs where the session is in Redis, beside one command alone.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Request;
use axum::http::header::COOKIE;
use ciam_core::store::RedisStore;
use ciam_core::{Ciam, Incoming};
use ciam_tests::Redis;
use redis::aio::MultiplexedConnection;
use redis::{Client, Value, cmd};
use tokio::runtime::Runtime;

use crate::crowd::Crowd;
use crate::support::rounds::{Run, Samples};
use crate::support::sign_in::NAME;

pub(crate) fn measure(runtime: &Runtime) -> Result<(), String> {
    let server = runtime.block_on(Redis::start());
    let store = RedisStore::new(&server.address()).map_err(|error| error.to_string())?;
    let mut crowd = Crowd::new(Arc::new(store));
    crowd.grow(runtime, 1);
    let connection = runtime.block_on(connect(&server))?;
    let key = runtime.block_on(the_session(&connection))?;
    let request = Request::get("/").header(COOKIE, &*crowd.cookies[0]);
    let request = request.body(()).expect("a request");

    // The same value as a plain string, for `GET`.
    let plain = b"plain".to_vec();
    runtime.block_on(copy(&connection, &key, &plain))?;
    let name = runtime.block_on(visit(&crowd.ciam, &request))?;
    if name != NAME {
        return Err(format!("{name} is signed in, expected {NAME}"));
    }
    let command = |command: &'static str, key: Vec<u8>, fields: &'static [&'static str]| {
        let connection = connection.clone();
        move |times: usize| {
            runtime.block_on(async {
                let started = Instant::now();
                for _ in 0..times {
                    let mut asked = cmd(command);
                    asked.arg(&key).arg(fields);
                    let answer: Value = asked
                        .query_async(&mut connection.clone())
                        .await
                        .expect("it answers");
                    black_box(answer);
                }
                started.elapsed()
            })
        }
    };
    let visits = |times: usize| -> Duration {
        runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..times {
                black_box(visit(&crowd.ciam, &request).await.expect("signed in"));
            }
            started.elapsed()
        })
    };
    let mut runs: [Run<'_>; 3] = [
        Box::new(command("GET", plain, &[])),
        Box::new(command("HMGET", key, &["v", "r"])),
        Box::new(visits),
    ];
    let mut samples = Samples::default();
    allocation_counter::opt_out(|| samples = Samples::take(&mut runs, ROUNDS, TIMES));
    println!("| | of one `GET` | of one `HMGET` | µs, min | µs, median |\n|---|---|---|---|---|");
    for (subject, name) in [
        "`GET`",
        "`HMGET` of value and revision",
        "ours: visit, `User`",
    ]
    .iter()
    .enumerate()
    {
        let of = |base| {
            let median = samples.median_of(subject, base, |one, base| one / base);
            format!(
                "{:.2} ({median:.2})",
                samples.min(subject) / samples.min(base)
            )
        };
        println!(
            "| {name} | {} | {} | {:.1} | {:.1} |",
            of(0),
            of(1),
            samples.min(subject),
            samples.median(subject)
        );
    }
    Ok(())
}

/// Who the visitor is, as an adapter asks.
async fn visit(ciam: &Ciam, request: &Request<()>) -> Result<String, String> {
    let visit = ciam.visit(Incoming {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
    });
    let visit = visit.map_err(|_| "refused")?;
    if let Some(pending) = visit.pending(false, std::iter::empty(), None) {
        pending.await;
    }
    let user = visit.user().map_err(|_| "the store fails")?;
    let name = user.and_then(|user| user.name()).ok_or("nobody")?;
    Ok(name.to_owned())
}

async fn connect(server: &Redis) -> Result<MultiplexedConnection, String> {
    let client = Client::open(server.address()).map_err(|error| error.to_string())?;
    let connection = client.get_multiplexed_async_connection().await;
    connection.map_err(|error| error.to_string())
}

/// The key of the only session.
async fn the_session(connection: &MultiplexedConnection) -> Result<Vec<u8>, String> {
    let mut keys = cmd("KEYS");
    let keys: Result<Vec<Vec<u8>>, _> = keys
        .arg("ciam:s:*")
        .query_async(&mut connection.clone())
        .await;
    let mut keys = keys.map_err(|error| error.to_string())?;
    keys.pop().ok_or_else(|| "no session is kept".to_owned())
}

async fn copy(connection: &MultiplexedConnection, key: &[u8], to: &[u8]) -> Result<(), String> {
    let failed = |error: redis::RedisError| error.to_string();
    let mut connection = connection.clone();
    let value: Vec<u8> = cmd("HGET")
        .arg(key)
        .arg("v")
        .query_async(&mut connection)
        .await
        .map_err(failed)?;
    let mut set = cmd("SET");
    set.arg(to).arg(value);
    set.query_async(&mut connection).await.map_err(failed)
}

const ROUNDS: usize = 300;
const TIMES: usize = 50;
