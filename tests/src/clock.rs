//! Time in the hands of a test.

use std::sync::Arc;

use ciam_core::{Clock as _, ManualClock, SystemClock};

/// Begins now, and moves when it is told to.
pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(SystemClock.now()))
}
