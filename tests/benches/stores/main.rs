//! What sessions in a store cost by their number, in memory and beside what a store
//! itself takes: `cargo bench -p ciam-tests --bench stores`.
//!
//! Without arguments it measures Redis: a visit beside one command on a connection of the
//! same kind to the same server. After `--` something else:
//!
//! - `--memory`: what a hundred thousand sessions take of it;
//! - `--growth`: a request by the number of sessions, up to a million; `--keep` replaces
//!   the plot in `docs`.
//!
//! `--bench visit` has what a session in memory costs in process, `--bench http` what it
//! costs over HTTP, beside others.

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use ciam_axum::User;
use ciam_core::store::MemoryStore;
use tokio::runtime::Builder;

#[path = "../support/mod.rs"]
#[allow(dead_code)] // what the other benchmarks measure with
mod support;

mod crowd;
mod growth;
mod memory;
mod redis;

use crowd::Crowd;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let result = if !has("--bench") {
        // `cargo test --benches` wants no more than that a session is found.
        Crowd::new(Arc::new(MemoryStore::default())).grow(&runtime, 2);
        Ok(())
    } else if has("--memory") {
        memory::measure(&runtime)
    } else if has("--growth") {
        growth::measure(&runtime, has("--keep"))
    } else {
        redis::measure(&runtime)
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The measured handler.
async fn user(user: User) -> String {
    user.name().unwrap_or_default().to_owned()
}
