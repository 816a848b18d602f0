//! The pages the library shows by itself: what they say, and how they look by default.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

/// A page for the visitor: fixed texts, a code and a correlation id, and where to
/// go from here. Nothing a request brought is in it but the local path that signing in
/// again leads to.
///
/// Rendered by the hook of `with_page`, or by [`to_html`](Self::to_html).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The status of the answer.
    pub status: StatusCode,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What the visitor may do about it.
    pub message: &'static str,
    /// The stable code that the log has too; none on pages that are no error.
    pub code: Option<&'static str>,
    /// What the visitor tells the support, and what the log line carries.
    pub correlation_id: Option<String>,
    /// Links, the most likely one first.
    pub actions: Vec<Action>,
}

/// A link on a [`Page`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Action {
    /// What the link says.
    pub label: &'static str,
    /// A path of the application.
    pub href: String,
}

impl Action {
    pub(crate) fn new(label: &'static str, href: impl Into<String>) -> Self {
        Self {
            label,
            href: href.into(),
        }
    }
}

/// Renders a [`Page`] as a whole HTML document.
#[derive(Clone)]
pub(crate) struct PageHook(Arc<dyn Fn(&Page) -> String + Send + Sync>);

impl PageHook {
    pub(crate) fn new(hook: impl Fn(&Page) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn render(&self, page: &Page) -> String {
        (self.0)(page)
    }
}

impl fmt::Debug for PageHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageHook")
    }
}

impl Page {
    /// The default look: one card, no script, no request to anywhere.
    pub fn to_html(&self) -> String {
        let mut actions = String::new();
        for (n, action) in self.actions.iter().enumerate() {
            let class = if n == 0 { " class=\"first\"" } else { "" };
            let href = escape(&action.href);
            let label = escape(action.label);
            actions.push_str(&format!("<a{class} href=\"{href}\">{label}</a>"));
        }
        let mut details = String::new();
        if let Some(code) = self.code {
            details.push_str(&format!("<dt>Code</dt><dd>{}</dd>", escape(code)));
        }
        if let Some(id) = &self.correlation_id {
            details.push_str(&format!("<dt>Reference</dt><dd>{}</dd>", escape(id)));
        }
        if !details.is_empty() {
            details = format!("<dl>{details}</dl>");
        }
        let title = escape(self.title);
        let message = escape(self.message);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{message}</p><nav>{actions}</nav>{details}</main>\
             </body></html>\n"
        )
    }
}

/// Escapes a text for HTML content and quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Inline, so that a page needs nothing else; the content security policy of
/// default pages names its hash.
pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f27;--quiet:#5b6472;--paper:#f4f5f7;--card:#fff;\
--line:#dfe2e7;--edge:#8b94a3;--accent:#1d5fd1}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eaee;--quiet:#9aa3b2;--paper:#14171c;\
--card:#1d2128;--line:#323843;--edge:#6d7789;--accent:#7fb0ff}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;\
background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}\
main{width:100%;max-width:30rem;background:var(--card);border:1px solid var(--line);\
border-radius:.75rem;padding:2.25rem}\
h1{margin:0 0 .75rem;font-size:1.375rem;line-height:1.3}\
p{margin:0 0 1.5rem;color:var(--quiet)}\
nav{display:flex;flex-wrap:wrap;gap:.75rem}\
nav a{padding:.55rem 1.1rem;border:1px solid var(--edge);border-radius:.5rem;\
color:var(--ink);text-decoration:none}\
nav a.first{background:var(--accent);border-color:var(--accent);color:var(--card)}\
nav a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem 1rem;margin:1.75rem 0 0;\
padding-top:1rem;border-top:1px solid var(--line);font-size:.8125rem;color:var(--quiet)}\
dd{margin:0;font-family:ui-monospace,monospace;overflow-wrap:anywhere}\
@media(max-width:30rem){body{padding:1rem}main{padding:1.5rem}\
nav a{flex:1 0 100%;text-align:center}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_escaped() {
        let page = Page {
            status: StatusCode::BAD_REQUEST,
            title: "<title>",
            message: "a & \"b\"",
            code: Some("x.<y>"),
            correlation_id: Some("'id'".to_owned()),
            actions: vec![Action::new("<go>", "/?a=\"><script>")],
        };
        let html = page.to_html();
        for raw in ["<title><", "<script>", "<go>", "<y>", "'id'", "\"b\""] {
            assert!(!html.contains(raw), "{raw} in {html}");
        }
        assert!(html.contains("a &amp; &quot;b&quot;"));
    }
}
