//! The visitor's cookies, kept and sent as Chromium does.
//!
//! `tests/tests/browser_harness.rs` sends the same cookies through Chromium
//! and compares.

use std::time::{Duration, SystemTime};

use cookie::{Cookie, SameSite};
use url::{Host, Url};

/// A cookie as it was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its attributes as the server sent them.
    pub cookie: Cookie<'static>,
    host: String,
    /// Sent to subdomains too: it named a domain.
    subdomains: bool,
    path: String,
    created: SystemTime,
    expires: Option<SystemTime>,
}

/// How a request came about, as far as cookies care.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    pub(super) url: &'a Url,
    /// The page that started it is of the same site, or nobody started it.
    pub(super) same_site: bool,
    /// A top-level navigation, and not a script's request.
    pub(super) navigation: bool,
    /// GET or HEAD.
    pub(super) safe_method: bool,
}

/// All cookies of one visitor, in the order they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    kept: Vec<Kept>,
}

impl Jar {
    /// Keeps a cookie, or says why a browser would not.
    pub(super) fn store(&mut self, url: &Url, set_cookie: &str) -> Result<(), &'static str> {
        let cookie = Cookie::parse(set_cookie.to_owned()).map_err(|_| "not a cookie")?;
        if cookie.name().len() + cookie.value().len() > NAME_AND_VALUE_LIMIT {
            return Err("name and value are longer than 4096 bytes");
        }
        let secure = cookie.secure() == Some(true);
        if secure && !is_trustworthy(url) {
            return Err("Secure from a plain address");
        }
        if cookie.same_site() == Some(SameSite::None) && !secure {
            return Err("SameSite=None without Secure");
        }
        let named_path = cookie.path().filter(|path| path.starts_with('/'));
        // RFC 6265bis, section 4.1.3; Chromium takes both from loopback.
        if cookie.name().starts_with("__Secure-") && !secure {
            return Err("__Secure- without Secure");
        }
        if cookie.name().starts_with("__Host-")
            && !(secure && cookie.domain().is_none() && named_path == Some("/"))
        {
            return Err("__Host- without Secure and Path=/, or with Domain");
        }
        let host = url.host_str().ok_or("no host")?;
        let domain = cookie
            .domain()
            .map(|domain| domain.trim_start_matches('.').to_lowercase());
        if domain
            .as_deref()
            .is_some_and(|domain| !is_within(host, domain))
        {
            return Err("Domain of somebody else");
        }
        let kept = Kept {
            subdomains: domain.is_some() && matches!(url.host(), Some(Host::Domain(_))),
            host: domain.unwrap_or_else(|| host.to_owned()),
            path: named_path.map_or_else(|| default_path(url), str::to_owned),
            created: SystemTime::now(),
            expires: expiry(&cookie),
            cookie,
        };
        self.replace(kept);
        Ok(())
    }

    /// The value of the `Cookie` header, when there is one.
    pub(super) fn header(&self, request: Use<'_>) -> Option<String> {
        let mut sent: Vec<&Kept> = self.live().filter(|kept| kept.is_sent(request)).collect();
        // RFC 6265, section 5.4: longer paths first, then older ones.
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|kept| format!("{}={}", kept.cookie.name(), kept.cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Kept> {
        let now = SystemTime::now();
        self.kept
            .iter()
            .filter(move |kept| kept.expires.is_none_or(|expires| expires > now))
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.kept.retain(|kept| kept.cookie.name() != name);
    }

    fn replace(&mut self, new: Kept) {
        let same = |old: &Kept| {
            old.cookie.name() == new.cookie.name() && old.host == new.host && old.path == new.path
        };
        match self.kept.iter_mut().find(|old| same(old)) {
            // RFC 6265, section 5.3, step 11.3: its age stays.
            Some(old) => {
                *old = Kept {
                    created: old.created,
                    ..new
                }
            }
            None => self.kept.push(new),
        }
    }
}

impl Kept {
    fn is_sent(&self, request: Use<'_>) -> bool {
        let host = request.url.host_str().unwrap_or_default();
        let host_matches = host == self.host || (self.subdomains && is_within(host, &self.host));
        let secure = self.cookie.secure() == Some(true);
        host_matches
            && path_matches(request.url.path(), &self.path)
            && (!secure || is_trustworthy(request.url))
            && (request.same_site || self.is_sent_cross_site(request))
    }

    fn is_sent_cross_site(&self, request: Use<'_>) -> bool {
        match self.cookie.same_site() {
            Some(SameSite::None) => true,
            Some(SameSite::Lax) => request.navigation && request.safe_method,
            Some(SameSite::Strict) => false,
            // "Lax + POST": a cookie that names no SameSite is Lax, but goes
            // with a cross-site POST while it is younger than two minutes.
            None => {
                let age = self.created.elapsed().unwrap_or_default();
                request.navigation && (request.safe_method || age < LAX_ALLOWING_UNSAFE)
            }
        }
    }
}

/// Whether two addresses are of one site: the same scheme and the same last two
/// labels. Ports do not matter; addresses and single labels stand for
/// themselves. (Public suffixes of two labels are not known here.)
pub(super) fn same_site(a: &Url, b: &Url) -> bool {
    fn site(url: &Url) -> Option<String> {
        match url.host()? {
            Host::Domain(name) => {
                let labels: Vec<&str> = name.rsplitn(3, '.').take(2).collect();
                Some(labels.join("."))
            }
            address => Some(address.to_string()),
        }
    }
    a.scheme() == b.scheme() && site(a) == site(b)
}

/// Whether `Secure` cookies come from and go to this address: https, or
/// loopback.
fn is_trustworthy(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || loopback
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 6265, section 5.1.4.
fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

/// RFC 6265, section 5.1.4: the directory of the path that set it.
fn default_path(url: &Url) -> String {
    match url.path().rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory.to_owned(),
        _ => "/".to_owned(),
    }
}

/// When it ends; `Max-Age` goes before `Expires`, zero and less is at once.
fn expiry(cookie: &Cookie<'_>) -> Option<SystemTime> {
    let now = SystemTime::now();
    if let Some(age) = cookie.max_age() {
        let seconds = u64::try_from(age.whole_seconds()).unwrap_or(0);
        return Some(now + Duration::from_secs(seconds));
    }
    let at = cookie.expires_datetime()?.unix_timestamp();
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at).unwrap_or(0)))
}

/// Chromium refuses more (RFC 6265bis, section 5.7, step 6).
const NAME_AND_VALUE_LIMIT: usize = 4096;

/// Chromium's exception for cookies that name no `SameSite`.
const LAX_ALLOWING_UNSAFE: Duration = Duration::from_secs(120);
