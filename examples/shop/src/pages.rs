//! The pages. Plain HTML, so that the framework around them is all there is to see.

use ciam_core::{Config, Health, ProviderHealth, User};

/// The pages, with links as browsers must follow them.
#[derive(Clone, Debug)]
pub struct Pages {
    base: String,
    routes: String,
}

impl Pages {
    /// Under the path of the base URL, and with the library's routes where they are.
    pub fn new(config: &Config) -> Self {
        let base = config.base_path().to_owned();
        let routes = format!("{base}{}", config.route_prefix());
        Self { base, routes }
    }

    /// The front page.
    pub fn home(&self, user: Option<&User>) -> String {
        let Self { base, routes } = self;
        let greeting = match user {
            Some(user) => format!(
                "<p class=\"lead\">Good to see you, <strong id=\"name\">{}</strong>.</p>\
                 <p class=\"actions\"><a class=\"button\" href=\"{base}/account\">Your account</a>\
                 <a class=\"button quiet\" href=\"{base}/admin\">Back office</a></p>{}",
                escape(shown_name(user)),
                self.sign_out()
            ),
            None => format!(
                "<p class=\"lead\">Tea from twelve gardens, sent on the day you order.</p>\
                 <p class=\"actions\"><a class=\"button\" id=\"sign-in\" href=\"{routes}/login\">\
                 Sign in</a><a class=\"button quiet\" id=\"create-account\" \
                 href=\"{routes}/signup\">Create account</a></p>"
            ),
        };
        self.document("The Tea Shop", &greeting)
    }

    /// What the provider says about the user.
    pub fn account(&self, user: &User) -> String {
        let claims = user
            .claims()
            .to::<serde_json::Map<String, serde_json::Value>>();
        let mut rows = String::new();
        for (name, value) in claims.unwrap_or_default() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            rows.push_str(&format!(
                "<tr><th>{}</th><td>{}</td></tr>",
                escape(&name),
                escape(&value)
            ));
        }
        let body = format!(
            "<p class=\"lead\">Signed in as <strong id=\"name\">{}</strong>.</p>\
             <table id=\"claims\">{rows}</table>{}",
            escape(shown_name(user)),
            self.sign_out()
        );
        self.document("Your account", &body)
    }

    /// For the role `Admin`.
    pub fn admin(&self, user: &User) -> String {
        let body = format!(
            "<p class=\"lead\">Hello {}, this page is for the role <code>Admin</code>.</p>{}",
            escape(shown_name(user)),
            self.sign_out()
        );
        self.document("Back office", &body)
    }

    /// Signing out changes something, so it is a form, not a link.
    fn sign_out(&self) -> String {
        format!(
            "<form method=\"post\" action=\"{}/logout\">\
             <button id=\"sign-out\">Sign out</button></form>",
            self.routes
        )
    }

    fn document(&self, title: &str, body: &str) -> String {
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head><body>\
             <header><a href=\"{}/\">The Tea Shop</a></header>\
             <main><h1>{title}</h1>{body}</main></body></html>\n",
            self.base
        )
    }
}

/// Whether sign-ins can succeed, for a load balancer and for people.
pub fn health(health: &ProviderHealth) -> serde_json::Value {
    let part = |part: &Health| {
        let age = part.age.map(|age| age.as_secs());
        serde_json::json!({ "age_seconds": age, "last_error": part.last_error })
    };
    serde_json::json!({
        "ready": health.is_ready(),
        "metadata": part(&health.metadata),
        "keys": part(&health.keys),
    })
}

fn shown_name(user: &User) -> &str {
    user.name().or_else(|| user.email()).unwrap_or("customer")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#21261f;--quiet:#5f6b58;--paper:#f6f5ef;--card:#fffefa;\
--line:#dedccd;--leaf:#2f6b3a}\
@media(prefers-color-scheme:dark){:root{--ink:#eceee6;--quiet:#a3ad9b;--paper:#161915;\
--card:#1f241d;--line:#363d32;--leaf:#8fce9a}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}\
header{border-bottom:1px solid var(--line);padding:1rem 1.5rem}\
header a{color:var(--leaf);font-weight:600;text-decoration:none}\
main{max-width:42rem;margin:3rem auto;padding:0 1.5rem}\
h1{font-size:2rem;line-height:1.2;margin:0 0 1rem}\
.lead{color:var(--quiet);margin:0 0 1.75rem}\
.lead strong{color:var(--ink)}\
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:0 0 1.5rem}\
.button,button{font:inherit;display:inline-block;padding:.5rem 1.1rem;border-radius:.5rem;\
border:1px solid var(--leaf);background:var(--leaf);color:var(--card);text-decoration:none;\
cursor:pointer}\
.button.quiet,button{background:transparent;color:var(--leaf)}\
.button:focus-visible,button:focus-visible{outline:3px solid var(--leaf);outline-offset:2px}\
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);\
border-radius:.5rem;margin:0 0 1.5rem;font-size:.9375rem}\
th,td{text-align:left;padding:.5rem .85rem;border-bottom:1px solid var(--line);\
overflow-wrap:anywhere;vertical-align:top}\
th{font-weight:500;color:var(--quiet);white-space:nowrap}";
