//! OpenID Connect sign-in for web applications, knowing nothing of any web framework.

mod clock;
mod random;
mod secret;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use random::{Random, RandomError, SystemRandom};
pub use secret::Secret;
