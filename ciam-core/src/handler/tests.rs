//! Whole visits against a provider in memory, with a clock that is moved by hand.

mod backchannel;
mod bench;
mod callback;
mod callers;
mod cross_site;
mod frontchannel;
mod granted;
mod keys;
mod life;
mod load;
#[cfg(feature = "metrics")]
mod metrics;
mod navigation;
mod pages;
mod provider;
mod remembered;
mod sessions;
mod sign_in;
mod sign_out;
mod step_up;
mod stored;
mod tokens;
mod two_handles;
mod unavailable;
