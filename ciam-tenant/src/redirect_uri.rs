//! Redirect URIs: which may be registered, which match, and how one that does not match differs.

mod difference;
#[cfg(test)]
mod tests;

pub(crate) use difference::{Difference, nearest};

use crate::application::Platform;

/// The parts of a URI as they were written; nothing is decoded or normalised, because the
/// comparison is of strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// Without the colon; `None` when there is no colon.
    pub(crate) port: Option<&'a str>,
    /// From the first slash; empty when there is none.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// `None` if this is no URI with an authority part.
    pub(crate) fn split(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (rest, None),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let bracket = authority.find(']').unwrap_or(0);
        let (host, port) = match authority.get(bracket..)?.rfind(':') {
            Some(colon) => (
                authority.get(..bracket + colon)?,
                authority.get(bracket + colon + 1..),
            ),
            None => (authority, None),
        };
        Some(Self {
            scheme,
            host,
            port,
            path,
            query,
            fragment,
        })
    }

    fn is(&self, scheme: &str, host: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme) && self.host.eq_ignore_ascii_case(host)
    }
}

/// Whether a requested URI is the registered one.
///
/// Exact, but for three things: scheme and host are compared without case, and the port of
/// `http://localhost` does not count.
pub(crate) fn matches(registered: &str, requested: &str) -> bool {
    let (Some(ours), Some(theirs)) = (Parts::split(registered), Parts::split(requested)) else {
        return false;
    };
    ours.scheme.eq_ignore_ascii_case(theirs.scheme)
        && ours.host.eq_ignore_ascii_case(theirs.host)
        && (ours.port == theirs.port || any_port(&ours) && is_port(&theirs))
        && ours.path == theirs.path
        && ours.query == theirs.query
        && theirs.fragment.is_none()
}

/// Why a customer tenant would not register a URI; `None` if it would.
pub(crate) fn refusal(uri: &str, platform: Platform) -> Option<String> {
    if uri.chars().count() > MAX_CHARACTERS {
        return Some(format!("it has more than {MAX_CHARACTERS} characters"));
    }
    if !uri.is_ascii() {
        return Some(
            "it has characters outside ASCII (write an international name as xn--…)".into(),
        );
    }
    if let Some(found) = uri.chars().find(|c| FORBIDDEN.contains(*c)) {
        return Some(format!("the character `{found}` is not supported"));
    }
    if uri.contains('*') {
        return Some("wildcards are not supported".into());
    }
    if uri.contains('#') {
        return Some("it has a fragment".into());
    }
    if uri
        .bytes()
        .any(|b| b.is_ascii_control() || b" \"<>\\^`{|}".contains(&b))
    {
        return Some("it has a character that no URI has".into());
    }
    let Some(parts) = Parts::split(uri) else {
        return Some(
            "it is no absolute URI (such as https://shop.example.com/auth/callback)".into(),
        );
    };
    if parts.host.contains('@') {
        return Some("it has a user name".into());
    }
    if !is_port(&parts) || url::Url::parse(uri).is_err() {
        return Some("it is no URI".into());
    }
    match parts.scheme.to_ascii_lowercase().as_str() {
        "https" if parts.host.is_empty() => Some("it has no host".into()),
        "https" => None,
        "http" if parts.is("http", "localhost") || parts.is("http", "127.0.0.1") => None,
        "http" => Some("`http` is for localhost and 127.0.0.1 only; use https".into()),
        "about" | "blob" | "data" | "file" | "ftp" | "javascript" | "vbscript" | "ws" | "wss" => {
            Some(format!("the scheme `{}` is not supported", parts.scheme))
        }
        _ if platform == Platform::Public => None,
        scheme => Some(format!(
            "the scheme `{scheme}` is for public clients; a web application uses https"
        )),
    }
}

/// `http://localhost` is registered once, for every port a developer may use.
fn any_port(registered: &Parts<'_>) -> bool {
    registered.is("http", "localhost")
}

fn is_port(parts: &Parts<'_>) -> bool {
    parts.port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    })
}

/// Microsoft: "Restrictions and limitations on redirect URIs".
const MAX_CHARACTERS: usize = 256;
const FORBIDDEN: &str = "!$'(),;";
