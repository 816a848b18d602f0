//! URLs as settings: read strictly, so that what was written is what is used.

use url::{Host, Url};

use super::problem::{Fault, shown};
use crate::transport::is_loopback;

/// An absolute URL without user, query and fragment, written in its normal
/// form: parsing it changed nothing but the case of scheme and host.
#[derive(Debug)]
pub(super) struct Address<'a> {
    pub(super) url: Url,
    /// The path as it was written; empty if there was none.
    pub(super) path: &'a str,
}

impl<'a> Address<'a> {
    /// # Errors
    ///
    /// Anything but `https://`, or `http://` on a loopback host, and anything
    /// that a URL parser would silently repair.
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        // 1. Bounded, and printable ASCII only: the parser drops tabs and line
        //    ends, and turns backslashes into slashes.
        if text.len() > MAX_BYTES {
            let what = format!("has {} bytes, the limit is {MAX_BYTES}", text.len());
            return Err(Fault::new("config.url_too_long", what, "use a shorter URL"));
        }
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic() || *c == '\\') {
            return Err(invalid(
                format!("holds the character {odd:?}"),
                "write an internationalized host name in its ASCII form (xn--…), and \
                 percent-encode a path",
            ));
        }

        // 2. The scheme, and something between it and the path.
        let Some((scheme, rest)) = text.split_once("://") else {
            let what = format!("{} is not an absolute URL", shown(text));
            return Err(invalid(what, "begin it with https:// and the host name"));
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.is_empty() {
            return Err(invalid(
                format!("{} has no host", shown(text)),
                "put a host after https://",
            ));
        }

        // 3. Nothing that would be ignored, or leak to where the URL is shown.
        if authority.contains('@') {
            return Err(Fault::new(
                "config.url_userinfo",
                "has a user name or password in it",
                "remove everything up to the @",
            ));
        }
        if rest.contains('#') {
            let what = format!("{} has a fragment", shown(text));
            return Err(Fault::new(
                "config.url_fragment",
                what,
                "remove the # and what follows",
            ));
        }
        if rest.contains('?') {
            let what = format!("{} has a query", shown(text));
            return Err(Fault::new(
                "config.url_query",
                what,
                "remove the ? and what follows",
            ));
        }

        // 4. It parses, to what was written.
        let Ok(url) = Url::parse(text) else {
            return Err(invalid(
                format!("{} is not a URL", shown(text)),
                "correct it",
            ));
        };
        let Some(host) = url.host_str().filter(|_| is_plain_host(&url)) else {
            let what = format!("{} has no proper host name", shown(text));
            return Err(invalid(
                what,
                "use a host name of letters, digits, hyphens and dots",
            ));
        };
        let with_port = url
            .port_or_known_default()
            .map(|port| format!("{host}:{port}"));
        let written = authority.to_ascii_lowercase();
        if written != host && Some(written) != with_port {
            let what = format!("{} has an unusual form of host or port", shown(text));
            return Err(invalid(what, format!("write the host as {host}")));
        }
        if !rest.is_empty() && rest != url.path() {
            let what = format!("the path in {} is not in its normal form", shown(text));
            return Err(invalid(
                what,
                format!("write the path as {}", shown(url.path())),
            ));
        }

        // 5. Encrypted, unless it does not leave the machine.
        match scheme.to_ascii_lowercase().as_str() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(Fault::new(
                    "config.url_scheme",
                    format!("{} is not encrypted", shown(text)),
                    "use https:// (http:// is for localhost, 127.0.0.1 and [::1] only)",
                ));
            }
            _ => {
                let what = format!("{} has another scheme than https", shown(text));
                return Err(Fault::new("config.url_scheme", what, "use https://"));
            }
        }
        Ok(Self { url, path: rest })
    }
}

fn is_plain_host(url: &Url) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    match url.host() {
        // An absolute name (`example.com.`) is another text than the one that
        // certificates, issuers and cookies have.
        Some(Host::Domain(name)) => name
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(is_plain)),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

fn invalid(what: String, fix: impl Into<String>) -> Fault {
    Fault::new("config.url_invalid", what, fix)
}

/// Far above any address in use; with a path appended it still fits a request line.
const MAX_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_stays_as_it_was_written() {
        for (text, path) in [
            ("https://shop.example", ""),
            ("https://shop.example/", "/"),
            ("HTTPS://Shop.Example:443/a/B", "/a/B"),
            ("https://shop.example:8443/a%20b", "/a%20b"),
            ("http://localhost:3000", ""),
            ("http://127.0.0.1:3000", ""),
            ("http://127.255.0.9", ""),
            ("http://[::1]:3000/", "/"),
            ("https://xn--bcher-kva.example", ""),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.path, path, "{text}");
        }
    }

    #[test]
    fn what_is_refused_has_a_code() {
        let long = format!("https://shop.example/{}", "a".repeat(MAX_BYTES));
        for (text, code) in [
            (long.as_str(), "config.url_too_long"),
            ("shop.example", "config.url_invalid"),
            ("localhost:3000", "config.url_invalid"),
            ("https://", "config.url_invalid"),
            ("https:///shop.example", "config.url_invalid"),
            ("https:/shop.example", "config.url_invalid"),
            ("https://shop.example\\a", "config.url_invalid"),
            ("https://shop .example", "config.url_invalid"),
            ("https://sh\top.example", "config.url_invalid"),
            ("https://bücher.example", "config.url_invalid"),
            ("https://shop.example.", "config.url_invalid"),
            ("https://shop..example", "config.url_invalid"),
            ("https://*.shop.example", "config.url_invalid"),
            ("https://shop%2eexample", "config.url_invalid"),
            ("https://shop.example:", "config.url_invalid"),
            ("https://shop.example:0443", "config.url_invalid"),
            ("https://shop.example:99999", "config.url_invalid"),
            ("https://shop.example/a/../b", "config.url_invalid"),
            ("https://shop.example/%2e%2e/b", "config.url_invalid"),
            ("http://127.1", "config.url_invalid"),
            ("http://2130706433", "config.url_invalid"),
            ("http://[0:0:0:0:0:0:0:1]", "config.url_invalid"),
            ("https://shop.example#a", "config.url_fragment"),
            ("https://shop.example/#", "config.url_fragment"),
            ("https://shop.example?", "config.url_query"),
            ("https://shop.example/?a=b", "config.url_query"),
            ("https://u:p@shop.example", "config.url_userinfo"),
            ("https://@shop.example", "config.url_userinfo"),
            ("http://shop.example", "config.url_scheme"),
            ("http://localhost.example", "config.url_scheme"),
            ("http://127.0.0.1.example", "config.url_scheme"),
            ("http://0.0.0.0:3000", "config.url_scheme"),
            ("http://192.168.0.1", "config.url_scheme"),
            ("ftp://shop.example", "config.url_scheme"),
        ] {
            assert_eq!(Address::parse(text).expect_err(text).code, code, "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let fault = Address::parse("https://user:hunter2@shop.example").expect_err("userinfo");
        assert!(!format!("{fault:?}").contains("hunter2"));
        let fault = Address::parse("user:hunter2@shop.example").expect_err("no scheme");
        assert!(!format!("{fault:?}").contains("hunter2"));
    }
}
