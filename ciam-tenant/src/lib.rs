//! A local customer tenant.
