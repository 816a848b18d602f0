//! What the shops and the APIs sell.

use serde::{Deserialize, Serialize};

/// An order of tea.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(clippy::exhaustive_structs)] // it is read from a request
pub struct Order {
    /// Which tea.
    pub tea: String,
    /// How much of it.
    pub grams: u32,
}

/// The orders of today.
pub fn orders() -> Vec<Order> {
    let order = |tea: &str, grams| Order {
        tea: tea.to_owned(),
        grams,
    };
    vec![order("Darjeeling", 100), order("Sencha", 50)]
}
