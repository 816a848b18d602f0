//! The public address of the application, and the paths under it.

use super::address::Address;
use super::problem::{Fault, shown};
use crate::transport::is_loopback;

/// Where browsers reach the application; never taken from a request.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl {
    origin: String,
    path: String,
    host: String,
    is_loopback: bool,
    is_secure: bool,
}

impl BaseUrl {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let Address { url, path } = Address::parse(text)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        // The path becomes the `Path` of a cookie, where `;` would end it.
        if !path.is_empty() && !path[1..].split('/').all(is_segment) {
            return Err(Fault::new(
                "config.base_url_path",
                format!(
                    "{} has an empty path segment or an unusual character",
                    shown(text)
                ),
                "use a path like /shop",
            ));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: path.to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            is_loopback: is_loopback(&url),
            is_secure: url.scheme() == "https",
        })
    }

    /// As browsers send it in `Origin`: no path, no default port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Host and, unless it is the scheme's own, port: as browsers send it in `Host`.
    pub(crate) fn authority(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }

    /// The path in front of every generated URL, without a slash at its end;
    /// empty when the application has its host to itself.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The public address of a path of the application, which begins with `/`.
    pub(crate) fn url_for_path(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }

    /// The public address of one of the library's routes.
    pub(super) fn route_url(&self, route_prefix: &str, route: &str) -> String {
        self.url_for_path(&format!("{route_prefix}/{route}"))
    }

    /// Whether the application is on this machine, as in development.
    pub(crate) const fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether it is https. What is not, is on this machine.
    pub(crate) const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Microsoft's [rules for redirect URIs] that can be checked beforehand.
    ///
    /// [rules for redirect URIs]: https://learn.microsoft.com/entra/identity-platform/reply-url
    pub(super) fn check_microsoft_redirect(&self, callback_url: &str) -> Result<(), Fault> {
        if callback_url.len() > MAX_MICROSOFT_REDIRECT {
            return Err(Fault::new(
                "config.redirect_too_long",
                format!(
                    "the redirect URI has {} characters, Microsoft Entra allows {}",
                    callback_url.len(),
                    MAX_MICROSOFT_REDIRECT
                ),
                "shorten it, or CIAM_ROUTE_PREFIX",
            ));
        }
        if let Some(odd) = callback_url
            .chars()
            .find(|c| MICROSOFT_REFUSES.contains(*c))
        {
            return Err(Fault::new(
                "config.redirect_character",
                format!("the redirect URI holds {odd:?}, which Microsoft Entra does not support"),
                format!("use an address without any of {MICROSOFT_REFUSES}"),
            ));
        }
        if self.host.split('.').any(|label| label.starts_with("xn--")) {
            return Err(Fault::new(
                "config.redirect_host",
                "Microsoft Entra does not support internationalized host names in redirect URIs",
                "use another host name",
            ));
        }
        // `[::1]` is refused with either scheme, http on all but these two.
        let is_known_loopback = self.host == "localhost" || self.host == "127.0.0.1";
        if self.host.starts_with('[') || (!self.is_secure && !is_known_loopback) {
            return Err(Fault::new(
                "config.redirect_host",
                format!(
                    "Microsoft Entra does not support {} in redirect URIs",
                    self.origin
                ),
                "use http://localhost and the port",
            ));
        }
        Ok(())
    }
}

/// Reads `CIAM_ROUTE_PREFIX`.
pub(super) fn route_prefix(text: &str) -> Result<String, Fault> {
    let fix = "use a path like /auth";
    if text.len() > MAX_ROUTE_PREFIX {
        let what = format!("has {} bytes, the limit is {MAX_ROUTE_PREFIX}", text.len());
        return Err(Fault::new("config.route_prefix_invalid", what, fix));
    }
    let Some(path) = text.strip_prefix('/') else {
        let what = format!("{} does not begin with a slash", shown(text));
        return Err(Fault::new("config.route_prefix_invalid", what, fix));
    };
    let is_plain =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_unreserved);
    if !path.split('/').all(is_plain) {
        return Err(Fault::new(
            "config.route_prefix_invalid",
            format!(
                "{} is not made of segments of letters, digits and -._~, without a slash at the \
                 end",
                shown(text)
            ),
            fix,
        ));
    }
    Ok(text.to_owned())
}

/// RFC 3986, section 3.3: `segment-nz`, without `;` and `,`.
fn is_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment
            .bytes()
            .all(|b| is_unreserved(b) || b"%!$&'()*+=:@".contains(&b))
}

/// RFC 3986, section 2.3.
const fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}

/// <https://learn.microsoft.com/entra/identity-platform/reply-url>, "Maximum URI
/// length"; the characters are under "Supported schemes" and "Restrictions on
/// wildcards".
const MAX_MICROSOFT_REDIRECT: usize = 256;
const MICROSOFT_REFUSES: &str = "!$'(),;*";

/// Long enough for any mount point, so that cookie headers stay bounded.
const MAX_ROUTE_PREFIX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_and_path() {
        for (text, origin, path) in [
            ("https://shop.example", "https://shop.example", ""),
            ("https://Shop.Example:443/", "https://shop.example", ""),
            (
                "https://shop.example:8443/a",
                "https://shop.example:8443",
                "/a",
            ),
            ("https://shop.example/a/b/", "https://shop.example", "/a/b"),
            ("http://localhost:3000/", "http://localhost:3000", ""),
            ("http://[::1]:3000", "http://[::1]:3000", ""),
        ] {
            let base_url = BaseUrl::parse(text).expect(text);
            assert_eq!(
                (base_url.origin(), base_url.path()),
                (origin, path),
                "{text}"
            );
            assert_eq!(base_url.is_secure(), text.starts_with("https"), "{text}");
        }
        assert!(
            BaseUrl::parse("https://localhost")
                .expect("a URL")
                .is_loopback()
        );
        assert!(
            !BaseUrl::parse("https://shop.example")
                .expect("a URL")
                .is_loopback()
        );
    }

    #[test]
    fn odd_paths_are_refused() {
        for path in ["//", "/a//b", "/a;b", "/a,b", "/a//"] {
            let text = format!("https://shop.example{path}");
            let fault = BaseUrl::parse(&text).expect_err(path);
            assert_eq!(fault.code, "config.base_url_path", "{path}");
        }
    }

    #[test]
    fn redirect_uris_that_microsoft_refuses() {
        let long = format!("https://shop.example/{}", "a".repeat(250));
        for (text, code) in [
            (long.as_str(), "config.redirect_too_long"),
            ("https://shop.example/a(b)", "config.redirect_character"),
            ("https://shop.example/a!", "config.redirect_character"),
            ("https://shop.example/a*", "config.redirect_character"),
            ("https://xn--bcher-kva.example", "config.redirect_host"),
            ("https://shop.xn--p1ai", "config.redirect_host"),
            ("http://[::1]:3000", "config.redirect_host"),
            ("http://127.0.0.2:3000", "config.redirect_host"),
        ] {
            let base_url = BaseUrl::parse(text).expect(text);
            let fault = base_url.check_microsoft_redirect(&format!("{text}/auth/callback"));
            assert_eq!(fault.expect_err(text).code, code, "{text}");
        }
        for text in [
            "https://shop.example/a",
            "http://localhost:3000",
            "http://127.0.0.1:3000",
        ] {
            let base_url = BaseUrl::parse(text).expect(text);
            base_url
                .check_microsoft_redirect(&format!("{text}/auth/callback"))
                .expect(text);
        }
    }

    #[test]
    fn route_prefixes() {
        for text in [
            "/auth",
            "/a/b",
            "/a-b_c.d~e",
            &format!("/{}", "a".repeat(63)),
        ] {
            assert_eq!(route_prefix(text).expect(text), text);
        }
        let long = format!("/{}", "a".repeat(64));
        for text in [
            "auth", "/", "//", "/auth/", "/a//b", "/a/../b", "/.", "/a b", "/a%20b", "/a{b}",
            "/a?b", "/a#b", "/ä", "/a;b", "/a*", "/:a", &long,
        ] {
            let fault = route_prefix(text).expect_err(text);
            assert_eq!(fault.code, "config.route_prefix_invalid", "{text}");
        }
    }
}
