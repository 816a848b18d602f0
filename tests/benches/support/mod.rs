//! What the benchmarks share.

pub(crate) mod profile;
pub(crate) mod provider;
pub(crate) mod rounds;
pub(crate) mod sign_in;
pub(crate) mod subject;
