//! What is wrong with a configuration: all of it at once, each with its fix.

use std::fmt;

use super::setting::{Names, Setting};

/// A configuration that cannot be used.
///
/// Its `Display` is one line per problem, then one per warning: a misspelt
/// name is often the reason why another one is missing.
#[derive(Clone)]
pub struct ConfigError {
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl ConfigError {
    /// Every problem that was found, at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What [`Config::warnings`](super::Config::warnings) would have said.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Always `config.invalid`; the problems have codes of their own.
    pub const fn code(&self) -> &'static str {
        "config.invalid"
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let line_end = if i == 0 { "" } else { "\n" };
            write!(f, "{line_end}{problem}")?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}

/// As `Display`: a `main` that returns the error prints this.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration cannot be used")?;
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong with one setting, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    setting: String,
    code: &'static str,
    what: String,
    fix: String,
}

impl Problem {
    /// The setting as it is written: `CIAM_CLIENT_ID`, or `client_id` when the
    /// value is from a TOML file.
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// A stable name of the kind of problem: `config.missing`.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong; never holds a secret.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    pub fn fix(&self) -> &str {
        &self.fix
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}; {} [{}]",
            self.setting, self.what, self.fix, self.code
        )
    }
}

/// Something about a setting that works, but perhaps not as it was meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning {
    setting: String,
    code: &'static str,
    what: String,
}

impl Warning {
    /// The setting as it is written.
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// A stable name of the kind of warning: `config.unknown_setting`.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What was noticed and what follows from it; never holds a secret.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.setting, self.what, self.code)
    }
}

/// A problem before it is known how its setting is written.
///
/// `fix` names other settings by their usual variables (`CIAM_ISSUER`), and
/// `what` names none: a value shown there must not be rewritten.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    what: String,
    fix: String,
}

impl Fault {
    pub(super) fn new(code: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            fix: fix.into(),
        }
    }
}

/// Collects what `build()` finds.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    names: Names,
    from_file: Vec<Setting>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Findings {
    pub(super) const fn new(names: Names) -> Self {
        Self {
            names,
            from_file: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Writes these settings as the keys of the file that they are from.
    pub(super) fn name_as_keys(&mut self, from_file: Vec<Setting>) {
        self.from_file = from_file;
    }

    /// The value, or nothing with the problem noted.
    pub(super) fn accept<T>(&mut self, setting: Setting, value: Result<T, Fault>) -> Option<T> {
        value.map_err(|fault| self.problem(setting, fault)).ok()
    }

    pub(super) fn problem(&mut self, setting: Setting, fault: Fault) {
        self.problem_with(self.name(setting), fault);
    }

    /// For what has a name but is no setting: a file, an option of the builder.
    pub(super) fn problem_with(&mut self, name: String, fault: Fault) {
        let fix = self.names.rewrite(&fault.fix);
        self.problems.push(Problem {
            setting: name,
            code: fault.code,
            what: fault.what,
            fix,
        });
    }

    pub(super) fn warning(&mut self, setting: Setting, code: &'static str, what: &str) {
        self.warning_with(self.name(setting), code, self.names.rewrite(what));
    }

    pub(super) fn warning_with(&mut self, name: String, code: &'static str, what: String) {
        self.warnings.push(Warning {
            setting: name,
            code,
            what,
        });
    }

    fn name(&self, setting: Setting) -> String {
        let is_key = self.from_file.contains(&setting);
        if is_key {
            Names::Keys.name(setting)
        } else {
            self.names.name(setting)
        }
    }

    /// The value and the warnings, unless there was a problem.
    ///
    /// No value without a problem cannot be told apart from a fault of this
    /// crate; it is refused like one with a problem.
    pub(super) fn conclude<T>(self, value: Option<T>) -> Result<(T, Vec<Warning>), ConfigError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok((value, self.warnings)),
            _ => Err(ConfigError {
                problems: self.problems,
                warnings: self.warnings,
            }),
        }
    }
}

/// A value as it may be shown: short, quoted, and not at all when it might
/// carry a password (`https://user:password@host`).
pub(super) fn shown(text: &str) -> String {
    if text.contains('@') {
        return "(a value with an @, not shown)".to_owned();
    }
    let start: String = text.chars().take(SHOWN_CHARS).collect();
    let rest = if start.len() < text.len() {
        " and more"
    } else {
        ""
    };
    format!("{start:?}{rest}")
}

/// Enough to recognize an address, short enough for a line of a log.
const SHOWN_CHARS: usize = 120;
