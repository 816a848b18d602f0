//! Reading cookies as bytes, and the chunks of a value too long for one.
//!
//! Chunk 0 begins with the number of chunks as one digit; chunks of higher
//! numbers that are still in the browser belong to an older value and are
//! ignored.
//!
//! A name that occurs twice is refused, whichever value is right. With the
//! prefix `__Host-` a browser has one cookie of a name; without it (on
//! `http://localhost`, and where the path is not `/`) a sibling domain or
//! another path can add a second one, and which is sent first is not ours to
//! trust ([RFC 6265, section 4.2.2]). So a planted cookie can sign a visitor
//! out, but not put another session in the place of theirs.
//!
//! Names are compared byte by byte after trimming spaces and tabs, nothing
//! else: a server that trims or folds more lets `__Host-` be forged. Quotes
//! belong to the value; no value of ours has any.
//!
//! [RFC 6265, section 4.2.2]: https://www.rfc-editor.org/rfc/rfc6265#section-4.2.2

use std::borrow::Cow;
use std::fmt;
use std::iter;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use memchr::memchr;

pub(crate) use crate::config::MAX_CHUNKS;

/// Reads the value that [`split`] spread over these names.
///
/// Costs one scan of the [lines], and no allocation unless there are several
/// chunks. Absent is `None`, and so is a browser that has only higher chunks.
pub(crate) fn read<'h>(
    lines: impl Iterator<Item = &'h [u8]>,
    names: &[String; MAX_CHUNKS],
) -> Result<Option<CookieValue<'h>>, CookieError> {
    let scan = Scan::new(lines, names)?;
    let Some(first) = scan.values[0] else {
        return Ok(None);
    };

    // The number is checked before it bounds a loop: it is the browser's.
    let Some((&digit, first)) = first.split_first() else {
        return Err(CookieError::Malformed);
    };
    let count = usize::from(digit.wrapping_sub(b'0'));
    if !(1..=MAX_CHUNKS).contains(&count) {
        return Err(CookieError::Malformed);
    }

    let mut chunks = [&first[..0]; MAX_CHUNKS];
    for chunk in 0..count {
        if scan.repeated.has(chunk) {
            return Err(CookieError::Duplicate { chunk });
        }
        let value = scan.values[chunk].ok_or(CookieError::Incomplete { chunk, count })?;
        let length = names[chunk].len() + value.len();
        if length > MAX_COOKIE {
            let limit = MAX_COOKIE;
            return Err(CookieError::TooLarge { length, limit });
        }
        chunks[chunk] = if chunk == 0 { first } else { value };
    }
    Ok(Some(CookieValue {
        text: match count {
            1 => Cow::Borrowed(first),
            _ => Cow::Owned(chunks.concat()),
        },
        present: scan.present,
    }))
}

/// Reads one cookie that is not in chunks.
pub(crate) fn single<'h>(
    headers: &'h HeaderMap,
    name: &str,
) -> Result<Option<&'h [u8]>, CookieError> {
    let pairs = bounded_lines(headers)?.flat_map(pairs);
    let mut values = pairs.filter(|(found, _)| *found == name.as_bytes());
    let value = values.next().map(|(_, value)| value);
    if values.next().is_some() {
        return Err(CookieError::Duplicate { chunk: 0 });
    }
    Ok(value)
}

/// The cookies whose name is `prefix`, something, `suffix`: that something and the value.
///
/// At most 64, and none when the headers are longer than what is scanned.
/// What stands between is made of letters, digits, `-` and `_`; a cookie with
/// anything else there is not ours.
pub(crate) fn matching<'h>(
    headers: &'h HeaderMap,
    prefix: &'h str,
    suffix: &'h str,
) -> impl Iterator<Item = (&'h str, &'h [u8])> {
    let lines = bounded_lines(headers).into_iter().flatten();
    lines
        .flat_map(pairs)
        .filter_map(move |(name, value)| {
            let middle = name.strip_prefix(prefix.as_bytes())?;
            let middle = middle.strip_suffix(suffix.as_bytes())?;
            let ours = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if middle.is_empty() || !middle.iter().all(ours) {
                return None;
            }
            Some((str::from_utf8(middle).ok()?, value))
        })
        .take(MAX_MATCHES)
}

/// Which of these names the request has: what sign-out clears, and what is
/// cleared when [`read`] failed. Every name when the headers are too long.
pub(crate) fn present(headers: &HeaderMap, names: &[String; MAX_CHUNKS]) -> Present {
    Scan::new(lines(headers), names).map_or(Present::ALL, |scan| scan.present)
}

/// Spreads a value over as few of the names as it needs.
pub(crate) fn split<'n>(
    value: &str,
    names: &'n [String; MAX_CHUNKS],
) -> Result<Vec<(&'n str, String)>, CookieError> {
    if !value.is_ascii() {
        return Err(CookieError::Malformed);
    }
    let (length, limit) = (value.len(), capacity(names));
    if length > limit {
        return Err(CookieError::TooLarge { length, limit });
    }
    let mut parts = Vec::with_capacity(MAX_CHUNKS);
    let mut rest = value;
    for name in names {
        let digit = usize::from(parts.is_empty());
        let room = MAX_COOKIE.saturating_sub(name.len() + digit);
        let (part, after) = rest.split_at(room.min(rest.len()));
        parts.push((name.as_str(), part));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let count = parts.len();
    let written = |(chunk, (name, part))| match chunk {
        0 => (name, format!("{count}{part}")),
        _ => (name, String::from(part)),
    };
    Ok(parts.into_iter().enumerate().map(written).collect())
}

/// The bytes that fit into all the chunks under these names.
pub(crate) fn capacity(names: &[String; MAX_CHUNKS]) -> usize {
    let rooms = names
        .iter()
        .map(|name| MAX_COOKIE.saturating_sub(name.len()));
    rooms.sum::<usize>().saturating_sub(1)
}

/// A value as it was in the request.
pub(crate) struct CookieValue<'h> {
    text: Cow<'h, [u8]>,
    present: Present,
}

impl CookieValue<'_> {
    /// The value: borrowed from the request when it was in one chunk.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Which of the names the request has, stale ones included.
    pub(crate) const fn present(&self) -> Present {
        self.present
    }
}

impl fmt::Debug for CookieValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieValue")
    }
}

/// Which of the names of a value a request has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Present(u8);

impl Present {
    /// Every name.
    pub(crate) const ALL: Self = Self((1 << MAX_CHUNKS) - 1);

    /// The first one.
    pub(crate) const FIRST: Self = Self(1);

    /// The chunks to clear when `kept` chunks are written: those the browser
    /// has from an older, longer value. With 0, all it has.
    pub(crate) fn beyond(self, kept: usize) -> impl Iterator<Item = usize> {
        (kept..MAX_CHUNKS).filter(move |chunk| self.has(*chunk))
    }

    const fn has(self, chunk: usize) -> bool {
        self.0 & (1 << chunk) != 0
    }

    const fn add(&mut self, chunk: usize) {
        self.0 |= 1 << chunk;
    }
}

/// Why the cookies of a request are not a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CookieError {
    /// A name occurs twice: one of the two is not ours.
    #[error("the cookie of chunk {chunk} occurs more than once")]
    Duplicate {
        /// The chunk, counted from 0.
        chunk: usize,
    },
    /// A chunk is not there.
    #[error("chunk {chunk} of {count} is missing")]
    Incomplete {
        /// The chunk, counted from 0.
        chunk: usize,
        /// The chunks there should be.
        count: usize,
    },
    /// The value does not begin with its number of chunks.
    #[error("the cookie does not begin with its number of chunks")]
    Malformed,
    /// More than what fits, or more than what is read.
    #[error("{length} bytes of cookies, the limit is {limit}")]
    TooLarge {
        /// The length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

impl CookieError {
    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "cookie.duplicate",
            Self::Incomplete { .. } => "cookie.incomplete",
            Self::Malformed => "cookie.malformed",
            Self::TooLarge { .. } => "cookie.too_large",
        }
    }
}

/// The first value of every name, from one pass over the headers.
struct Scan<'h> {
    values: [Option<&'h [u8]>; MAX_CHUNKS],
    present: Present,
    repeated: Present,
}

impl<'h> Scan<'h> {
    fn new(
        lines: impl Iterator<Item = &'h [u8]>,
        names: &[String; MAX_CHUNKS],
    ) -> Result<Self, CookieError> {
        let mut scan = Self {
            values: [None; MAX_CHUNKS],
            present: Present::default(),
            repeated: Present::default(),
        };
        let mut length = 0;
        for line in lines {
            length += line.len();
            check_length(length)?;
            for (name, value) in pairs(line) {
                scan.add(name, value, names);
            }
        }
        Ok(scan)
    }

    fn add(&mut self, name: &[u8], value: &'h [u8], names: &[String; MAX_CHUNKS]) {
        let chunk = names.iter().position(|known| known.as_bytes() == name);
        let Some(chunk) = chunk else { return };
        if self.present.has(chunk) {
            self.repeated.add(chunk);
        } else {
            self.present.add(chunk);
            self.values[chunk] = Some(value);
        }
    }
}

/// The values of the `Cookie` headers.
pub(crate) fn lines(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(COOKIE).into_iter();
    lines.map(HeaderValue::as_bytes)
}

/// The same, if they are not too long.
fn bounded_lines(headers: &HeaderMap) -> Result<impl Iterator<Item = &[u8]>, CookieError> {
    check_length(lines(headers).map(<[u8]>::len).sum())?;
    Ok(lines(headers))
}

const fn check_length(length: usize) -> Result<(), CookieError> {
    let limit = MAX_SCANNED;
    if length > limit {
        return Err(CookieError::TooLarge { length, limit });
    }
    Ok(())
}

/// Every `name=value` of a `Cookie` header; HTTP/2 may send one header per cookie
/// ([RFC 9113, section 8.2.3]). What has no `=` is nobody's name.
///
/// [RFC 9113, section 8.2.3]: https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3
fn pairs(line: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = Some(line);
    iter::from_fn(move || {
        let line = rest?;
        let end = memchr(b';', line);
        rest = end.map(|end| &line[end + 1..]);
        Some(&line[..end.unwrap_or(line.len())])
    })
    .filter_map(|pair| {
        let equals = memchr(b'=', pair)?;
        Some((trimmed(&pair[..equals]), trimmed(&pair[equals + 1..])))
    })
}

/// Without the spaces and tabs around it.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Name and value of one cookie: browsers keep 4096 bytes with the attributes
/// ([RFC 6265, section 6.1]), and the longest ones we write are below 200.
///
/// [RFC 6265, section 6.1]: https://www.rfc-editor.org/rfc/rfc6265#section-6.1
const MAX_COOKIE: usize = 3800;

/// Cookie headers that are looked at: four times what chunks can fill.
const MAX_SCANNED: usize = 64 * 1024;

/// Sign-in attempts whose cookies are looked at; browsers keep 50 to 180
/// cookies of one site, and the flow keeps far fewer.
const MAX_MATCHES: usize = 64;

#[cfg(test)]
mod tests;
