//! Instructions of a request whose session is in memory.

use crate::support::instructions::{self, Counts};

pub(crate) fn run(keep: bool) -> Result<(), String> {
    let mut counts = Counts::new();
    for (framework, group) in [("axum", "route"), ("actix", "actix")] {
        let number = REQUESTS.to_string();
        let count = |name: &str| {
            let arguments = ["--count", group, name, &number];
            instructions::count(&arguments, REQUESTS)
        };
        let bare = count(BARE)?;
        let of_framework = counts.entry(framework.to_owned()).or_default();
        of_framework.insert(BARE.to_owned(), bare);
        for name in NAMES {
            of_framework.insert(format!("ours: {name}"), count(name)? - bare);
        }
    }
    instructions::compare(&counts, keep)
}

const BARE: &str = "bare, session id";
const NAMES: [&str; 2] = ["memory store, `User`", "memory store, `Claims<T>`"];
const REQUESTS: usize = 2000;
