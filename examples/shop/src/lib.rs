//! What the shops of all frameworks share: their pages, and a tenant to try them with.

use std::io::IsTerminal;

mod local;
mod orders;
mod pages;
mod sessions;

pub use local::{StartError, Started, start, start_api};
pub use orders::{NoOrders, Order, orders};
pub use pages::{Pages, health};
pub use sessions::EndSession;

/// Logs to the terminal; `RUST_LOG` chooses what.
pub fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
