//! Instructions of a caller's request.

use std::fs;
use std::path::Path;

use crate::api::tokens::Tokens;
use crate::on_axum::{BARE, BARE_NEW, GUARDED, NEW, REPEATED};
use crate::support::instructions::{self, Counts};

pub(crate) fn run(tokens: &Tokens, keep: bool) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = directory.path().join("tokens");
    fs::write(&file, tokens.to_lines()).map_err(|error| error.to_string())?;
    let mut counts = Counts::new();
    for framework in ["axum", "actix"] {
        let count = |name, requests| count(framework, name, requests, &file);
        let bare = count(BARE, REPEATED_REQUESTS)?;
        let bare_new = count(BARE_NEW, NEW_REQUESTS)?;
        let of_framework = counts.entry(framework.to_owned()).or_default();
        for (name, count) in [
            (BARE, bare),
            (REPEATED, count(REPEATED, REPEATED_REQUESTS)? - bare),
            (GUARDED, count(GUARDED, REPEATED_REQUESTS)? - bare),
            (NEW, count(NEW, NEW_REQUESTS)? - bare_new),
        ] {
            of_framework.insert(name.to_owned(), count);
        }
    }
    instructions::compare(&counts, keep)
}

/// Of one request, by a process that does nothing else.
fn count(framework: &str, name: &str, requests: usize, tokens: &Path) -> Result<i64, String> {
    let tokens = tokens.to_str().ok_or("a path that is no text")?;
    let number = requests.to_string();
    let arguments = ["--tokens", tokens, "--only", framework, name, &number];
    instructions::count(&arguments, requests)
}

const REPEATED_REQUESTS: usize = 2000;
const NEW_REQUESTS: usize = 200;
