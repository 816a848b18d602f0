//! Deletes what has ended, beside the requests and in small portions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::pool::{Pool, Repeat};
use crate::statements::{CLEAR_MARKS, CLEAR_SESSIONS};

/// When something was cleared last.
pub(crate) struct Clearing {
    start: Instant,
    next: AtomicU64,
}

impl Clearing {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            next: AtomicU64::new(0),
        }
    }

    /// Clears in a task of its own, when it is time to.
    pub(crate) fn now_and_then(&self, pool: &Arc<Pool>) {
        let now = self.start.elapsed().as_secs();
        let next = self.next.load(Ordering::Relaxed);
        let after = now.saturating_add(EVERY.as_secs());
        let is_ours = now >= next
            && self
                .next
                .compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_ours {
            let pool = Arc::clone(pool);
            tokio::spawn(async move {
                if let Err(error) = clear(&pool).await {
                    tracing::warn!(%error, "sessions that have ended could not be deleted");
                }
            });
        }
    }
}

/// Deletes what has ended, at most a bounded number of rows.
pub(crate) async fn clear(pool: &Arc<Pool>) -> Result<u64, Failure> {
    let mut cleared = 0;
    for statement in [CLEAR_SESSIONS, CLEAR_MARKS] {
        for _ in 0..PORTIONS {
            let rows = pool
                .rows(Repeat::Harmless, || {
                    sqlx::query(statement).bind(LOCK).bind(PORTION)
                })
                .await?;
            let count = rows.len();
            cleared += u64::try_from(count).unwrap_or(u64::MAX);
            if i64::try_from(count) != Ok(PORTION) {
                break;
            }
        }
    }
    Ok(cleared)
}

/// Rows that have ended are not in the way: the index finds those that have not.
const EVERY: Duration = Duration::from_secs(60);

/// A portion is deleted within milliseconds, and holds one connection as long.
const PORTION: i64 = 500;

/// 50,000 sessions in one go; more have not ended within a minute.
const PORTIONS: usize = 100;

/// "ciam clr": of those who clear, and of nobody else in the database.
const LOCK: i64 = 0x6369_616d_2063_6c72;
