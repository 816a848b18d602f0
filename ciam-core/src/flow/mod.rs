//! Signing in and out.

pub(crate) mod return_to;
