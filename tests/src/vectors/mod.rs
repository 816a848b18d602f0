//! Tokens as files: what is presented, what is expected, and why.
//!
//! A file in `vectors/id_token`, say, tells what is different from the valid token beside
//! its folder. The token is signed here, so that the files stay readable.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ciam_core::Timestamp;
use ciam_core::keys::KeySet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

mod signing;
mod tamper;
mod text;

/// What a file may say; `vectors/README.md` explains each word. `E` is what the one who
/// looks at the token expects.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound = "E: Default + Deserialize<'de>", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Vector<E> {
    /// `valid`, or the code of the refusal.
    pub expect: String,
    /// What is odd, and what would go wrong.
    pub comment: String,
    /// Standard, conformance module or advisory.
    pub source: Option<String>,
    /// What the one who looks at the token expects.
    pub expected: E,
    /// The header's `alg`, and how it is signed.
    pub alg: Option<String>,
    now: Option<u64>,
    key: Option<String>,
    jwks: Option<String>,
    token: Option<String>,
    tamper: Option<String>,
    encoding: Option<String>,
    header: Map<String, Value>,
    header_null: Vec<String>,
    header_without: Vec<String>,
    header_append: String,
    header_before: String,
    header_after: String,
    header_json: Option<String>,
    header_pad: usize,
    claims: Map<String, Value>,
    claims_null: Vec<String>,
    claims_without: Vec<String>,
    claims_append: String,
    claims_before: String,
    claims_after: String,
    claims_json: Option<String>,
    claims_pad: usize,
}

/// Which tokens a folder has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Kind {
    /// What an API gets.
    AccessToken,
    /// What the token endpoint answers to the application.
    IdToken,
    /// What the provider says when somebody signed out.
    LogoutToken,
}

impl<E> Vector<E> {
    /// The token it is about.
    pub fn token(&self, base: &Self) -> String {
        text::token(self, base)
    }

    /// When somebody looks at it.
    pub fn now(&self, base: &Self) -> Timestamp {
        Timestamp::from_unix(self.now.or(base.now).expect("a time"))
    }

    /// What the provider publishes.
    pub fn key_set_text(&self) -> Vec<u8> {
        let name = self.jwks.as_deref().unwrap_or("jwks");
        fs::read(folder().join(format!("keys/{name}.json"))).expect("a key set")
    }

    /// The same, read.
    pub fn key_set(&self) -> KeySet {
        KeySet::parse(&self.key_set_text()).expect("usable keys")
    }
}

impl Kind {
    /// What all vectors of the folder start from.
    pub fn base<E: Default + DeserializeOwned>(self) -> Vector<E> {
        read(&folder().join(format!("{}.toml", self.name())))
    }

    /// All of them, by the names of their files.
    pub fn vectors<E: Default + DeserializeOwned>(self) -> BTreeMap<String, Vector<E>> {
        let files = fs::read_dir(folder().join(self.name())).expect("the vectors");
        let paths = files.map(|file| file.expect("a file").path());
        let name = |path: &Path| path.file_stem().map(|stem| stem.display().to_string());
        let vector = |path: PathBuf| (name(&path).expect("a name"), read(&path));
        paths.map(vector).collect()
    }

    /// Every vector meets its fate, and what it meets is printed in the end.
    ///
    /// # Panics
    ///
    /// When one meets another, or there are fewer than `at_least`.
    pub fn check<E: Default + DeserializeOwned>(
        self,
        at_least: usize,
        fate: impl Fn(&Vector<E>, &Vector<E>) -> String,
    ) {
        let base = self.base();
        let vectors = self.vectors();
        let mut wrong = Vec::new();
        let mut counts = BTreeMap::<String, usize>::new();
        for (name, vector) in &vectors {
            let _named = Named(name);
            assert!(!vector.comment.is_empty(), "{name} has no comment");
            let found = fate(vector, &base);
            if found != vector.expect {
                wrong.push(format!("{name}: expected {}, found {found}", vector.expect));
            }
            *counts.entry(found).or_default() += 1;
        }
        for (code, count) in &counts {
            println!("{count:4} {code}");
        }
        println!("{:4} vectors", vectors.len());
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(vectors.len() >= at_least, "vectors were lost");
    }

    /// The codes of a token or a key that no vector expects and one should.
    pub fn codes_without_a_vector<E: Default + DeserializeOwned>(self) -> Vec<String> {
        let vectors = self.vectors::<E>().into_values();
        let expected: BTreeSet<_> = vectors.map(|vector| vector.expect).collect();
        let others = match self {
            Self::AccessToken => [OF_ID_TOKENS.as_slice(), &OF_LOGOUT_TOKENS].concat(),
            Self::IdToken => [OF_ACCESS_TOKENS.as_slice(), &OF_LOGOUT_TOKENS].concat(),
            Self::LogoutToken => [OF_ACCESS_TOKENS.as_slice(), &OF_SIGN_INS].concat(),
        };
        let codes = codes();
        for other in &others {
            assert!(codes.contains(*other), "there is no code {other}");
            assert!(!expected.contains(*other), "a vector expects {other}");
        }
        let concerns_it = |code: &&String| !others.contains(&code.as_str());
        let missing = codes.difference(&expected).filter(concerns_it);
        missing.cloned().collect()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::IdToken => "id_token",
            Self::LogoutToken => "logout_token",
        }
    }
}

/// Says which vector it is when something about it panics.
struct Named<'a>(&'a str);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("in the vector {}", self.0);
        }
    }
}

fn read<E: Default + DeserializeOwned>(path: &Path) -> Vector<E> {
    let text = fs::read_to_string(path).expect("a vector");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every code of a token, and of choosing its key.
fn codes() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ciam-core/src");
    let mut codes = BTreeSet::new();
    for path in ["algorithm.rs", "keys/error.rs", "token/error.rs"] {
        let source = fs::read_to_string(sources.join(path)).expect("the source of the errors");
        // The arms of `fn code`: `=> "token.expired",`. Codes of whole key sets
        // (`key_set.…`) are no fate of a token.
        for arm in source.split("=> \"").skip(1) {
            let code = arm.split('"').next().unwrap_or_default();
            if code.starts_with("token.") || code.starts_with("key.") {
                codes.insert(code.to_owned());
            }
        }
    }
    assert!(codes.len() > 40, "the source is written differently now");
    codes
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// No ID token meets these.
const OF_ACCESS_TOKENS: [&str; 6] = [
    "token.alg_not_allowed",
    "token.for_graph",
    "token.key_bound",
    "token.not_an_access_token",
    "token.unknown_issuer",
    "token.version",
];

/// No access token meets these: they are about the sign-in that an ID token ends.
const OF_ID_TOKENS: [&str; 10] = [
    "token.alg_mismatch",
    "token.at_hash",
    "token.auth_time",
    "token.auth_time_missing",
    "token.authorized_party",
    "token.c_hash",
    "token.issued_at_missing",
    "token.nonce",
    "token.nonce_missing",
    "token.nonce_unexpected",
];

/// No logout token meets these: no browser brought it.
const OF_SIGN_INS: [&str; 9] = [
    "token.at_hash",
    "token.auth_time",
    "token.auth_time_missing",
    "token.authorized_party",
    "token.c_hash",
    "token.key_issuer",
    "token.nonce",
    "token.nonce_missing",
    "token.subject_missing",
];

/// Only logout tokens meet these.
const OF_LOGOUT_TOKENS: [&str; 5] = [
    "token.claim_length",
    "token.event_missing",
    "token.id_missing",
    "token.subject_and_session_missing",
    "token.too_old",
];
