//! The core depends in one direction only.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ciam_tests::ranks::{CORE, violations};
use ciam_tests::workspace;

#[test]
fn the_core_uses_only_modules_of_lower_rank() {
    let root = workspace().join("ciam-core/src");
    let mut sources = BTreeMap::new();
    read(&root, &root, &mut sources);
    assert!(
        sources.contains_key("lib.rs"),
        "no source in {}",
        root.display()
    );
    let found: Vec<String> = violations(CORE, &sources)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_way_to_name_a_higher_module_is_found() {
    let found = check(&[
        (
            "lib.rs",
            "mod token; pub use flow::login::{Login, Start as Begin};",
        ),
        (
            "token/checks.rs",
            "use crate::flow::Login;
             use crate::{clock::Timestamp, session::{Seal, cookie}, keys};
             use super::super::handler::routes;
             fn f() -> crate::error::Error { log!(\"{}\", crate::claims::X) }
             mod inner { use super::super::super::flow; use self::x; use super::y; }
             use {crate::handler, std::fmt};
             use crate::{Login, Begin};
             pub(in crate::session) fn g() {}",
        ),
        ("keys.rs", "use super::token::Verified;"),
    ]);
    assert_eq!(
        found,
        [
            "keys.rs:1 keys → token",
            "token/checks.rs:1 token → flow",
            "token/checks.rs:2 token → session",
            "token/checks.rs:3 token → handler",
            "token/checks.rs:4 token → claims",
            "token/checks.rs:4 token → error",
            "token/checks.rs:5 token → flow",
            "token/checks.rs:6 token → handler",
            "token/checks.rs:7 token → flow",
            "token/checks.rs:7 token → flow",
            "token/checks.rs:8 token → session",
        ]
    );
}

#[test]
fn comments_texts_and_tests_do_not_count() {
    let found = check(&[
        (
            "clock.rs",
            "//! See [`crate::flow`].
         // use crate::flow::Login;
         const NAME: &str = \"crate::flow\"; /* crate::flow */
         #[cfg(test)] use crate::{flow::Login, session::Seal};
         #[cfg(test)] const A: crate::flow::A = crate::flow::A { b: 1 };
         #[cfg(test)] const fn a() -> crate::flow::A { crate::flow::A }
         #[cfg(all(test, unix))] mod more { use crate::flow; }
         #[cfg(test)] #[allow(dead_code)] mod tests;
         struct S { #[cfg(test)] a: crate::flow::A, b: u8 }",
        ),
        ("clock/tests.rs", "use crate::flow::Login;"),
        ("random.rs", "#![cfg(test)] use crate::flow::Login;"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_follows_a_test_counts_again() {
    let found = check(&[(
        "clock.rs",
        "#[cfg(test)] use std::{fmt, io};
         use crate::flow;
         #[cfg(test)] fn a() {}
         use crate::flow;
         #[cfg(not(test))] use crate::flow;
         #[cfg(any(test, feature = \"x\"))] use crate::flow;
         struct S { #[cfg(test)] a: u8, b: crate::flow::B }",
    )]);
    let lines: Vec<String> = [2, 4, 5, 6, 7]
        .map(|line| format!("clock.rs:{line} clock → flow"))
        .into();
    assert_eq!(found, lines);
}

#[test]
fn a_module_without_a_rank_is_found() {
    let found = check(&[
        ("lib.rs", "pub use clock::*; pub use helpers::Thing;"),
        ("helpers.rs", ""),
        (
            "flow/login.rs",
            "use crate::helpers::Thing; use crate::*; use crate::{self as all};",
        ),
    ]);
    assert_eq!(
        found,
        [
            "flow/login.rs:1 flow → *",
            "flow/login.rs:1 flow → helpers",
            "flow/login.rs:1 flow → self",
            "helpers.rs:1 helpers → helpers",
        ]
    );
}

fn check(sources: &[(&str, &str)]) -> Vec<String> {
    let sources = sources
        .iter()
        .map(|(path, text)| ((*path).into(), (*text).into()))
        .collect();
    let found = violations(CORE, &sources);
    found
        .iter()
        .map(|v| format!("{}:{} {} → {}", v.file, v.line, v.from, v.to))
        .collect()
}

fn read(root: &Path, directory: &Path, sources: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("a path below the root");
            let name = name.to_str().expect("a name in UTF-8").to_owned();
            sources.insert(name, fs::read_to_string(&path).expect("a source file"));
        }
    }
}
