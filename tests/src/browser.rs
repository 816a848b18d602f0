//! Headless Chromium, driven through chromedriver.

mod page;

pub use page::{Fetched, Look};

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::port::Port;
use crate::process::Process;

/// One Chromium with a fresh profile; it ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    session: String,
    port: Port,
    // Dropped in this order: first the processes, then the files they use.
    _driver: Process,
    _profile: TempDir,
}

/// A cookie with all its attributes, as Chromium keeps it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrowserCookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host it belongs to; with a leading dot when it named a domain.
    pub domain: String,
    /// Its path.
    pub path: String,
    /// Seconds since 1970, -1 for a session cookie.
    pub expires: f64,
    /// `HttpOnly`.
    pub http_only: bool,
    /// `Secure`.
    pub secure: bool,
    /// `Strict`, `Lax` or `None`; nothing when it named none.
    pub same_site: Option<String>,
}

impl Browser {
    /// Starts Chromium.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let port = Port::reserve();
        let number = port.number();
        // Never `--allowed-ips`: with it, chromedriver listens on every interface.
        let mut driver = Process::start(
            "chromedriver",
            Command::new("chromedriver").arg(format!("--port={number}")),
        );
        driver
            .until(LIMIT, "listen", |_| {
                TcpStream::connect((Ipv4Addr::LOCALHOST, number)).ok()
            })
            .await;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path()))
            .connect(&format!("http://127.0.0.1:{number}"))
            .await
            .unwrap_or_else(|error| {
                panic!(
                    "Chromium does not start (run tests/run): {error}\n{}",
                    driver.log()
                )
            });
        let session = client.session_id().await.ok().flatten().expect("a session");
        Self {
            client,
            session,
            port,
            _driver: driver,
            _profile: profile,
        }
    }

    /// The WebDriver client, for what is not here.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Goes to an address and waits until it is loaded.
    pub async fn go(&self, address: impl AsRef<str>) {
        let address = address.as_ref();
        let went = self.client.goto(address).await;
        went.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// The address it is at.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.expect("an address")
    }

    /// Goes one page back.
    pub async fn back(&self) {
        self.client.back().await.expect("a page to go back to");
    }

    /// Fills the field of this name.
    pub async fn fill(&self, name: &str, value: &str) {
        let field = format!("[name={name:?}]");
        self.with(Locator::Css(&field), async |field| {
            field.clear().await?;
            field.send_keys(value).await
        })
        .await;
    }

    /// Clicks the link or button with this text.
    pub async fn click(&self, text: &str) {
        assert!(!text.contains('"'), "a text without quotation marks");
        let path = format!(
            "//a[normalize-space()=\"{text}\"] | //button[normalize-space()=\"{text}\"] | \
             //input[@type='submit' and @value=\"{text}\"]"
        );
        self.with(Locator::XPath(&path), async |element| element.click().await)
            .await;
    }

    /// Clicks the first element that matches this selector.
    pub async fn click_css(&self, selector: &str) {
        self.with(Locator::Css(selector), async |element| {
            element.click().await
        })
        .await;
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        self.text_of("body").await
    }

    /// The visible text of the first element that matches this selector.
    pub async fn text_of(&self, selector: &str) -> String {
        self.with(Locator::Css(selector), async |element| element.text().await)
            .await
    }

    /// Waits until the page has this headline.
    pub async fn arrive_under(&self, headline: &str) {
        let arrive = async {
            while self.text_of("h1").await != headline {
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(LIMIT, arrive).await.is_err() {
            let at = self.url().await;
            panic!("not under {headline:?} but at {at}:\n{}", self.text().await);
        }
    }

    /// Waits until the address begins with this, e.g. after a click that leads
    /// through redirects.
    pub async fn arrive_at(&self, address: &str) {
        let arrive = async {
            while !self.url().await.as_str().starts_with(address) {
                tokio::time::sleep(POLL).await;
            }
        };
        if tokio::time::timeout(LIMIT, arrive).await.is_err() {
            panic!(
                "not at {address} but at {}:\n{}",
                self.url().await,
                self.text().await
            );
        }
    }

    /// Every cookie of the profile, of every host and path, `HttpOnly` too.
    pub async fn cookies(&self) -> Vec<BrowserCookie> {
        let answer = self.devtools("Storage.getCookies", json!({})).await;
        serde_json::from_value(answer["cookies"].clone()).expect("cookies")
    }

    /// The one cookie whose name begins with this.
    pub async fn cookie(&self, prefix: &str) -> Option<BrowserCookie> {
        let mut found = self.cookies().await;
        found.retain(|cookie| cookie.name.starts_with(prefix));
        assert!(
            found.len() < 2,
            "more than one cookie {prefix:?}: {found:?}"
        );
        found.pop()
    }

    /// How many cookies have a name that begins with this.
    pub async fn count_cookies(&self, prefix: &str) -> usize {
        let cookies = self.cookies().await;
        let named = cookies.iter().filter(|c| c.name.starts_with(prefix));
        named.count()
    }

    /// Opens another tab and works in it from now on; gives its number.
    pub async fn new_tab(&self) -> usize {
        let tab = self.client.new_window(true).await.expect("a tab").handle;
        self.client
            .switch_to_window(tab)
            .await
            .expect("the new tab");
        self.client.windows().await.expect("tabs").len() - 1
    }

    /// Works in this tab from now on; the first one is 0.
    pub async fn switch_to_tab(&self, number: usize) {
        let mut tabs = self.client.windows().await.expect("tabs");
        let tab = tabs.swap_remove(number);
        self.client.switch_to_window(tab).await.expect("a tab");
    }

    /// One command of the Chrome DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.issue(
            "goog/cdp/execute",
            json!({"cmd": command, "params": parameters}),
        )
        .await
    }

    /// Does something with an element; again with the next page's when the page
    /// changed in between.
    async fn with<T>(
        &self,
        locator: Locator<'_>,
        act: impl AsyncFn(&Element) -> Result<T, CmdError>,
    ) -> T {
        for _ in 0..PAGES {
            match act(&self.find(locator).await).await {
                Ok(value) => return value,
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{locator:?}: {error}"),
            }
        }
        panic!("{locator:?}: the page changed {PAGES} times under it");
    }

    async fn find(&self, locator: Locator<'_>) -> Element {
        match self.client.wait().at_most(LIMIT).for_element(locator).await {
            Ok(element) => element,
            Err(error) => {
                let at = self.client.current_url().await;
                let page = self.client.source().await.unwrap_or_default();
                panic!("no {locator:?} at {at:?}: {error}\n{page}")
            }
        }
    }

    async fn issue(&self, path: &'static str, body: Value) -> Value {
        let answer = self.client.issue_cmd(Post { path, body }).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asks Chromium to close, so that it leaves nothing behind; what is
        // still there after that is killed with chromedriver.
        let _ = close(&self.session, self.port.number());
    }
}

fn close(session: &str, port: u16) -> std::io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
         Connection: close\r\n\r\n"
    )?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn capabilities(profile: &Path) -> Capabilities {
    let arguments = [
        "--headless=new",
        // Tests run as root, where Chromium's sandbox cannot.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        // Nothing outside this machine is looked for.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
        "--window-size=1280,900",
    ];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let capabilities = json!({
        "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    serde_json::from_value(capabilities).expect("an object")
}

/// A command that WebDriver does not name and chromedriver has.
#[derive(Debug)]
struct Post {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// What two busy cores need to start Chromium, and more.
const LIMIT: Duration = Duration::from_secs(30);

/// How many pages may follow each other while one element is looked at.
const PAGES: usize = 10;

const POLL: Duration = Duration::from_millis(50);
