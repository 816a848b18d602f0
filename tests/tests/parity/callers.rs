//! Callers with tokens, and everything else that `Authorization` may have.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::App;
use actix_web::web::resource;
use axum::Router;
use axum::routing::any;
use ciam_core::{Caller, ManualClock, auth_context, caller, fresh, role, scope, signed_in};
use ciam_tests::scripted::{Place, Scripted};
use ciam_tests::wire::{Then, WireAnswer, exchange};
use ciam_tests::{ActixRoutes, Ciam, Framework, Routes, Site, actix_app, clock};

use super::credentials::{Credential, credentials};
use crate::{ALONE, BASE_URL, HOST, comparable, config, show, sign_in};

#[tokio::test]
async fn an_application_answers_every_caller_alike() {
    let _alone = ALONE.lock().await;
    let world = World::new(Kind::Application).await;
    let (_, session, _) = sign_in(&world.axum, "/auth/login").await;
    let told = world.compare(&requests(&world.provider, &session)).await;
    told.expect(3000, 200, &["400", "401", "403", "405"]);
}

#[tokio::test]
async fn an_api_answers_every_caller_alike() {
    let _alone = ALONE.lock().await;
    for kind in [Kind::Api, Kind::ApiBelowAPath] {
        let world = World::new(kind).await;
        let told = world.compare(&requests(&world.provider, "")).await;
        told.expect(2500, 200, &["400", "401", "403", "405"]);
    }
}

#[tokio::test]
async fn callers_are_answered_alike_where_no_key_can_be_had() {
    let _alone = ALONE.lock().await;
    for place in [Place::Metadata, Place::Keys] {
        let world = World::new(Kind::Api).await;
        let requests = requests(&world.provider, "");
        world.provider.close(place).await;
        let told = world.compare(&requests).await;
        told.expect(2500, 0, &["400", "401", "503"]);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Application,
    Api,
    ApiBelowAPath,
}

/// The same on both, at one provider.
struct World {
    axum: Site,
    actix: Site,
    provider: Scripted,
}

/// What the answers were, so that no comparison is of nothing.
#[derive(Default)]
struct Told {
    compared: usize,
    let_in: usize,
    statuses: BTreeSet<String>,
    challenges: BTreeSet<String>,
}

impl World {
    async fn new(kind: Kind) -> Self {
        let provider = Scripted::start().await;
        let clock = clock();
        Self {
            axum: site(Framework::Axum, &provider, &clock, kind).await,
            actix: site(Framework::Actix, &provider, &clock, kind).await,
            provider,
        }
    }

    /// Sends each request to both.
    async fn compare(&self, requests: &[Vec<u8>]) -> Told {
        let mut told = Told::default();
        let mut differences = String::new();
        for request in requests {
            let (on_axum, on_actix) = tokio::join!(
                exchange(self.axum.port(), request, Then::Wait),
                exchange(self.actix.port(), request, Then::Wait)
            );
            let (on_axum, on_actix) = (on_axum.map(comparable), on_actix.map(comparable));
            if on_axum.is_none() || on_axum != on_actix {
                let mut name = request.escape_ascii().to_string();
                name.truncate(300);
                let (axum, actix) = (show(on_axum.as_ref()), show(on_actix.as_ref()));
                let _ = write!(differences, "\n{name}\n axum: {axum}\nactix: {actix}\n");
            }
            told.add(on_axum.as_ref());
        }
        assert!(differences.is_empty(), "{differences}");
        told
    }
}

impl Told {
    fn add(&mut self, answer: Option<&WireAnswer>) {
        self.compared += 1;
        let Some(answer) = answer else { return };
        self.let_in += usize::from(answer.body == b"alice");
        self.statuses.insert(answer.status.to_string());
        let challenges = answer
            .headers
            .iter()
            .filter(|(n, _)| n == "www-authenticate");
        for (_, challenge) in challenges {
            let challenge = String::from_utf8_lossy(challenge);
            // Its kind: the parameters, and what the error is.
            let error = challenge.split("error=\"").nth(1);
            let error = error.and_then(|error| error.split('"').next());
            self.challenges.insert(error.unwrap_or("none").to_owned());
        }
    }

    fn expect(&self, compared: usize, let_in: usize, statuses: &[&str]) {
        println!(
            "{} requests compared, {} of them by a caller who was let in; {:?}; challenges: {:?}",
            self.compared, self.let_in, self.statuses, self.challenges
        );
        assert!(self.compared >= compared, "{}", self.compared);
        assert!(self.let_in >= let_in, "{}", self.let_in);
        for status in statuses {
            assert!(self.statuses.contains(*status), "no {status}");
        }
        if let_in > 0 {
            let challenges: Vec<&str> = self.challenges.iter().map(String::as_str).collect();
            assert_eq!(challenges, CHALLENGES);
        }
    }
}

async fn site(on: Framework, provider: &Scripted, clock: &Arc<ManualClock>, kind: Kind) -> Site {
    let routes = Routes {
        axum: on_axum,
        actix: ON_ACTIX,
    };
    let path = match kind {
        Kind::ApiBelowAPath => "/shop/api",
        _ => "",
    };
    Site::serve(on, routes, async |_| {
        let base_url = format!("{BASE_URL}{path}");
        let config = config(provider, clock, &base_url).with_audience("orders");
        match kind {
            Kind::Application => config,
            Kind::Api | Kind::ApiBelowAPath => config.as_api(),
        }
    })
    .await
}

fn on_axum(ciam: &Ciam) -> Router {
    use ciam_axum::{Caller, CiamExt};
    let orders = async |caller: Caller| who(&caller);
    let mut router = Router::new().route("/orders", any(orders));
    for (path, guard) in guards() {
        let guarded = any(async || "alice").layer(ciam.require(guard));
        router = router.route(path, guarded);
    }
    let read = any(orders).layer(ciam.require(caller() & scope("orders.read")));
    let office = Router::new()
        .route("/orders", any(orders))
        .route("/read", read);
    router
        .nest("/office", office)
        .merge(ciam.routes())
        .layer(ciam.layer())
}

const ON_ACTIX: ActixRoutes = actix_app!(|ciam| {
    use ciam_actix::{Caller, CiamExt};
    let orders = async |caller: Caller| who(&caller);
    let guarded = |path: &str, guard| {
        let guarded = resource(path.to_owned()).to(async || "alice");
        guarded.wrap(ciam.require(guard))
    };
    let read = resource("/read").to(orders);
    let office = actix_web::web::scope("/office")
        .service(resource("/orders").to(orders))
        .service(read.wrap(ciam.require(caller() & scope("orders.read"))));
    App::new()
        .service(resource("/orders").to(orders))
        .configure(|config| {
            for (path, guard) in guards() {
                config.service(guarded(path, guard));
            }
        })
        .service(office)
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

fn guards() -> [(&'static str, ciam_core::Guard); 6] {
    let minutes = std::time::Duration::from_secs(300);
    let proven = caller() & auth_context("c1");
    [
        ("/either", signed_in() | scope("orders.read")),
        ("/proven", proven.clone()),
        ("/fresh", proven.clone() & fresh(minutes)),
        ("/ways", (caller() & role("Admin")) | proven),
        ("/write", caller() & scope("orders.write")),
        ("/staff", role("Admin")),
    ]
}

fn who(caller: &Caller) -> String {
    caller.id().subject().to_owned()
}

/// Routes by methods by credentials; and by cookies and origins where these may matter.
fn requests(provider: &Scripted, session: &str) -> Vec<Vec<u8>> {
    let session = format!("cookie: {session}\r\n");
    let cookies = match session.len() {
        10 => &[""][..],
        _ => &["", &*session],
    };
    let evil = "origin: https://evil.test\r\nsec-fetch-site: cross-site\r\n";
    let mut all = Vec::new();
    for Credential { header, is_common } in credentials(provider) {
        for path in PATHS {
            for method in METHODS {
                for cookie in cookies {
                    for origin in ["", evil] {
                        let is_plain = cookie.is_empty() && origin.is_empty();
                        let is_of_all = is_common && ["GET", "POST"].contains(&method);
                        if is_plain || is_of_all {
                            let rest = format!("{cookie}{origin}");
                            all.push(request(method, path, &header, &rest));
                        }
                    }
                }
            }
        }
    }
    all
}

fn request(method: &str, path: &str, authorization: &[u8], headers: &str) -> Vec<u8> {
    let length = match method {
        "GET" | "HEAD" => "",
        _ => "content-length: 0\r\n",
    };
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {HOST}\r\n{headers}{length}");
    [head.as_bytes(), authorization, b"\r\n"].concat()
}

const METHODS: [&str; 5] = ["GET", "POST", "HEAD", "OPTIONS", "DELETE"];

const PATHS: [&str; 15] = [
    "/orders",
    "/orders?access_token=a.b.c",
    "/orders?a=b&access_token",
    "/orders?access%5ftoken=x",
    "/either",
    "/proven",
    "/fresh",
    "/ways",
    "/write",
    "/staff",
    "/office/orders",
    "/office/read",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/shop/api",
    "/auth/me",
];

/// Each that there is is among the answers.
const CHALLENGES: [&str; 6] = [
    "insufficient_claims",
    "insufficient_scope",
    "insufficient_user_authentication",
    "invalid_request",
    "invalid_token",
    "none",
];
