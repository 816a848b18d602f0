//! What a hundred thousand sessions take of the memory.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use ciam_axum::CiamExt as _;
use ciam_core::store::MemoryStore;
use ciam_tests::resident_memory;
use tokio::runtime::Runtime;

use crate::crowd::Crowd;
use crate::support::subject::{OnAxum, Subject as _};
use crate::user;

/// In a process of its own: nothing was freed before, and nothing else grows.
pub(crate) fn measure(runtime: &Runtime) -> Result<(), String> {
    let mut crowd = Crowd::new(Arc::new(MemoryStore::new(CAPACITY)));
    // Keys, metadata, and what is made at the first sign-in.
    crowd.grow(runtime, 100);
    let router = Router::new()
        .route("/", get(user))
        .layer(crowd.ciam.layer());
    let ours = OnAxum(router);
    let before = resident_memory();
    let allocated = allocation_counter::measure(|| crowd.grow(runtime, SESSIONS + 100));
    let cookies = crowd.bytes_of_cookies();
    let fresh = resident_memory();
    println!("| 100,000 sessions | allocated MB | resident MB |\n|---|---|---|");
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    let own = allocated.bytes_current as usize - cookies.min(allocated.bytes_current as usize);
    println!(
        "| new | {:.1} | {:.1} |",
        megabytes(own),
        megabytes(fresh - before - cookies)
    );
    let visited = allocation_counter::measure(|| {
        for cookies in crowd.cookies.chunks(100) {
            let mut headers = cookies.iter().map(|cookie| Some(("cookie", &**cookie)));
            ours.prepare(runtime, &mut headers)();
        }
    });
    for cookie in [&crowd.cookies[100], &crowd.cookies[SESSIONS]] {
        let (status, _) = ours.answer(runtime, Some(("cookie", cookie)));
        if status != 200 {
            return Err(format!("a session is not there any more: {status}"));
        }
    }
    let after = resident_memory();
    let own = own + visited.bytes_current as usize;
    println!(
        "| each visited once | {:.1} | {:.1} |\n",
        megabytes(own),
        megabytes(after - before - cookies)
    );
    Ok(())
}

const SESSIONS: usize = 100_000;

/// So that nothing is forgotten.
const CAPACITY: u64 = 1024 * 1024 * 1024;
