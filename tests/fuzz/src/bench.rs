//! Two applications with a provider in memory, a clock that stands still and numbers
//! that are not random.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use ciam_core::{Ciam, Config, ManualClock, Random, RandomError, ResponseMode, Timestamp};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, Response};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::provider::{Provider, Tokens};
use crate::tokens::ISSUER;

/// When everything happens.
pub const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// One at the top of its host that takes queries, one under a path that takes forms.
pub static BENCHES: LazyLock<[Bench; 2]> = LazyLock::new(|| {
    [
        Bench::new("https://shop.example", "/auth", ResponseMode::Query),
        Bench::new(
            "https://shop.example/shop",
            "/in/side",
            ResponseMode::FormPost,
        ),
    ]
});

/// An application, a sign-in attempt under way, and the cookies of a signed-in visitor.
pub struct Bench {
    /// The handle.
    pub ciam: Ciam,
    /// Its provider.
    pub provider: Arc<Provider>,
    /// The path of the library's routes as browsers see it.
    pub own_prefix: String,
    /// The front page.
    pub front_page: String,
    /// The state of the attempt.
    pub state: String,
    /// The attempt's cookie, as the browser sends it.
    pub transaction: String,
    /// The cookies of a visitor who is signed in.
    pub session: String,
    random: Arc<Counting>,
    runtime: Runtime,
}

impl Bench {
    fn new(base_url: &str, route_prefix: &str, mode: ResponseMode) -> Self {
        let provider = Arc::new(Provider::new(mode == ResponseMode::FormPost));
        let random = Arc::new(Counting::default());
        let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        let config = Config::web(ISSUER, "client", base_url, secret)
            .with_client_secret("a secret")
            .with_route_prefix(route_prefix)
            .with_response_mode(mode)
            .with_clock(Arc::new(ManualClock::new(NOW)))
            .with_random(Arc::clone(&random) as Arc<dyn Random>)
            .with_http_client(Arc::clone(&provider) as Arc<_>)
            .build();
        let ciam = Ciam::new(config.expect("a valid configuration"));
        let base = ciam.config().base_path().to_owned();
        let runtime = Builder::new_current_thread().build();
        let mut bench = Self {
            provider,
            own_prefix: format!("{base}{route_prefix}"),
            front_page: format!("{base}/"),
            state: String::new(),
            transaction: String::new(),
            session: String::new(),
            random,
            runtime: runtime.expect("a runtime of one thread"),
            ciam,
        };
        bench.sign_in(route_prefix);
        bench
    }

    /// Answers a request to the library's routes, the same way each time.
    pub fn respond(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.random.0.store(0, Ordering::Relaxed);
        self.runtime.block_on(self.ciam.respond(request))
    }

    /// A whole sign-in; then an attempt that stays open.
    fn sign_in(&mut self, routes: &str) {
        let login = || request(&format!("{routes}/login?return_to=/account"), "");
        let sent = self.respond(login());
        let location = sent.headers()[LOCATION].to_str().expect("an address");
        let url = Url::parse(location).expect("an address");
        let parameter = |name: &str| {
            let mut found = url.query_pairs().filter(|(found, _)| found == name);
            found.next().expect("it is always sent").1.into_owned()
        };
        self.state = parameter("state");
        self.transaction = cookies(sent.headers());

        self.provider.answers(Tokens::Of(parameter("nonce")));
        let callback = format!("{routes}/callback?code=c&state={}&iss={ISSUER}", self.state);
        let done = self.respond(request(&callback, &self.transaction));
        assert_eq!(done.headers()[LOCATION], "/account", "an honest sign-in");
        self.session = cookies(done.headers());
        self.provider.answers(Tokens::Unavailable);
    }
}

/// A navigation of a browser.
fn request(path: &str, cookies: &str) -> Request<Bytes> {
    let request = Request::get(path)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header(COOKIE, cookies);
    request.body(Bytes::new()).expect("a path")
}

/// What a browser sends back of the cookies it was given.
fn cookies(headers: &HeaderMap) -> String {
    let cookies = headers.get_all(SET_COOKIE).iter().filter_map(|cookie| {
        let cookie = cookie.to_str().expect("ASCII");
        let pair = cookie.split(';').next().unwrap_or_default();
        (!cookie.contains("Max-Age=0")).then_some(pair)
    });
    cookies.collect::<Vec<_>>().join("; ")
}

/// Numbers that differ, and are the same for the same request.
#[derive(Debug, Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(167);
        }
        Ok(())
    }
}
