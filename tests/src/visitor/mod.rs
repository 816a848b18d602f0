//! A browser without JavaScript: navigates, keeps cookies, submits forms.
//!
//! It sends what Chromium sends as far as a sign-in can tell: `Sec-Fetch-*`,
//! `Accept`, `Origin`, `Referer`, and cookies by path, `Secure` and `SameSite`.

mod form;
mod frame;
mod html;
mod jar;
mod page;

use std::net::{Ipv4Addr, SocketAddr};

use http::header::{
    ACCEPT, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, ORIGIN, REFERER, SET_COOKIE,
};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

pub use self::form::Form;
pub use self::jar::Kept;
pub use self::page::{Page, query};

use self::jar::{Jar, Use, same_site};

/// Someone at a browser of their own.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: reqwest::Client,
    jar: Jar,
    history: Vec<Exchange>,
    stops: Vec<String>,
}

/// One request and the head of its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request's method.
    pub method: Method,
    /// The request's address.
    pub url: Url,
    /// The request's headers.
    pub sent: HeaderMap,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub received: HeaderMap,
    /// Cookies of the answer that a browser does not keep, each with the reason.
    pub refused_cookies: Vec<(String, &'static str)>,
}

/// A page that is about to be loaded.
#[derive(Clone, Debug)]
struct Navigation {
    method: Method,
    url: Url,
    form: Option<String>,
    /// The page whose link or form started it; nobody's is an address typed in.
    from: Option<Page>,
    /// Where redirects have led through so far.
    through: Vec<Url>,
}

impl Visitor {
    /// A visitor without cookies. `localhost` is 127.0.0.1.
    pub fn new() -> Self {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .no_proxy()
            // Plain http only: nothing to trust, and no certificates needed.
            .tls_certs_only([])
            .build()
            .expect("a client");
        Self::with_client(client)
    }

    /// A visitor on a client of the test's own, which must not follow redirects.
    pub fn with_client(client: reqwest::Client) -> Self {
        Self {
            client,
            jar: Jar::default(),
            history: Vec::new(),
            stops: Vec::new(),
        }
    }

    /// The same visitor, who shares no connection with this one.
    #[must_use]
    pub fn on_a_new_connection(self) -> Self {
        let Self { client, .. } = Self::new();
        Self { client, ..self }
    }

    /// Never loads addresses that begin with this: the answer that leads there
    /// is what the visitor gets, e.g. the redirect that carries the code.
    #[must_use]
    pub fn stopping_before(mut self, address: &str) -> Self {
        self.stops.push(address.to_owned());
        self
    }

    /// Types an address, and follows where it leads.
    pub async fn go(&mut self, address: impl AsRef<str>) -> Page {
        self.navigate(Navigation::to(parse(address.as_ref()), None))
            .await
    }

    /// Follows the page's link with this text.
    pub async fn follow(&mut self, page: &Page, link: &str) -> Page {
        self.go_from(page, page.link(link).as_str()).await
    }

    /// Goes to an address as if the page had linked to it.
    pub async fn go_from(&mut self, page: &Page, address: &str) -> Page {
        let url = page.url.join(address).expect("an address");
        self.navigate(Navigation::to(url, Some(page.clone()))).await
    }

    /// Submits a form, and follows where it leads.
    pub async fn submit(&mut self, form: &Form) -> Page {
        self.navigate(Navigation::submitting(form)).await
    }

    /// What a script of the page would send, with cookies to its own origin
    /// only, following nothing.
    pub async fn fetch(&mut self, page: &Page, method: Method, address: &str) -> Page {
        let url = page.url.join(address).expect("an address");
        let same_origin = page.url.origin() == url.origin();
        let mut headers = fetch_metadata("cors", "empty", relation(&page.url, &url));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        insert(&mut headers, REFERER, referer(page, &url));
        if method != Method::GET || !same_origin {
            insert(&mut headers, ORIGIN, Some(origin(&page.url)));
        }
        if same_origin {
            let safe_method = method == Method::GET || method == Method::HEAD;
            let request = Use {
                url: &url,
                same_site: true,
                navigation: false,
                safe_method,
            };
            insert(&mut headers, COOKIE, self.jar.header(request));
        }
        self.exchange(method, url, headers, None).await
    }

    /// Everything requested so far, redirects too.
    pub fn history(&self) -> &[Exchange] {
        &self.history
    }

    /// The cookies kept now.
    pub fn cookies(&self) -> Vec<&Kept> {
        self.jar.live().collect()
    }

    /// The one cookie kept now whose name begins with this.
    pub fn cookie(&self, prefix: &str) -> Option<&Kept> {
        let named = |kept: &&Kept| kept.cookie.name().starts_with(prefix);
        let mut found = self.jar.live().filter(named);
        let first = found.next();
        assert!(found.next().is_none(), "more than one cookie {prefix:?}");
        first
    }

    /// Keeps a cookie as if `address` had set it, or says why not.
    pub fn set_cookie(&mut self, address: &str, set_cookie: &str) -> Result<(), &'static str> {
        self.jar.store(&parse(address), set_cookie)
    }

    /// Forgets all cookies of this name.
    pub fn forget_cookie(&mut self, name: &str) {
        self.jar.remove(name);
    }

    async fn navigate(&mut self, mut navigation: Navigation) -> Page {
        for _ in 0..REDIRECT_LIMIT {
            let page = self.load(&navigation).await;
            let next = match (page.location(), page.submits_itself()) {
                (Some(location), _) if page.status.is_redirection() => {
                    navigation.redirected(page.status, location)
                }
                (_, Some(form)) => Navigation::submitting(&form),
                _ => return page,
            };
            if self
                .stops
                .iter()
                .any(|stop| next.url.as_str().starts_with(stop))
            {
                return page;
            }
            navigation = next;
        }
        panic!(
            "more than {REDIRECT_LIMIT} redirects, the last to {}",
            navigation.url
        );
    }

    async fn load(&mut self, navigation: &Navigation) -> Page {
        let Navigation {
            method,
            url,
            form,
            from,
            through,
        } = navigation;
        let mut headers = fetch_metadata("navigate", "document", navigation.site());
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"),
        );
        if let Some(page) = from {
            // What a redirect to another origin has taken away stays away.
            let left = through.iter().find(|hop| hop.origin() != page.url.origin());
            insert(&mut headers, REFERER, referer(page, left.unwrap_or(url)));
            if method != Method::GET {
                let hidden = left.is_some() || hides_origin(page, url);
                let origin = if hidden {
                    "null".to_owned()
                } else {
                    origin(&page.url)
                };
                insert(&mut headers, ORIGIN, Some(origin));
            }
        }
        if form.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(CONTENT_TYPE, form);
        }
        let request = Use {
            url,
            same_site: from.as_ref().is_none_or(|page| same_site(&page.url, url)),
            navigation: true,
            safe_method: method == Method::GET,
        };
        insert(&mut headers, COOKIE, self.jar.header(request));
        self.exchange(method.clone(), url.clone(), headers, form.clone())
            .await
    }

    async fn exchange(
        &mut self,
        method: Method,
        url: Url,
        sent: HeaderMap,
        body: Option<String>,
    ) -> Page {
        let mut request = self
            .client
            .request(method.clone(), url.clone())
            .headers(sent.clone());
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{url}: {error:?}"));
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer
            .text()
            .await
            .unwrap_or_else(|error| panic!("{url}: {error:?}"));
        let mut refused_cookies = Vec::new();
        for set_cookie in headers.get_all(SET_COOKIE) {
            let text = String::from_utf8_lossy(set_cookie.as_bytes()).into_owned();
            if let Err(reason) = self.jar.store(&url, &text) {
                refused_cookies.push((text, reason));
            }
        }
        let page = Page {
            url: url.clone(),
            status,
            headers: headers.clone(),
            body,
        };
        self.history.push(Exchange {
            method,
            url,
            sent,
            status,
            received: headers,
            refused_cookies,
        });
        page
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Self::new()
    }
}

impl Navigation {
    const fn to(url: Url, from: Option<Page>) -> Self {
        Self {
            method: Method::GET,
            url,
            form: None,
            from,
            through: Vec::new(),
        }
    }

    fn submitting(form: &Form) -> Self {
        let mut navigation = Self::to(form.action.clone(), Some(form.page.clone()));
        if form.method == Method::POST {
            navigation.method = Method::POST;
            navigation.form = Some(form.encoded());
        } else {
            navigation.url.set_query(Some(&form.encoded()));
        }
        navigation
    }

    /// Fetch, section 4.4 (HTTP-redirect fetch), steps 12 and 18.
    fn redirected(mut self, status: StatusCode, mut location: Url) -> Self {
        if location.fragment().is_none() {
            location.set_fragment(self.url.fragment());
        }
        let to_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if to_get {
            self.method = Method::GET;
            self.form = None;
        }
        self.through
            .push(std::mem::replace(&mut self.url, location));
        self
    }

    /// `Sec-Fetch-Site`: the farthest of all addresses on the way.
    fn site(&self) -> Relation {
        let Some(page) = &self.from else {
            return Relation::None;
        };
        let addresses = self.through.iter().chain([&self.url]);
        addresses
            .map(|url| relation(&page.url, url))
            .max()
            .unwrap_or(Relation::SameOrigin)
    }
}

/// How far an address is from the page that asks for it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Relation {
    None,
    SameOrigin,
    SameSite,
    CrossSite,
}

fn relation(page: &Url, url: &Url) -> Relation {
    if page.origin() == url.origin() {
        Relation::SameOrigin
    } else if same_site(page, url) {
        Relation::SameSite
    } else {
        Relation::CrossSite
    }
}

fn fetch_metadata(mode: &'static str, dest: &'static str, site: Relation) -> HeaderMap {
    let site = match site {
        Relation::None => "none",
        Relation::SameOrigin => "same-origin",
        Relation::SameSite => "same-site",
        Relation::CrossSite => "cross-site",
    };
    HeaderMap::from_iter([
        (
            HeaderName::from_static("sec-fetch-mode"),
            HeaderValue::from_static(mode),
        ),
        (
            HeaderName::from_static("sec-fetch-dest"),
            HeaderValue::from_static(dest),
        ),
        (
            HeaderName::from_static("sec-fetch-site"),
            HeaderValue::from_static(site),
        ),
    ])
}

/// Referrer Policy: `strict-origin-when-cross-origin` unless the page has
/// `no-referrer` or `same-origin`.
fn referer(page: &Page, url: &Url) -> Option<String> {
    let same_origin = page.url.origin() == url.origin();
    match page.header("referrer-policy") {
        Some("no-referrer") => None,
        Some("same-origin") if !same_origin => None,
        _ if same_origin => {
            let mut referer = page.url.clone();
            referer.set_fragment(None);
            Some(referer.into())
        }
        _ => Some(format!("{}/", origin(&page.url))),
    }
}

/// Fetch, section 3.2 ("serializing a request origin"): a page that sends no
/// referrer sends `Origin: null` with its forms.
fn hides_origin(page: &Page, url: &Url) -> bool {
    match page.header("referrer-policy") {
        Some("no-referrer") => true,
        Some("same-origin") => page.url.origin() != url.origin(),
        _ => false,
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn parse(address: &str) -> Url {
    Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"))
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<String>) {
    if let Some(value) = value {
        headers.insert(
            name,
            HeaderValue::try_from(value).expect("a header's value"),
        );
    }
}

/// Fetch, section 4.4, step 7.
const REDIRECT_LIMIT: usize = 20;
