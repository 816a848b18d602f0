//! Settings from environment variables and a TOML file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::builder::ConfigBuilder;
use super::ca::ReadFile;
use super::problem::{Fault, shown};
use super::setting::{Names, Setting};
use super::values::{Origin, Value, Values};

/// The prefix of the variables of [`Config::from_env`](super::Config::from_env).
pub(super) const PREFIX: &str = "CIAM";

/// Reads the file first, then the variables over it.
pub(super) fn from_variables(
    prefix: &str,
    variables: impl Iterator<Item = (OsString, OsString)>,
    read_file: ReadFile<'_>,
) -> ConfigBuilder {
    let names = Names::Variables {
        prefix: prefix.to_owned(),
    };
    let mut builder = ConfigBuilder::empty(names.clone());
    if !is_prefix(prefix) {
        builder.findings.problem_with(
            "prefix".to_owned(),
            Fault::new(
                "config.prefix_invalid",
                format!("{} cannot begin the name of a variable", shown(prefix)),
                "use capital letters, digits and underscores, without one at the end, like STAFF",
            ),
        );
        return builder;
    }

    // Sorted, so that the same mistakes give the same text.
    let own: BTreeMap<String, OsString> = variables
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((own_name(prefix, &name)?.to_owned(), value)))
        .collect();

    let mut from_variables = Vec::new();
    for (name, value) in own {
        match Setting::from_name(&name) {
            Some(setting) => from_variables.push((setting, variable(setting, value))),
            None => {
                let nearest = names.name(Setting::nearest(&name));
                let name = format!("{prefix}_{}", name.escape_debug());
                unknown(&mut builder, name, &nearest);
            }
        }
    }

    let mut config = Values::default();
    for (setting, value) in &from_variables {
        if *setting == Setting::Config {
            config.set(*setting, Origin::ProgramOrVariable, value.clone());
        }
    }
    if let Some((path, text)) = config_file(&mut builder, prefix, &config, read_file) {
        read_toml(&mut builder, &path.display().to_string(), &text);
    }
    for (setting, value) in from_variables {
        builder
            .values
            .set(setting, Origin::ProgramOrVariable, value);
    }
    builder
}

/// Reads settings from the text of a TOML file alone.
pub(super) fn from_toml(text: &str) -> ConfigBuilder {
    let mut builder = ConfigBuilder::empty(Names::Keys);
    read_toml(&mut builder, "the TOML text", text);
    builder
}

/// Whether anything is configured at all, were it only by a misspelt name.
pub(super) fn is_configured(
    prefix: &str,
    mut variables: impl Iterator<Item = (OsString, OsString)>,
    exists: &dyn Fn(&Path) -> bool,
) -> bool {
    variables.any(|(name, value)| !value.is_empty() && own_name(prefix, &name).is_some())
        || exists(&default_file(prefix))
}

/// The settings file and its text; nothing if there is none, or with the problem
/// noted.
fn config_file(
    builder: &mut ConfigBuilder,
    prefix: &str,
    config: &Values,
    read_file: ReadFile<'_>,
) -> Option<(PathBuf, String)> {
    let named = builder
        .findings
        .accept(Setting::Config, config.path(Setting::Config))?;
    let path = named.clone().unwrap_or_else(|| default_file(prefix));
    let content = match read_file(&path) {
        Ok(content) => content,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return None;
        }
        Err(error) => {
            let what = format!("{} cannot be read: {error}", path.display());
            let fix = "correct CIAM_CONFIG, or the file's permissions";
            let fault = Fault::new("config.file_unreadable", what, fix);
            builder.findings.problem(Setting::Config, fault);
            return None;
        }
    };
    let text = String::from_utf8(content).map_err(|_| {
        let what = format!("{} is not UTF-8 text", path.display());
        Fault::new("config.file_invalid", what, "save it as UTF-8")
    });
    let text = builder.findings.accept(Setting::Config, text)?;
    Some((path, text))
}

fn read_toml(builder: &mut ConfigBuilder, place: &str, text: &str) {
    let table = match text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            // The parser's own display quotes the line, which may hold a secret.
            let offset = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1;
            let what = format!("{place} is not valid in line {line}");
            let fix = "correct it: strings are in quotation marks, and every key is there once";
            let fault = Fault::new("config.file_invalid", what, fix);
            builder.findings.problem(Setting::Config, fault);
            return;
        }
    };
    for (key, value) in table {
        match Setting::from_key(&key).filter(|setting| *setting != Setting::Config) {
            Some(setting) => builder
                .values
                .set(setting, Origin::File, toml_value(setting, value)),
            None => {
                let nearest = Names::Keys.name(Setting::nearest(&key));
                unknown(builder, key.escape_debug().to_string(), &nearest);
            }
        }
    }
}

fn unknown(builder: &mut ConfigBuilder, name: String, nearest: &str) {
    let what = format!("is not a setting and does nothing; the nearest known name is {nearest}");
    builder
        .findings
        .warning_with(name, "config.unknown_setting", what);
}

fn own_name<'a>(prefix: &str, name: &'a OsString) -> Option<&'a str> {
    name.to_str()?.strip_prefix(prefix)?.strip_prefix('_')
}

fn variable(setting: Setting, value: OsString) -> Value {
    match value.into_string() {
        Ok(text) => Value::text(setting, text),
        Err(_) => Value::WrongType {
            expected: "UTF-8 text",
            found: "not UTF-8 text",
        },
    }
}

fn toml_value(setting: Setting, value: toml::Value) -> Value {
    let (expected, separator) = match setting {
        Setting::CookieSecret => ("a string or an array of strings", Some(",")),
        Setting::Scopes | Setting::TrustedOrigins => ("a string or an array of strings", Some(" ")),
        Setting::Userinfo => ("true or false", None),
        Setting::ClockTolerance
        | Setting::HttpTimeout
        | Setting::SessionIdle
        | Setting::SessionLifetime => ("a string with a unit, like \"8h\"", None),
        _ => ("a string", None),
    };
    let found = match (value, separator) {
        (toml::Value::String(text), _) => return Value::text(setting, text),
        (toml::Value::Boolean(value), _) if setting == Setting::Userinfo => {
            return Value::Text(value.to_string());
        }
        (toml::Value::Array(items), Some(separator)) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            match texts {
                Some(texts) => return Value::text(setting, texts.join(separator)),
                None => "an array of other things than strings",
            }
        }
        (toml::Value::Array(_), None) => "an array",
        (toml::Value::Boolean(_), _) => "a boolean",
        (toml::Value::Datetime(_), _) => "a date or time",
        (toml::Value::Float(_) | toml::Value::Integer(_), _) => "a number",
        (toml::Value::Table(_), _) => "a table",
    };
    Value::WrongType { expected, found }
}

/// `ciam.toml`; with another prefix another file, so that two handles in one
/// application do not read each other's.
fn default_file(prefix: &str) -> PathBuf {
    PathBuf::from(format!("{}.toml", prefix.to_ascii_lowercase()))
}

fn is_prefix(prefix: &str) -> bool {
    let is_known = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    !prefix.is_empty() && !prefix.ends_with('_') && prefix.bytes().all(is_known)
}

#[cfg(test)]
mod tests;
