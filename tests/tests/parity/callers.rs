//! Callers with tokens, and everything else that `Authorization` may have.

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::App;
use actix_web::web::{resource, scope};
use axum::Router;
use axum::routing::get;
use ciam_core::{Caller, ManualClock, auth_context, caller, role, signed_in};
use ciam_tests::scripted::{Scripted, Signing};
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{ActixRoutes, Ciam, Framework, Routes, Site, actix_app};
use serde_json::json;

use crate::{ALONE, BASE_URL, HOST, clock, comparable, config, show, sign_in};

#[tokio::test]
async fn both_frameworks_answer_every_caller_alike() {
    let _alone = ALONE.lock().await;
    let provider = Scripted::start().await;
    let clock = clock();
    for is_api in [false, true] {
        let axum = site(Framework::Axum, &provider, &clock, is_api).await;
        let actix = site(Framework::Actix, &provider, &clock, is_api).await;
        let session = if is_api {
            String::new()
        } else {
            sign_in(&axum, "/auth/login").await.1
        };
        let mut differences = String::new();
        let (mut compared, mut let_in) = (0, 0);
        for (name, request) in requests(&provider, &session) {
            let on_axum = exchange(axum.port(), &request, Then::Wait).await;
            let on_actix = exchange(actix.port(), &request, Then::Wait).await;
            let (on_axum, on_actix) = (on_axum.map(comparable), on_actix.map(comparable));
            if on_axum.is_none() || on_axum != on_actix {
                let (axum, actix) = (show(on_axum.as_ref()), show(on_actix.as_ref()));
                let _ = write!(differences, "\n{name}\n axum: {axum}\nactix: {actix}\n");
            }
            let is_let_in = on_axum.is_some_and(|answer| answer.body == b"alice");
            let_in += usize::from(is_let_in);
            compared += 1;
        }
        println!("{compared} requests compared, {let_in} of them by a caller");
        assert!(compared >= 1000, "{compared}");
        assert!(let_in >= 50, "{let_in}");
        assert!(differences.is_empty(), "{differences}");
    }
}

async fn site(on: Framework, provider: &Scripted, clock: &Arc<ManualClock>, is_api: bool) -> Site {
    let routes = Routes {
        axum: on_axum,
        actix: ON_ACTIX,
    };
    Site::serve(on, routes, async |_| {
        let config = config(provider, clock, BASE_URL).with_audience("orders");
        if is_api { config.as_api() } else { config }
    })
    .await
}

fn on_axum(ciam: &Ciam) -> Router {
    use ciam_axum::{Caller, CiamExt, scope};
    let orders = async |caller: Caller| who(&caller);
    let read = get(orders).post(orders);
    let alice = async || "alice";
    let guarded = |guard| get(alice).post(alice).layer(ciam.require(guard));
    let office = Router::new()
        .route("/orders", read.clone())
        .route(
            "/read",
            read.layer(ciam.require(caller() & scope("orders.read"))),
        )
        .route("/staff", guarded(role("Admin")));
    Router::new()
        .route("/orders", get(orders).post(orders))
        .route("/either", guarded(signed_in() | scope("orders.read")))
        .route("/proven", guarded(caller() & auth_context("c1")))
        .nest("/office", office)
        .merge(ciam.routes())
        .layer(ciam.layer())
}

const ON_ACTIX: ActixRoutes = actix_app!(|ciam| {
    use ciam_actix::{Caller, CiamExt};
    let orders = async |caller: Caller| who(&caller);
    let guarded = |path: &str, guard| {
        let alice = async || "alice";
        let guarded = resource(path.to_owned()).get(alice).post(alice);
        guarded.wrap(ciam.require(guard))
    };
    let rights = caller() & ciam_core::scope("orders.read");
    let office = scope("/office")
        .service(resource("/orders").get(orders).post(orders))
        .service(
            resource("/read")
                .get(orders)
                .post(orders)
                .wrap(ciam.require(rights)),
        )
        .service(guarded("/staff", role("Admin")));
    let either = signed_in() | ciam_core::scope("orders.read");
    App::new()
        .service(resource("/orders").get(orders).post(orders))
        .service(guarded("/either", either))
        .service(guarded("/proven", caller() & auth_context("c1")))
        .service(office)
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

fn who(caller: &Caller) -> String {
    caller.id().subject().to_owned()
}

/// Routes by methods by credentials by cookies.
fn requests(provider: &Scripted, session: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let cookies = [
        String::new(),
        format!("cookie: {session}\r\n"),
        "cookie: a=b\r\n".to_owned(),
    ];
    let origins = [
        "",
        "origin: https://evil.test\r\nsec-fetch-site: cross-site\r\n",
    ];
    for path in PATHS {
        for method in ["GET", "POST"] {
            for credentials in credentials(provider) {
                for cookie in &cookies {
                    for origin in origins {
                        let head = format!("{method} {path} HTTP/1.1\r\nhost: {HOST}\r\n");
                        let length = if method == "POST" {
                            "content-length: 0\r\n"
                        } else {
                            ""
                        };
                        let rest = format!("{cookie}{origin}{length}\r\n");
                        let request = [head.as_bytes(), &credentials, rest.as_bytes()].concat();
                        let mut name = request.escape_ascii().to_string();
                        name.truncate(300);
                        all.push((name, request));
                    }
                }
            }
        }
    }
    all
}

/// Whole `Authorization` headers.
fn credentials(provider: &Scripted) -> Vec<Vec<u8>> {
    let token = |header, claims| provider.access_token(&header, &claims);
    let good = token(json!({}), json!({}));
    let unsigned = {
        provider.script(|script| script.signing = Some(Signing::Unsigned));
        let unsigned = token(json!({}), json!({}));
        provider.script(|script| script.signing = None);
        unsigned
    };
    let mut values: Vec<Vec<u8>> = [
        good.clone(),
        token(json!({}), json!({"roles": ["Admin"], "acr": "c1"})),
        token(json!({}), json!({"scope": "orders.write"})),
        token(json!({}), json!({"exp": 1})),
        token(json!({}), json!({"aud": "another"})),
        token(json!({}), json!({"nonce": "n"})),
        token(json!({"typ": "logout+jwt"}), json!({})),
        unsigned,
        format!("{good}A"),
        "a.b.c".to_owned(),
        ".".repeat(70_000),
        String::new(),
        " ".to_owned(),
        format!("{good}, {good}"),
        format!("{good}\u{e9}"),
    ]
    .iter()
    .map(|token| format!("Bearer {token}").into_bytes())
    .collect();
    values.extend([
        format!("bEARER   {good}").into_bytes(),
        b"Basic YTpi".to_vec(),
        b"Bearer \xff\xfe".to_vec(),
        b"".to_vec(),
        good.into_bytes(),
    ]);
    let header = |value: &Vec<u8>| [b"authorization: ", value.as_slice(), b"\r\n"].concat();
    let mut headers: Vec<Vec<u8>> = values.iter().map(header).collect();
    headers.push(Vec::new());
    headers.push([headers[0].as_slice(), &headers[0]].concat());
    headers.push([headers[0].as_slice(), b"authorization: Basic YTpi\r\n"].concat());
    headers
}

const PATHS: [&str; 10] = [
    "/orders",
    "/orders?access_token=a.b.c",
    "/orders?a=b&access_token",
    "/orders?access%5ftoken=x",
    "/either",
    "/proven",
    "/office/orders",
    "/office/read",
    "/office/staff",
    "/.well-known/oauth-protected-resource",
];
