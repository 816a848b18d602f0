//! The shop as a program, set up with variables alone, against `oidc-provider`:
//! a certified provider that nobody here wrote.
//!
//! Lifetimes of sessions are not here: the clock of a program cannot be moved,
//! and the core's own tests move theirs.

pub(crate) mod addresses;
pub(crate) mod keys;
pub(crate) mod large_sessions;
pub(crate) mod matrix;
pub(crate) mod outage;
pub(crate) mod userinfo;

use ciam_tests::visitor::Page;

use super::sign_in::{ID_TOKEN, SESSION, TRANSACTION, cookie_names};

/// Waits at the provider for somebody to sign in.
fn asks_who(page: &Page) -> bool {
    page.forms()
        .iter()
        .any(|form| form.value("prompt") == Some("login"))
}
