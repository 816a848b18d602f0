//! The session: what the cookie of a signed-in visitor holds.

pub(crate) mod cookie;
pub(crate) mod key_ring;
pub(crate) mod seal;
