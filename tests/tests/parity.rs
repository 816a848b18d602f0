//! Every request that reaches the core is answered the same on both frameworks.

mod parity {
    pub(super) mod callers;
    pub(super) mod credentials;
    pub(super) mod nested;
    pub(super) mod refused;
    pub(super) mod requests;
    pub(super) mod signing_in;
}

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ciam_core::{Config, ConfigBuilder, ManualClock, Random, RandomError};
use ciam_tests::scripted::Scripted;
use ciam_tests::wire::{Then, WireAnswer, exchange};
use ciam_tests::{Framework, Site, clock};
use tokio::sync::Mutex;
use url::{Position, Url};

use parity::nested;
use parity::requests::{Cookies, requests};

#[tokio::test]
async fn both_frameworks_answer_every_request_alike() {
    let _alone = ALONE.lock().await;
    let provider = Scripted::start().await;
    let clock = clock();
    let axum = site(Framework::Axum, &provider, &clock).await;
    let actix = site(Framework::Actix, &provider, &clock).await;
    let days = [Duration::ZERO, Duration::from_secs(90 * 24 * 3600)];
    compare("", &provider, &clock, [&axum, &actix], &days).await;
}

#[tokio::test]
async fn both_frameworks_answer_alike_inside_of_other_routers() {
    let _alone = ALONE.lock().await;
    let provider = Scripted::start().await;
    let clock = clock();
    let axum = nested::site(Framework::Axum, &provider, &clock).await;
    let actix = nested::site(Framework::Actix, &provider, &clock).await;
    let days = [Duration::ZERO];
    compare(nested::BASE, &provider, &clock, [&axum, &actix], &days).await;
}

/// Sends each request to both, once after each of the times.
async fn compare(
    base: &str,
    provider: &Scripted,
    clock: &ManualClock,
    [axum, actix]: [&Site; 2],
    times: &[Duration],
) {
    let cookies = cookies(base, axum, provider).await;
    let requests = requests(base, &cookies);
    let mut compared = 0;
    let mut signed_in = 0;
    let mut differences = String::new();
    for later in times {
        clock.advance(*later);
        for (name, request) in &requests {
            let on_axum = exchange(axum.port(), request, Then::Wait).await;
            let on_actix = exchange(actix.port(), request, Then::Wait).await;
            let (on_axum, on_actix) = (on_axum.map(comparable), on_actix.map(comparable));
            if on_axum.is_none() || on_axum != on_actix {
                let (axum, actix) = (show(on_axum.as_ref()), show(on_actix.as_ref()));
                let _ = write!(differences, "\n{name}\n axum: {axum}\nactix: {actix}\n");
            }
            let knows = |answer: &WireAnswer| {
                answer.status == 200 && answer.body.windows(5).any(|part| part == b"alice")
            };
            signed_in += usize::from(on_axum.as_ref().is_some_and(knows));
            compared += 1;
        }
    }
    println!("{compared} requests compared, {signed_in} of them by somebody signed in");
    assert!(compared >= 1000, "{compared}");
    assert!(signed_in >= 50, "{signed_in}");
    assert!(differences.is_empty(), "{differences}");
}

/// An application whose answers depend on the request alone.
pub(crate) async fn site(on: Framework, provider: &Scripted, clock: &Arc<ManualClock>) -> Site {
    Site::start(on, async |_| config(provider, clock, BASE_URL)).await
}

pub(crate) fn config(
    provider: &Scripted,
    clock: &Arc<ManualClock>,
    base_url: &str,
) -> ConfigBuilder {
    Config::web(provider.issuer(), "shop", base_url, COOKIE_SECRET)
        .with_client_secret("the client's secret")
        .with_clock(clock.clone())
        .with_random(Arc::new(Always))
}

/// An attempt to sign in, and a small and a large session, by way of one site.
async fn cookies(base: &str, site: &Site, provider: &Scripted) -> Cookies {
    let login = format!("{base}/auth/login");
    let (transaction, session, _) = sign_in(site, &login).await;
    provider.script(|script| {
        let note = serde_json::Value::from("0123456789".repeat(600));
        script.claims.insert("note".to_owned(), note);
    });
    let (_, chunked, state) = sign_in(site, &login).await;
    assert!(chunked.contains("; "), "more than one cookie");
    Cookies {
        transaction,
        session,
        chunked,
        state,
    }
}

/// The cookie of the attempt, those of the session, and the state.
async fn sign_in(site: &Site, login: &str) -> (String, String, String) {
    let (transaction, callback) = return_from_provider(site, login, "").await;
    let state = ciam_tests::visitor::query(&callback, "state").expect("a state");
    let target = &callback[Position::BeforePath..];
    let done = get(site.port(), target, &transaction).await;
    assert_eq!(done.status, 303, "{}", show(Some(&done)));
    (transaction, kept(&done), state)
}

/// Goes to sign in with these cookies: the cookie of the attempt, and the address
/// that the provider sends the visitor back to.
pub(crate) async fn return_from_provider(site: &Site, login: &str, cookie: &str) -> (String, Url) {
    let login = get(site.port(), login, cookie).await;
    let transaction = kept(&login);
    let authorize = Url::parse(&location(&login)).expect("an address");
    let port = authorize.port().expect("a port");
    let target = &authorize[Position::BeforePath..];
    let callback = Url::parse(&location(&get(port, target, "").await)).expect("an address");
    (transaction, callback)
}

pub(crate) async fn get(port: u16, target: &str, cookie: &str) -> WireAnswer {
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-mode: navigate\r\n\
         sec-fetch-dest: document\r\ncookie: {cookie}\r\n\r\n"
    );
    let answer = exchange(port, head.as_bytes(), Then::Wait).await;
    answer.expect("an answer")
}

fn location(answer: &WireAnswer) -> String {
    let location = answer.headers.iter().find(|(name, _)| name == "location");
    let (_, location) = location.unwrap_or_else(|| panic!("{}", show(Some(answer))));
    String::from_utf8_lossy(location).into_owned()
}

/// The cookies that an answer sets, as they are sent back.
pub(crate) fn kept(answer: &WireAnswer) -> String {
    let cookies = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let cookies = cookies.map(|(_, cookie)| String::from_utf8_lossy(cookie));
    let cookies = cookies.filter(|cookie| !cookie.contains("Max-Age=0"));
    let pairs = cookies.map(|cookie| cookie.split(';').next().unwrap_or_default().to_owned());
    pairs.collect::<Vec<_>>().join("; ")
}

/// Without what says when and how it was sent, in one order; the order of values of
/// one name stays.
pub(crate) fn comparable(mut answer: WireAnswer) -> WireAnswer {
    answer
        .headers
        .retain(|(name, _)| !FRAMING.contains(&name.as_str()));
    answer.headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    answer
}

pub(crate) fn show(answer: Option<&WireAnswer>) -> String {
    let Some(answer) = answer else {
        return "nothing".to_owned();
    };
    let mut text = answer.status.to_string();
    for (name, value) in &answer.headers {
        let _ = write!(text, " [{name}: {}]", value.escape_ascii());
    }
    let _ = write!(text, " {}", answer.body.escape_ascii());
    text
}

/// The same bytes each time: equal requests have equal cookies, states and references.
#[derive(Debug)]
struct Always;

impl Random for Always {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        bytes.fill(7);
        Ok(())
    }
}

/// Held by each test: what is logged is of the whole process.
pub(crate) static ALONE: Mutex<()> = Mutex::const_new(());

pub(crate) const HOST: &str = "localhost:3000";
const BASE_URL: &str = "http://localhost:3000";
const COOKIE_SECRET: &str = "Q29va2llIHNlY3JldCBvZiB0aGUgcGFyaXR5IHRlc3RzIQ==";
const FRAMING: [&str; 5] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
];
