//! The same small API on each framework, the tokens of its callers, and the limit.

pub(crate) mod access;
pub(crate) mod limit;
pub(crate) mod on_actix;
pub(crate) mod on_axum;
pub(crate) mod tokens;
