//! Which module may use which: only those of lower rank.
//!
//! Reads Rust source as tokens, so comments and texts do not count, and code
//! under `#[cfg(test)]` is left out. A name that `lib.rs` re-exports counts as
//! a use of the module it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// The modules of `ciam-core`, the lowest first.
pub const CORE: &[&str] = &[
    "secret",
    "text",
    "algorithm",
    "clock",
    "random",
    "page",
    "telemetry",
    "cache",
    "transport",
    "store",
    "config",
    "metadata",
    "keys",
    "token",
    "claims",
    "session",
    "flow",
    "api",
    "error",
    "handler",
    "fuzzing",
    ROOT,
];

/// A use of a module that is not of lower rank, or that has no rank.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Violation {
    /// The file, from the source directory.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The module that uses.
    pub from: String,
    /// What it uses.
    pub to: String,
    /// What is wrong with that.
    pub why: &'static str,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            from,
            to,
            why,
        } = self;
        write!(f, "{file}:{line} {from} → {to}: {why}")
    }
}

/// Every violation in a crate: `ranks` lowest first, `sources` by path from the
/// source directory.
pub fn violations(ranks: &[&str], sources: &BTreeMap<String, String>) -> Vec<Violation> {
    let files: Vec<File> = sources
        .iter()
        .map(|(path, source)| File::read(path, source))
        .collect();
    let tests: BTreeSet<&Vec<String>> = files.iter().flat_map(|file| &file.test_modules).collect();
    let root = files.iter().find(|file| file.module.is_empty());
    let exports = root.map(|file| exports(&file.tokens)).unwrap_or_default();
    let rank = |module: &str| ranks.iter().position(|known| *known == module);

    let mut found = Vec::new();
    for file in &files {
        if (1..=file.module.len()).any(|depth| tests.contains(&file.module[..depth].to_vec())) {
            continue;
        }
        let from = file.module.first().map_or(ROOT, String::as_str);
        let mut report = |line, to: &str, why| {
            let (file, from, to) = (file.path.to_owned(), from.to_owned(), to.to_owned());
            found.push(Violation {
                file,
                line,
                from,
                to,
                why,
            });
        };
        let Some(own) = rank(from) else {
            report(1, from, "a module without a rank");
            continue;
        };
        for Use { name, line } in &file.uses {
            let to = match exports.get(name) {
                Some(module) if rank(name).is_none() => module,
                _ => name,
            };
            match rank(to) {
                None => report(*line, to, "a module without a rank"),
                Some(used) if used > own => report(*line, to, "a module of higher rank"),
                Some(_) => {}
            }
        }
    }
    found.sort();
    found
}

/// What is read of one file.
struct File<'a> {
    path: &'a str,
    module: Vec<String>,
    tokens: Vec<TokenTree>,
    uses: Vec<Use>,
    /// Modules that are only there under `#[cfg(test)]`.
    test_modules: Vec<Vec<String>>,
}

/// A name directly below `crate::`.
struct Use {
    name: String,
    line: usize,
}

impl<'a> File<'a> {
    fn read(path: &'a str, source: &str) -> Self {
        let tokens: TokenStream = source
            .parse()
            .unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        let module = module_of(path);
        let mut file = Self {
            path,
            module: module.clone(),
            tokens: tokens.into_iter().collect(),
            uses: Vec::new(),
            test_modules: Vec::new(),
        };
        let tokens = file.tokens.clone();
        file.walk(&tokens, &module);
        file
    }

    fn walk(&mut self, tokens: &[TokenTree], module: &[String]) {
        let mut i = 0;
        while i < tokens.len() {
            let rest = &tokens[i..];
            i += match rest {
                [
                    TokenTree::Punct(hash),
                    TokenTree::Group(attribute),
                    item @ ..,
                ] if hash.as_char() == '#' && is_test_only(attribute) => {
                    let length = item_length(item);
                    self.test_modules
                        .extend(declared_module(&item[..length], module));
                    2 + length
                }
                [
                    TokenTree::Punct(hash),
                    TokenTree::Punct(bang),
                    TokenTree::Group(attribute),
                    ..,
                ] if hash.as_char() == '#' && bang.as_char() == '!' && is_test_only(attribute) => {
                    self.test_modules.push(module.to_vec());
                    return;
                }
                [
                    TokenTree::Ident(word),
                    TokenTree::Ident(name),
                    TokenTree::Group(body),
                    ..,
                ] if word == "mod" => {
                    let inner: Vec<String> =
                        module.iter().cloned().chain([name.to_string()]).collect();
                    self.walk(&trees(body), &inner);
                    3
                }
                [TokenTree::Ident(word), ..] if starts_path(word) && is_path(&rest[1..]) => {
                    let mut base = match word.to_string().as_str() {
                        "crate" => Vec::new(),
                        _ => module.to_vec(),
                    };
                    if word == "super" {
                        base.pop();
                    }
                    1 + self.path(&rest[1..], base, word.span().start().line)
                }
                [TokenTree::Group(group), ..] => {
                    self.walk(&trees(group), module);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Follows a path below `base` up to the name below the crate, if it gets
    /// there; gives how many tokens it took.
    fn path(&mut self, tokens: &[TokenTree], mut base: Vec<String>, line: usize) -> usize {
        let mut taken = 0;
        while is_path(&tokens[taken..]) {
            match &tokens[taken + 2..] {
                [TokenTree::Ident(word), ..] if word == "super" => {
                    base.pop();
                    taken += 3;
                }
                [TokenTree::Group(group), ..] => {
                    for branch in trees(group).split(is_comma) {
                        self.branch(branch, &base, line);
                    }
                    return taken + 3;
                }
                [tree, ..] => {
                    self.name(tree, &base);
                    return taken + 3;
                }
                [] => return taken + 2,
            }
        }
        taken
    }

    /// One member of `use base::{…}`.
    fn branch(&mut self, tokens: &[TokenTree], base: &[String], line: usize) {
        match tokens {
            [TokenTree::Ident(word), rest @ ..] if word == "super" => {
                let above = &base[..base.len().saturating_sub(1)];
                self.path(rest, above.to_vec(), line);
            }
            [first, ..] => self.name(first, base),
            [] => {}
        }
    }

    fn name(&mut self, tree: &TokenTree, base: &[String]) {
        if base.is_empty() {
            self.uses.push(Use {
                name: tree.to_string(),
                line: tree.span().start().line,
            });
        }
    }
}

/// Names that the root re-exports, with the module each comes from.
fn exports(root: &[TokenTree]) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for statement in root.split(|tree| is_punct(tree, ';')) {
        let Some(start) = statement.iter().rposition(|tree| is_word(tree, "use")) else {
            continue;
        };
        let mut path = &statement[start + 1..];
        while let [TokenTree::Ident(word), rest @ ..] = path
            && starts_path(word)
            && is_path(rest)
        {
            path = &rest[2..];
        }
        if let [TokenTree::Ident(module), rest @ ..] = path {
            let mut names = Vec::new();
            leaves(rest, &mut names);
            exports.extend(names.into_iter().map(|name| (name, module.to_string())));
        }
    }
    exports
}

/// The names at the ends of a `use` tree.
fn leaves(tokens: &[TokenTree], names: &mut Vec<String>) {
    for branch in tokens.split(is_comma) {
        match branch.last() {
            Some(TokenTree::Group(group)) => leaves(&trees(group), names),
            Some(TokenTree::Ident(name)) => names.push(name.to_string()),
            _ => {}
        }
    }
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    if module
        .last()
        .is_some_and(|last| last == "mod" || last == ROOT)
    {
        module.pop();
    }
    module
}

/// `cfg(test)`, or `cfg(all(…))` with `test` among the conditions.
fn is_test_only(attribute: &Group) -> bool {
    let inside = trees(attribute);
    let [TokenTree::Ident(cfg), TokenTree::Group(condition)] = inside.as_slice() else {
        return false;
    };
    fn needs_test(condition: &[TokenTree]) -> bool {
        match condition {
            [TokenTree::Ident(word)] => word == "test",
            [TokenTree::Ident(word), TokenTree::Group(group)] => {
                word == "all" && trees(group).split(is_comma).any(needs_test)
            }
            _ => false,
        }
    }
    cfg == "cfg" && needs_test(&trees(condition))
}

/// How many tokens the item, statement or member at the start has.
fn item_length(tokens: &[TokenTree]) -> usize {
    let keyword = tokens.iter().enumerate().find_map(|(i, tree)| match tree {
        TokenTree::Ident(word) if word != "pub" => Some((i, word.to_string())),
        _ => None,
    });
    let is_block = match keyword {
        Some((i, word)) if word == "const" => tokens
            .get(i + 1)
            .is_some_and(|next| is_word(next, "fn") || is_word(next, "unsafe")),
        Some((_, word)) => !["use", "static", "type", "let"].contains(&word.as_str()),
        None => true,
    };
    let is_last = |tree: &TokenTree| match tree {
        TokenTree::Punct(punct) => punct.as_char() == ';' || (is_block && punct.as_char() == ','),
        TokenTree::Group(group) => is_block && group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens
        .iter()
        .position(is_last)
        .map_or(tokens.len(), |last| last + 1)
}

/// The module that `mod name;` declares.
fn declared_module(item: &[TokenTree], module: &[String]) -> Option<Vec<String>> {
    let start = item.iter().position(|tree| is_word(tree, "mod"))?;
    match &item[start + 1..] {
        [TokenTree::Ident(name), TokenTree::Punct(_)] => {
            Some(module.iter().cloned().chain([name.to_string()]).collect())
        }
        _ => None,
    }
}

fn starts_path(word: &Ident) -> bool {
    word == "crate" || word == "self" || word == "super"
}

fn is_path(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [a, b, ..] if is_punct(a, ':') && is_punct(b, ':'))
}

fn is_comma(tree: &TokenTree) -> bool {
    is_punct(tree, ',')
}

fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_word(tree: &TokenTree, text: &str) -> bool {
    matches!(tree, TokenTree::Ident(word) if word == text)
}

fn trees(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

/// `lib.rs`, which may use everything.
const ROOT: &str = "lib";
