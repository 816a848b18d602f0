//! What both benchmarks of a request measure: the same small application on each framework.

pub(crate) mod by_id;
pub(crate) mod limit;
pub(crate) mod on_actix;
pub(crate) mod on_axum;
pub(crate) mod session;

/// What the application says to somebody who is not signed in.
pub(crate) const NOBODY: &str = "Nobody";
