//! The values of the settings before they are read, wherever they are from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

use super::problem::{Fault, shown};
use super::setting::Setting;

/// What was set, by setting; a later value takes the place of an earlier one.
#[derive(Clone, Default)]
pub(super) struct Values(BTreeMap<Setting, Entry>);

#[derive(Clone, Debug)]
struct Entry {
    value: Value,
    origin: Origin,
}

/// Where a value is from, which decides how its setting is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    File,
    ProgramOrVariable,
}

/// A value as its source has it.
#[derive(Clone)]
pub(super) enum Value {
    Duration(Duration),
    Path(PathBuf),
    Secret(Secret),
    Text(String),
    /// Something that this setting cannot be: `found` in place of `expected`.
    WrongType {
        expected: &'static str,
        found: &'static str,
    },
}

impl Value {
    /// A text, kept as a secret where the setting is one.
    pub(super) fn text(setting: Setting, text: String) -> Self {
        if setting.is_secret() {
            Self::Secret(Secret::new(text))
        } else {
            Self::Text(text)
        }
    }
}

impl Values {
    /// Sets a value. An empty text is none: it changes nothing.
    pub(super) fn set(&mut self, setting: Setting, origin: Origin, value: Value) {
        let is_empty = match &value {
            Value::Text(text) => text.trim().is_empty(),
            Value::Secret(secret) => secret.expose().is_empty(),
            Value::Duration(_) | Value::Path(_) | Value::WrongType { .. } => false,
        };
        if !is_empty {
            self.0.insert(setting, Entry { value, origin });
        }
    }

    /// Adds to a list of texts.
    pub(super) fn append(&mut self, setting: Setting, item: &str) {
        let text = match self.0.get(&setting).map(|entry| &entry.value) {
            Some(Value::Text(text)) => format!("{text} {item}"),
            _ => item.to_owned(),
        };
        self.set(setting, Origin::ProgramOrVariable, Value::Text(text));
    }

    pub(super) fn contains(&self, setting: Setting) -> bool {
        self.0.contains_key(&setting)
    }

    /// The settings whose value is from a file.
    pub(super) fn set_in_file(&self) -> Vec<Setting> {
        let is_from_file = |(_, entry): &(&Setting, &Entry)| entry.origin == Origin::File;
        self.0
            .iter()
            .filter(is_from_file)
            .map(|(setting, _)| *setting)
            .collect()
    }

    /// The text of a setting without surrounding white space.
    pub(super) fn text(&self, setting: Setting) -> Result<Option<&str>, Fault> {
        match self.0.get(&setting).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.trim())),
            Some(other) => Err(other.wrong_type("a string")),
        }
    }

    /// The secret as it was given, white space included.
    pub(super) fn secret(&self, setting: Setting) -> Result<Option<&Secret>, Fault> {
        match self.0.get(&setting).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::Secret(secret)) => Ok(Some(secret)),
            Some(other) => Err(other.wrong_type("a string")),
        }
    }

    pub(super) fn path(&self, setting: Setting) -> Result<Option<PathBuf>, Fault> {
        match self.0.get(&setting).map(|entry| &entry.value) {
            Some(Value::Path(path)) => Ok(Some(path.clone())),
            _ => Ok(self.text(setting)?.map(PathBuf::from)),
        }
    }

    /// The duration, which may have been set as one or as a text.
    pub(super) fn duration(
        &self,
        setting: Setting,
        parse: fn(&str) -> Result<Duration, Fault>,
    ) -> Result<Option<Duration>, Fault> {
        match self.0.get(&setting).map(|entry| &entry.value) {
            Some(Value::Duration(duration)) => Ok(Some(*duration)),
            _ => self.text(setting)?.map(parse).transpose(),
        }
    }
}

impl Value {
    fn wrong_type(&self, expected: &'static str) -> Fault {
        let (expected, found) = match self {
            Self::Duration(_) => (expected, "a duration"),
            Self::Path(_) => (expected, "a path"),
            Self::Secret(_) | Self::Text(_) => (expected, "a string"),
            Self::WrongType { expected, found } => (*expected, *found),
        };
        let fix = format!("make it {expected}");
        Fault::new("config.wrong_type", format!("is {found}"), fix)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(duration) => duration.fmt(f),
            Self::Path(path) => path.fmt(f),
            Self::Secret(secret) => secret.fmt(f),
            Self::Text(text) => f.write_str(&shown(text)),
            Self::WrongType { found, .. } => f.write_str(found),
        }
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.0
                    .iter()
                    .map(|(setting, entry)| (setting, &entry.value)),
            )
            .finish()
    }
}
