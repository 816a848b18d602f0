//! What a store says in time.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::{StoreError, StoreFuture};

/// The answer, or that none came.
pub(crate) async fn answered<T>(mut asked: StoreFuture<'_, T>) -> Result<T, StoreError> {
    // A store in memory answers at once, and needs no timer.
    let first = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await;
    if let Poll::Ready(answer) = first {
        return answer;
    }
    let late = |_| {
        Err(StoreError::new(format!(
            "no answer within {STORE_TIMEOUT:?}"
        )))
    };
    let answer = tokio::time::timeout(STORE_TIMEOUT, asked).await;
    answer.unwrap_or_else(late)
}

/// A visitor who waits longer tries again; a store that is alive answers within
/// milliseconds.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);
