//! What the pages promise is what the source has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ciam_tests::workspace;

fn page(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).expect(path)
}

/// Every text of the form `stage.what` in the sources of a crate, without tests.
fn codes(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).expect("a folder of sources") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() && !path.ends_with("tests") {
            codes(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            let source = fs::read_to_string(&path).expect("a source");
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            let literals = source.split('"').skip(1).step_by(2);
            found.extend(literals.filter(|text| is_code(text)).map(str::to_owned));
        }
    }
}

fn is_code(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    matches!(text.split_once('.'), Some((stage, what)) if STAGES.contains(&stage) && word(what))
}

const STAGES: [&str; 26] = [
    "bearer",
    "callback",
    "claims",
    "config",
    "cookie",
    "key",
    "key_set",
    "keys",
    "layer",
    "login",
    "metadata",
    "random",
    "request",
    "response",
    "return_to",
    "seal",
    "session",
    "sessions",
    "sign_in",
    "token",
    "token_endpoint",
    "step_up",
    "tokens",
    "transport",
    "userinfo",
    "visit",
];

#[test]
fn every_code_is_documented_and_every_documented_code_exists() {
    let mut found = BTreeSet::new();
    for sources in ["ciam-core/src", "ciam-axum/src", "ciam-actix/src"] {
        codes(&workspace().join(sources), &mut found);
    }
    assert!(found.len() > 100, "codes were not found: {found:?}");
    let page = page("docs/errors.md");
    let documented: BTreeSet<String> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| is_code(text))
        .map(str::to_owned)
        .collect();
    let missing: Vec<_> = found.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(&found).collect();
    assert!(missing.is_empty(), "not in docs/errors.md: {missing:?}");
    assert!(invented.is_empty(), "only in docs/errors.md: {invented:?}");
}

#[test]
fn every_setting_is_documented() {
    let source = page("ciam-core/src/config/setting.rs");
    let table = source
        .split("const NAMES")
        .nth(1)
        .expect("the table of names");
    let table = table.split("];").next().expect("its end");
    let names: Vec<_> = table.split('"').skip(1).step_by(2).collect();
    assert!(names.len() > 20, "{names:?}");
    let page = page("docs/settings.md");
    for name in names {
        assert!(
            page.contains(&format!("`CIAM_{name}`")),
            "CIAM_{name} is not in docs/settings.md"
        );
    }
}

#[test]
fn the_programs_of_the_pages_are_those_that_are_compiled() {
    for (name, compiled) in [
        ("README.md", ["on_axum", "on_actix"]),
        ("docs/apis.md", ["api_on_axum", "api_on_actix"]),
        ("docs/sessions.md", ["calling_on_axum", "calling_on_actix"]),
    ] {
        let text = page(name);
        let programs: Vec<&str> = text
            .split("```rust\n")
            .skip(1)
            .filter_map(|text| text.split("```").next())
            .collect();
        let compiled = compiled.map(|name| page(&format!("tests/tests/readme_programs/{name}.rs")));
        assert_eq!(
            programs, compiled,
            "tests/tests/readme_programs differ from {name}"
        );
    }
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let mut sources = String::new();
    for directory in ["ciam-core/src", "tests/tests"] {
        read_all(&workspace().join(directory), &mut sources);
    }
    let page = page("SECURITY.md");
    // Their last column; the others quote what went wrong elsewhere.
    let (_, tables) = page.split_once("## Known flaws").expect("the tables");
    let rows = tables.lines().filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.rsplit('|').nth(1));
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    // `alg_none_*` stands for several vectors.
    let is_name = |text: &&str| {
        text.contains('_')
            && text
                .replace('*', "")
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let names: Vec<_> = quoted.filter(is_name).collect();
    assert!(names.len() > 50, "{names:?}");
    let files = named_files();
    for name in names {
        // One that runs on each framework is named where a macro makes it.
        let is_test = sources.contains(&format!("fn {name}("))
            || sources.contains(&format!("\n    {name}, "));
        let is_file = files.iter().any(|file| is_of(file, name));
        assert!(is_test || is_file, "no test {name}");
    }
}

/// Whether a file's name is this one, where a star is any text.
fn is_of(file: &str, name: &str) -> bool {
    let Some((start, end)) = name.split_once('*') else {
        return file == name;
    };
    let rest = file.strip_prefix(start);
    rest.is_some_and(|rest| rest.ends_with(end))
}

/// The names of vectors and fuzz targets.
fn named_files() -> Vec<String> {
    let folders = ["vectors/access_token", "vectors/id_token", "fuzz/targets"];
    let files = folders.iter().flat_map(|folder| {
        let files = fs::read_dir(workspace().join("tests").join(folder));
        files.expect("a folder of the tests")
    });
    let paths = files.map(|file| file.expect("a readable folder").path());
    let name = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    paths.filter_map(name).collect()
}

/// A case named after an entry is in the row of that entry, and no case is left out.
#[test]
fn every_case_of_a_known_flaw_is_on_the_security_page() {
    let mut sources = String::new();
    let directory = workspace().join("tests/tests/behaviour/known_flaws");
    read_all(&directory, &mut sources);
    let cases = sources.split("async fn ").skip(1);
    // Helpers take or return something else.
    let case = |rest: &'_ str| {
        let (name, rest) = rest.split_once('(')?;
        rest.starts_with("on: Framework) {")
            .then(|| name.to_owned())
    };
    let cases: Vec<_> = cases.filter_map(case).collect();
    assert!(cases.len() > 60, "{cases:?}");
    let page = page("SECURITY.md");
    for name in cases {
        let entry = entry(&name);
        let quoted = format!("`{name}`");
        let mut rows = page.lines().filter(|line| line.starts_with('|'));
        assert!(
            rows.any(|row| row.contains(&quoted) && row.contains(&entry)),
            "{name} is not in a row {entry:?} of SECURITY.md"
        );
    }
}

/// `CVE-2020-5233` for `cve_2020_5233_a_backslash_is_no_path`; nothing for others.
fn entry(name: &str) -> String {
    let parts: Vec<_> = name.split('_').collect();
    match parts[0] {
        "cve" => format!("CVE-{}-{}", parts[1], parts[2]),
        "ghsa" => format!("GHSA-{}", parts[1..4].join("-")),
        _ => String::new(),
    }
}

fn read_all(directory: &Path, sources: &mut String) {
    for entry in fs::read_dir(directory).expect("a folder of sources") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            read_all(&path, sources);
        } else if path.extension().is_some_and(|e| e == "rs") {
            sources.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}
