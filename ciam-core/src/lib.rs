//! OpenID Connect sign-in for web applications, knowing nothing of any web framework.

mod cache;
pub mod claims;
pub mod keys;
pub mod token;

mod clock;
mod flow;
mod random;
mod secret;
mod transport;
mod session;

pub use cache::Health;
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use random::{Random, RandomError, SystemRandom};
pub use secret::Secret;
pub use transport::{HttpClient, MAX_RESPONSE_BYTES, ResponseFuture, TransportError};
