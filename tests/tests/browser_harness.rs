//! The browsers of the harness: Chromium works, and the visitor is like it.

use std::collections::BTreeMap;

use ciam_tests::{Browser, Echo, OidcProvider, Received, Visitor};
use serde_json::json;
use url::form_urlencoded;

#[tokio::test]
async fn chromium_shows_a_page_keeps_cookies_and_takes_pictures() {
    let server = Echo::start().await;
    let browser = Browser::start().await;
    let html = "<h1>Welcome</h1><form><input name=city><button>Go on</button></form>\
                <script>console.error('from the page')</script>";
    let page = asking(&[
        ("html", html),
        ("set-cookie", "a=1; Path=/; HttpOnly; SameSite=Lax"),
        (
            "set-cookie",
            "b=2; Path=/auth; Secure; SameSite=None; Max-Age=60",
        ),
        ("set-cookie", "c=3; Path=/; SameSite=Strict"),
    ]);
    browser.go(server.url("localhost", &page)).await;
    assert_eq!(browser.text_of("h1").await, "Welcome");

    let a = browser.cookie("a").await.expect("the cookie a");
    assert_eq!(
        (a.value.as_str(), a.path.as_str(), a.domain.as_str()),
        ("1", "/", "localhost")
    );
    assert_eq!(
        (a.http_only, a.secure, a.same_site.as_deref()),
        (true, false, Some("Lax"))
    );
    assert!(a.expires < 0.0, "{a:?}");
    let b = browser.cookie("b").await.expect("the cookie b");
    assert_eq!(
        (b.path.as_str(), b.same_site.as_deref()),
        ("/auth", Some("None"))
    );
    assert_eq!((b.http_only, b.secure), (false, true));
    assert!(b.expires > 0.0, "{b:?}");
    let c = browser.cookie("c").await.expect("the cookie c");
    assert_eq!(c.same_site.as_deref(), Some("Strict"));

    let console = browser.console().await.join("\n");
    assert!(console.contains("from the page"), "{console}");

    browser.fill("city", "Bergen").await;
    browser.click("Go on").await;
    browser
        .arrive_at(&server.url("localhost", "/?city=Bergen"))
        .await;
    browser.back().await;
    assert_eq!(browser.text_of("h1").await, "Welcome");

    let picture = browser.screenshot("harness").await;
    let bytes = std::fs::read(picture).expect("a picture");
    assert!(
        bytes.starts_with(b"\x89PNG") && bytes.len() > 1000,
        "{} bytes",
        bytes.len()
    );

    assert_eq!(browser.new_tab().await, 1);
    assert_eq!(browser.url().await.as_str(), "about:blank");
    browser.switch_to_tab(0).await;
    assert!(browser.text().await.contains("Welcome"));
}

#[tokio::test]
async fn chromium_signs_in_at_the_independent_provider() {
    let shop = Echo::start().await;
    let client = OidcProvider::client("shop", "a-secret", &shop.url("localhost", ""));
    let provider = OidcProvider::start(json!({"clients": [client]})).await;
    let callback = shop.url("localhost", "/auth/callback");
    let request = asking(&[
        ("client_id", "shop"),
        ("response_type", "code"),
        ("response_mode", "form_post"),
        ("scope", "openid"),
        ("redirect_uri", &callback),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]);
    let browser = Browser::start().await;
    browser
        .go(format!("{}/auth{request}", provider.issuer()))
        .await;
    browser.fill("login", "alice").await;
    browser.fill("password", "any").await;
    browser.click("Sign-in").await;
    browser.click("Continue").await;
    browser.arrive_at(&callback).await;
    assert!(shop.last("/auth/callback").field("code").is_some());
}

#[tokio::test]
async fn the_visitor_sends_what_chromium_sends() {
    let seen_of_chromium = {
        let servers = Servers::start().await;
        let browser = Browser::start().await;
        for step in servers.steps() {
            match step {
                Step::Go(address) => browser.go(address).await,
                Step::Follow(link) => browser.click(link).await,
                Step::Press(button) => browser.click(button).await,
                Step::Arrive(address) => browser.arrive_at(&address).await,
            }
        }
        servers.seen()
    };
    let seen_of_visitor = {
        let servers = Servers::start().await;
        let mut visitor = Visitor::new();
        let mut page = visitor.go(servers.shop.url("localhost", "/ready")).await;
        for step in servers.steps() {
            page = match step {
                Step::Go(address) => visitor.go(address).await,
                Step::Follow(link) => visitor.follow(&page, link).await,
                Step::Press(button) => {
                    let form = page.forms().remove(0).press(button);
                    visitor.submit(&form).await
                }
                Step::Arrive(address) => {
                    assert!(page.url.as_str().starts_with(&address), "{page}");
                    page
                }
            };
        }
        let mut seen = servers.seen();
        seen.remove(0);
        seen
    };
    assert_eq!(seen_of_chromium.len(), seen_of_visitor.len());
    for (chromium, visitor) in seen_of_chromium.iter().zip(&seen_of_visitor) {
        assert_eq!(chromium, visitor);
    }
    let cookies = |path: &str| {
        let request = seen_of_visitor.iter().find(|seen| seen.contains(path));
        request
            .unwrap_or_else(|| panic!("{path} in {seen_of_visitor:#?}"))
            .clone()
    };
    // What a sign-in stands and falls with, in case both are wrong together.
    assert!(
        cookies("/auth/form ").contains("none=1"),
        "form_post needs SameSite=None"
    );
    assert!(
        !cookies("/auth/form ").contains("lax=1"),
        "a Lax cookie is lost with form_post"
    );
    assert!(
        cookies("/auth/link ").contains("lax=1"),
        "a Lax cookie comes with a redirect"
    );
    assert!(
        !cookies("/auth/link ").contains("strict=1"),
        "a Strict one does not"
    );
}

/// A shop on `localhost` and a provider on `127.0.0.1`: two sites.
struct Servers {
    shop: Echo,
    provider: Echo,
}

enum Step {
    Go(String),
    Follow(&'static str),
    Press(&'static str),
    Arrive(String),
}

impl Servers {
    async fn start() -> Self {
        Self {
            shop: Echo::start().await,
            provider: Echo::start().await,
        }
    }

    fn steps(&self) -> Vec<Step> {
        let shop = |path: &str| self.shop.url("localhost", path);
        let provider = |path: &str| self.provider.url("127.0.0.1", path);
        let link = |name: &str, to: &str| format!("<a href='{to}'>{name}</a>");
        let form = |to: &str| {
            format!(
                "<form method=post action='{to}'><input name=x value='a b'><button>Send</button></form>"
            )
        };
        let page = |html: &str| asking(&[("html", html)]);
        let quiet =
            |html: &str, policy: &str| asking(&[("html", html), ("referrer-policy", policy)]);
        let to = |target: &str, status: &str| asking(&[("to", target), ("status", status)]);
        let cookies: Vec<(&str, String)> = COOKIES
            .iter()
            .map(|cookie| ("set-cookie", (*cookie).to_owned()))
            .collect();
        let mut all: Vec<(&str, &str)> = cookies.iter().map(|(n, c)| (*n, c.as_str())).collect();
        let long = format!("long={}; Path=/", "x".repeat(4093));
        let longest = format!("longest={}; Path=/", "x".repeat(4089));
        all.extend([
            ("set-cookie", long.as_str()),
            ("set-cookie", longest.as_str()),
        ]);

        let mut steps = vec![
            Step::Go(shop(&format!("/deep/er/set{}", asking(&all)))),
            Step::Go(shop("/auth/typed")),
            Step::Go(shop("/authentic")),
            Step::Go(shop("/deep/er/typed")),
            Step::Go(shop("/deeper")),
            Step::Go(provider(&format!("/deep/er/set{}", asking(&all)))),
            Step::Go(provider("/auth/typed")),
        ];
        // From the provider's page to the shop, by link and by form.
        for (button, html) in [
            (Step::Follow("On"), link("On", &shop("/auth/link"))),
            (Step::Press("Send"), form(&shop("/auth/form"))),
        ] {
            steps.extend([Step::Go(provider(&format!("/page{}", page(&html)))), button]);
            steps.push(Step::Arrive(shop("/auth/")));
        }
        // From the shop to the provider and back, as a sign-in does.
        let back = provider(&format!("/authorize{}", to(&shop("/auth/callback"), "302")));
        let login = shop(&format!("/auth/login{}", to(&back, "303")));
        steps.push(Step::Go(shop(&format!(
            "/home{}",
            page(&link("Sign in", &login))
        ))));
        steps.extend([
            Step::Follow("Sign in"),
            Step::Arrive(shop("/auth/callback")),
        ]);
        steps.push(Step::Go(login));
        steps.push(Step::Arrive(shop("/auth/callback")));
        // A form that is answered with each kind of redirect.
        for status in ["301", "302", "303", "307", "308"] {
            let across = provider(&format!("/hop{}", to(&shop("/auth/end"), status)));
            steps.push(Step::Go(shop(&format!("/form{}", page(&form(&across))))));
            steps.extend([Step::Press("Send"), Step::Arrive(shop("/auth/end"))]);
        }
        // Pages that send no referrer.
        for policy in ["no-referrer", "same-origin"] {
            for target in [shop("/auth/quiet"), provider("/quiet")] {
                let quiet = quiet(&form(&target), policy);
                steps.push(Step::Go(shop(&format!("/form{quiet}"))));
                steps.extend([Step::Press("Send"), Step::Arrive(target)]);
            }
        }
        // The same site on another port.
        let other_port = self.provider.url("localhost", "/other-port");
        steps.push(Step::Go(shop(&format!(
            "/form{}",
            page(&form(&other_port))
        ))));
        steps.extend([Step::Press("Send"), Step::Arrive(other_port)]);
        steps
    }

    /// What each request said, without what differs between two runs.
    fn seen(&self) -> Vec<String> {
        let ports = BTreeMap::from([
            (self.shop.url("localhost", ""), "http://shop"),
            (self.shop.url("127.0.0.1", ""), "http://shop.ip"),
            (self.provider.url("localhost", ""), "http://other-port"),
            (self.provider.url("127.0.0.1", ""), "http://provider"),
        ]);
        let both = [("shop", &self.shop), ("provider", &self.provider)];
        let requests = both.into_iter().flat_map(|(name, server)| {
            server
                .requests()
                .into_iter()
                .map(move |request| describe(name, &request))
        });
        requests
            .map(|text| {
                ports
                    .iter()
                    .fold(text, |text, (from, to)| text.replace(from, to))
            })
            .collect()
    }
}

fn describe(server: &str, request: &Received) -> String {
    let referer = request
        .header("referer")
        .map(|referer| referer.split('?').next());
    let names = [
        "sec-fetch-site",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "origin",
        "content-type",
    ];
    let headers: Vec<String> = names
        .iter()
        .map(|name| format!("{name}={:?}", request.header(name)))
        .collect();
    let html = request
        .header("accept")
        .is_some_and(|accept| accept.starts_with("text/html"));
    let cookies: Vec<String> = request
        .header("cookie")
        .unwrap_or_default()
        .split("; ")
        .map(|cookie| cookie.chars().take(20).collect())
        .collect();
    format!(
        "{server} {} {} {} html={html} referer={referer:?} body={:?} cookies={}",
        request.method,
        request.url.path(),
        headers.join(" "),
        request.body,
        cookies.join("; "),
    )
}

fn asking(parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("?{query}")
}

const COOKIES: [&str; 17] = [
    "plain=1; Path=/",
    "lax=1; Path=/; SameSite=Lax",
    "strict=1; Path=/; SameSite=Strict",
    "none=1; Path=/; SameSite=None; Secure",
    "none-plain=1; Path=/; SameSite=None",
    "secure=1; Path=/; Secure; SameSite=Lax",
    "auth=1; Path=/auth; SameSite=Lax",
    "auth-slash=1; Path=/auth/; SameSite=Lax",
    "no-path=1; SameSite=Lax",
    "gone=1; Path=/; Max-Age=0",
    "gone-too=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "kept=1; Path=/; Max-Age=600; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "domain=1; Path=/; Domain=localhost; SameSite=Lax",
    "foreign=1; Path=/; Domain=example.com",
    "__Host-host=1; Path=/; Secure; SameSite=Lax",
    "__Host-path=1; Path=/auth; Secure; SameSite=Lax",
    "__Secure-secure=1; Path=/; Secure; SameSite=Lax",
];
