//! What the benchmarks share.

pub(crate) mod instructions;
pub(crate) mod keys;
pub(crate) mod plot;
pub(crate) mod profile;
pub(crate) mod provider;
pub(crate) mod rounds;
pub(crate) mod sign_in;
pub(crate) mod subject;
pub(crate) mod tools;
