//! The programs of the documentation, compiled as they stand there.

#![allow(dead_code)] // their `main` would serve for ever

mod api_on_actix;
mod api_on_axum;
mod calling_on_actix;
mod calling_on_axum;
mod on_actix;
mod on_axum;

use ciam_core::Config;

#[test]
fn without_settings_they_say_which_are_missing() {
    let error = Config::from_toml("").build().expect_err("nothing is set");
    let text = error.to_string();
    for setting in ["authority", "client_id", "base_url", "cookie_secret"] {
        assert!(text.contains(setting), "{text}");
    }
}
