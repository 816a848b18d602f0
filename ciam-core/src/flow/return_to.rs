//! Where a visitor goes after signing in or out: a path of this application.

use std::borrow::Cow;
use std::fmt;

use url::Url;

use crate::text::percent_decoded;

/// A local path with its query: what a `Location` may hold.
///
/// It begins with exactly one `/` however often it is decoded, whoever
/// resolves it. It has no fragment: no server sees one, so none is lost by
/// refusing it. The default is `/`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ReturnTo(Cow<'static, str>);

impl ReturnTo {
    /// Accepts a path of this application and refuses everything else.
    ///
    /// A route of the library under `route_prefix` becomes `/`: who comes from
    /// signing in must not be sent to sign in again.
    pub(crate) fn parse(text: &str, route_prefix: &str) -> Result<Self, ReturnToError> {
        // 1. The length, before anything else is looked at.
        if text.len() > MAX_LENGTH {
            return Err(ReturnToError(Reason::TooLong));
        }

        // 2. Characters that stand in no URL, split a header, end an
        //    attribute, or are a slash to browsers (WHATWG URL, section 4.4).
        if !text.bytes().all(is_allowed) {
            return Err(ReturnToError(Reason::Character));
        }

        // 3. The path as a browser, then a proxy, then a server may see it:
        //    decoded again and again, it stays the path of a local page.
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut path = path.as_bytes().to_vec();
        let mut rounds = 0;
        let own = loop {
            check_path(&path)?;
            let own = is_own_route(&path, route_prefix);
            let decoded = percent_decoded(&path);
            if own || decoded == path {
                break own;
            }
            path = decoded;
            rounds += 1;
            if rounds > MAX_ENCODINGS {
                return Err(ReturnToError(Reason::Encoding));
            }
        };

        // 4. A query is decoded by its reader only; there it must not hold
        //    what splits a header.
        if percent_decoded(query.as_bytes())
            .iter()
            .any(u8::is_ascii_control)
        {
            return Err(ReturnToError(Reason::Character));
        }

        // 5. The second line of defence: resolved as a browser does, it stays
        //    on the host and is a path still.
        check_resolved(text)?;

        if own {
            return Ok(Self::default());
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// The path and query, as they were given.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self(Cow::Borrowed("/"))
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no place to go: the reason, never the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the place to return to is refused: {0}")]
pub(crate) struct ReturnToError(Reason);

impl ReturnToError {
    /// The stable code.
    pub(crate) const fn code(self) -> &'static str {
        "return_to.refused"
    }
}

/// What is wrong with a place to return to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    Character,
    Elsewhere,
    Encoding,
    NotLocal,
    Segment,
    TooLong,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Character => "it has a character that is not allowed",
            Self::Elsewhere => "it resolves to another place",
            Self::Encoding => "it is not UTF-8, or encoded too often",
            Self::NotLocal => "it does not begin with one slash",
            Self::Segment => "it has a segment of dots",
            Self::TooLong => "it is longer than 2048 bytes",
        })
    }
}

/// Printable ASCII without what no browser sends and what reads as something
/// else: quotes and angle brackets (markup), `\` (a slash), `#` (a fragment).
const fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\\' | b'`')
}

/// One reading of a path: as it was given, or decoded some times.
fn check_path(path: &[u8]) -> Result<(), ReturnToError> {
    // Overlong forms of `/` are not UTF-8 (RFC 3629, section 3).
    let path = str::from_utf8(path).map_err(|_| ReturnToError(Reason::Encoding))?;
    let Some(rest) = path.strip_prefix('/') else {
        return Err(ReturnToError(Reason::NotLocal));
    };
    // What is dropped or trimmed by some reader brings the next slash forward;
    // some servers drop the parameters of a segment (`/;/`).
    if rest.starts_with(|c| c == '/' || c == ';' || is_nothing(c)) {
        return Err(ReturnToError(Reason::NotLocal));
    }
    if path.contains(|c: char| c == '\\' || c.is_control() || is_folded(c)) {
        return Err(ReturnToError(Reason::Character));
    }
    // Browsers resolve dot segments before they ask, so no page has any.
    if rest.split('/').any(is_dots) {
        return Err(ReturnToError(Reason::Segment));
    }
    Ok(())
}

/// A dot segment, also with parameters (`..;x`), with nothing around it, or at the
/// end that `?` and `#` are for the next reader of a decoded path.
fn is_dots(segment: &str) -> bool {
    let name = segment.split([';', '?', '#']).next().unwrap_or(segment);
    let seen = || name.chars().filter(|c| !is_nothing(*c));
    seen().eq(".".chars()) || seen().eq("..".chars())
}

/// White space, and the characters without any width.
fn is_nothing(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
        )
}

/// The characters that Unicode normalisation (NFKC) or a "best fit" to an
/// 8-bit character set turns into slashes and dots.
const fn is_folded(c: char) -> bool {
    matches!(
        c,
        '\u{2024}'
            | '\u{2025}'
            | '\u{2044}'
            | '\u{2215}'
            | '\u{2216}'
            | '\u{29F5}'
            | '\u{29F8}'
            | '\u{FE52}'
            | '\u{FE68}'
            | '\u{FF0E}'
            | '\u{FF0F}'
            | '\u{FF3C}'
    )
}

/// Whether a router may take this path for one of the library's own. Once decoded,
/// `?` and `#` end it for the next reader, who may trim it, and some drop parameters
/// (`login;x`).
fn is_own_route(path: &[u8], route_prefix: &str) -> bool {
    let segments = |path: &str| {
        let names = path.split('/').filter_map(|part| part.split(';').next());
        let seen = |name: &str| name.chars().filter(|c| !is_nothing(*c)).collect::<String>();
        let named = names.map(seen).filter(|name| !name.is_empty());
        named
            .map(|name| name.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    let path = path.split(|byte| matches!(byte, b'?' | b'#')).next();
    let path = segments(&String::from_utf8_lossy(path.unwrap_or_default()));
    let prefix = segments(route_prefix);
    let route = path.strip_prefix(prefix.as_slice());
    matches!(route, Some([route]) if OWN_ROUTES.contains(&route.as_str()))
}

fn check_resolved(text: &str) -> Result<(), ReturnToError> {
    let elsewhere = ReturnToError(Reason::Elsewhere);
    let base = Url::parse(SOME_PAGE).map_err(|_| elsewhere)?;
    let resolved = base.join(text).map_err(|_| elsewhere)?;
    let local = resolved.origin() == base.origin()
        && resolved.username().is_empty()
        && resolved.password().is_none()
        && resolved.fragment().is_none()
        && !resolved.path().starts_with("//");
    if local { Ok(()) } else { Err(elsewhere) }
}

/// What the library answers itself.
const OWN_ROUTES: [&str; 8] = [
    "backchannel-logout",
    "callback",
    "frontchannel-logout",
    "login",
    "logout",
    "me",
    "signed-out",
    "signup",
];

/// In bytes. It travels in the query of `login` and in the transaction cookie.
const MAX_LENGTH: usize = 2048;

/// Browser, proxy and application may each decode once; `%` in a name is
/// encoded once more.
const MAX_ENCODINGS: usize = 4;

/// A page on a host that never exists (RFC 6761, section 6.4).
const SOME_PAGE: &str = "https://host.invalid/some/page";

#[cfg(test)]
mod tests;
