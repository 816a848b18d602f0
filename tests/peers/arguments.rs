//! How a peer is told what to do.

use std::env;

/// The value that follows this name.
pub(crate) fn argument(name: &str) -> String {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    let value = arguments.nth(1);
    value.unwrap_or_else(|| panic!("{name} is missing"))
}
