//! The pages. Plain HTML, so that the framework around them is all there is to see.

use ciam_core::{Config, Health, ProviderHealth, User};

/// The pages, with links as browsers must follow them.
#[derive(Clone, Debug)]
pub struct Pages {
    base: String,
    routes: String,
    orders_api: String,
}

impl Pages {
    /// Under the path of the base URL, and with the library's routes where they are.
    pub fn new(config: &Config) -> Self {
        let base = config.base_path().to_owned();
        let routes = format!("{base}{}", config.route_prefix());
        Self {
            base,
            routes,
            orders_api: config.url_for_path("/api/orders"),
        }
    }

    /// The front page.
    pub fn home(&self, user: Option<&User>) -> String {
        let Self { base, routes, .. } = self;
        let greeting = match user {
            Some(user) => format!(
                "<h1>Good to see you, <span id=\"name\">{}</span></h1>\
                 <p class=\"lead\">What may we put the kettle on for?</p>\
                 <p class=\"actions\"><a class=\"button\" href=\"{base}/account\">Your account</a>\
                 <a class=\"button quiet\" href=\"{base}/admin\">Back office</a></p>",
                escape(shown_name(user))
            ),
            None => format!(
                "<h1>Tea from twelve gardens</h1>\
                 <p class=\"lead\">Picked this spring, and sent on the day you order.</p>\
                 <p class=\"actions\"><a class=\"button\" id=\"sign-in\" href=\"{routes}/login\">\
                 Sign in</a><a class=\"button quiet\" id=\"create-account\" \
                 href=\"{routes}/signup\">Create account</a></p>"
            ),
        };
        self.document("The Tea Shop", user, &format!("{greeting}{TEAS}"))
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
                "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                escape(&name),
                escape(&value)
            ));
        }
        let body = format!(
            "<h1>Your account</h1>\
             <p class=\"lead\">Signed in as <strong id=\"name\">{}</strong>. This is what the \
             sign-in service says about you.</p><table id=\"claims\">{rows}</table>\
             <p class=\"actions\"><a class=\"button quiet\" href=\"{base}/account/orders\">Your \
             orders</a><a class=\"button quiet\" href=\"{base}/account/sessions\">Where you are \
             signed in</a></p>",
            escape(shown_name(user)),
            base = self.base
        );
        self.document("Your account", Some(user), &body)
    }

    /// For the role `Admin`.
    pub fn admin(&self, user: &User) -> String {
        let body = "<h1>Back office</h1>\
            <p class=\"lead\">You see this page because you have the role <code>Admin</code>.</p>";
        self.document("Back office", Some(user), body)
    }

    /// The address of the orders API.
    pub(crate) fn orders_api(&self) -> &str {
        &self.orders_api
    }

    /// What all paths begin with.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn document(&self, title: &str, user: Option<&User>, body: &str) -> String {
        let Self { base, routes, .. } = self;
        // Signing out changes something, so it is a form, not a link.
        let signed_in = user.map_or_else(String::new, |user| {
            format!(
                "<span>{}</span><form method=\"post\" action=\"{routes}/logout\">\
                 <button id=\"sign-out\">Sign out</button></form>",
                escape(user.email().unwrap_or_else(|| shown_name(user)))
            )
        });
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title>{ICON}<style>{STYLE}</style></head><body>\
             <header><div><a class=\"brand\" href=\"{base}/\">The Tea Shop</a>{signed_in}</div>\
             </header><main>{body}</main></body></html>\n"
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

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const TEAS: &str = "<ul class=\"teas\">\
    <li class=\"assam\"><strong>Assam, second flush</strong><span>Brahmaputra valley, India</span>€ 14</li>\
    <li class=\"sencha\"><strong>Spring sencha</strong><span>Shizuoka, Japan</span>€ 18</li>\
    <li class=\"peony\"><strong>White peony</strong><span>Fuding, China</span>€ 21</li></ul>";

/// A leaf. Without one, browsers ask for `/favicon.ico` and complain.
const ICON: &str = "<link rel=\"icon\" href=\"data:image/svg+xml,\
    %3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
    %3Cpath fill='%2338854a' d='M14 2C6 2 2 5 2 9.5c0 1 .2 1.8.6 2.6C4.5 9 7 7.2 10 6.3 7 8 4.8 10.4 \
    3.6 13.7l1.3.5.5-1.2c.8.3 1.6.5 2.4.5C13 13.5 14 8 14 2z'/%3E%3C/svg%3E\">";

const STYLE: &str = include_str!("style.css");
