//! Frames inside a page: a sign-out of several applications loads one for each.

use http::Method;
use http::header::{ACCEPT, COOKIE, HeaderValue, REFERER};

use super::jar::{Use, same_site};
use super::{Page, Visitor, fetch_metadata, insert, referer, relation};

impl Visitor {
    /// Loads what the page's frames show, following nothing, in the order of the page.
    ///
    /// A frame of another site gets `SameSite=None` cookies only, as in Chromium; one that
    /// blocks third-party cookies would send none.
    pub async fn load_frames(&mut self, page: &Page) -> Vec<Page> {
        let mut loaded = Vec::new();
        for url in page.frames() {
            let mut headers = fetch_metadata("navigate", "iframe", relation(&page.url, &url));
            headers.insert(
                ACCEPT,
                HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"),
            );
            insert(&mut headers, REFERER, referer(page, &url));
            let request = Use {
                url: &url,
                same_site: same_site(&page.url, &url),
                navigation: false,
                safe_method: true,
            };
            insert(&mut headers, COOKIE, self.jar.header(request));
            loaded.push(self.exchange(Method::GET, url, headers, None).await);
        }
        loaded
    }
}
