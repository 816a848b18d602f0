//! The axum adapter in routers of every shape, over TCP, with the local tenant.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::routing::{any, get};
use ciam_axum::{Ciam, CiamExt, Claims, Config, MaybeUser, User, claim, role, signed_in};
use ciam_tenant::{Application, NewUser, Tenant};
use ciam_tests::Visitor;
use ciam_tests::visitor::Page;
use serde::Deserialize;
use tokio::net::TcpListener;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "Analytical-Engine-1843";
const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// An application on a port of its own, and the tenant that its users are in.
struct Site {
    base: String,
    _tenant: Tenant,
}

impl Site {
    /// Serves what `router` makes, with `path` in front of its public address.
    async fn with_base_path(path: &str, router: impl FnOnce(&Ciam) -> Router) -> Self {
        let tenant = Tenant::start().await.expect("loopback has a free port");
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let base = format!("http://localhost:{port}{path}");
        let shop = Application::web("Shop")
            .redirect_uri(format!("{base}/auth/callback"))
            .redirect_uri(format!("{base}/auth/signed-out"));
        let shop = tenant.register(shop).expect("valid addresses");
        let ada = NewUser::new(EMAIL, PASSWORD)
            .display_name("Ada")
            .role("Admin");
        tenant.add_user(ada).await.expect("a new account");
        let config = Config::web(tenant.authority(), shop.client_id, base.as_str(), SECRET)
            .with_client_secret(shop.client_secret.expect("a web application has one"))
            .build()
            .expect("a valid configuration");
        let app = router(&Ciam::new(config));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            base,
            _tenant: tenant,
        }
    }

    async fn new(router: impl FnOnce(&Ciam) -> Router) -> Self {
        Self::with_base_path("", router).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Opens a page, signing in where that is asked for.
    async fn open(&self, visitor: &mut Visitor, path: &str) -> Page {
        let page = visitor.go(self.url(path)).await;
        if page.url.as_str().starts_with(&self.base) {
            return page;
        }
        let form = page.form_with("password");
        visitor
            .submit(&form.fill("email", EMAIL).fill("password", PASSWORD))
            .await
    }
}

async fn name(user: User) -> String {
    format!(
        "{} of {}",
        user.name().unwrap_or("nobody"),
        user.id().issuer().len()
    )
}

#[tokio::test]
async fn a_nested_router_asks_for_sign_in_and_comes_back_under_its_prefix() {
    let site = Site::new(|ciam| {
        let inner = Router::new().route("/orders", get(name));
        Router::new()
            .nest("/back/office", inner)
            .merge(ciam.routes())
            .layer(ciam.layer())
    })
    .await;
    let mut visitor = Visitor::new();
    let page = site.open(&mut visitor, "/back/office/orders?open=1").await;
    assert_eq!(page.url.as_str(), site.url("/back/office/orders?open=1"));
    assert!(page.body.starts_with("Ada of "), "{page}");
}

#[tokio::test]
async fn a_layer_inside_of_a_nested_router_knows_the_original_address() {
    let site = Site::new(|ciam| {
        let inner = Router::new()
            .route("/orders", get(name))
            .layer(ciam.layer());
        Router::new().nest("/office", inner).merge(ciam.routes())
    })
    .await;
    let mut visitor = Visitor::new();
    let page = site.open(&mut visitor, "/office/orders").await;
    assert_eq!(page.url.as_str(), site.url("/office/orders"));
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn an_application_nested_as_a_whole_has_its_path_in_the_base_url() {
    let site = Site::with_base_path("/shop", |ciam| {
        let inner = Router::new()
            .route("/account", get(name))
            .merge(ciam.routes())
            .layer(ciam.layer());
        Router::new().nest("/shop", inner)
    })
    .await;
    let mut visitor = Visitor::new();
    let page = site.open(&mut visitor, "/account").await;
    assert_eq!(page.url.as_str(), site.url("/account"));
    assert_eq!(page.status, 200, "{page}");
}

#[tokio::test]
async fn a_fallback_and_a_state_of_any_type_work() {
    #[derive(Clone)]
    struct Greeting(Arc<str>);
    async fn greet(State(greeting): State<Greeting>, user: MaybeUser) -> String {
        format!(
            "{} {}",
            greeting.0,
            user.as_ref().and_then(|u| u.name()).unwrap_or("stranger")
        )
    }
    let site = Site::new(|ciam| {
        Router::new()
            .fallback(any(greet))
            .merge(ciam.routes())
            .layer(ciam.layer())
            .with_state(Greeting("Hello".into()))
    })
    .await;
    let mut visitor = Visitor::new();
    assert_eq!(
        visitor.go(site.url("/any/where")).await.body,
        "Hello stranger"
    );
    site.open(&mut visitor, "/auth/login").await;
    assert_eq!(visitor.go(site.url("/any/where")).await.body, "Hello Ada");
}

#[tokio::test]
async fn guards_hold_on_a_route_a_nested_router_and_a_whole_one() {
    let site = Site::new(|ciam| {
        let staff = Router::new()
            .route("/list", get(name))
            .layer(ciam.require(role("Admin") & claim("email", EMAIL)));
        let closed = Router::new()
            .route("/closed", get(name))
            .layer(ciam.require(role("Nobody")));
        Router::new()
            .route("/one", get(name).route_layer(ciam.require(role("Admin"))))
            .route("/none", get(name).route_layer(ciam.require(role("Clerk"))))
            .route("/open", get(|| async { "open" }))
            .nest("/staff", staff)
            .merge(closed)
            .merge(ciam.routes())
            .layer(ciam.layer())
    })
    .await;
    let mut visitor = Visitor::new();
    assert_eq!(visitor.go(site.url("/open")).await.body, "open");
    let page = site.open(&mut visitor, "/staff/list").await;
    assert_eq!(
        (page.url.as_str(), page.status.as_u16()),
        (&*site.url("/staff/list"), 200)
    );
    for (path, status) in [
        ("/one", 200),
        ("/none", 403),
        ("/closed", 403),
        ("/open", 200),
    ] {
        let page = visitor.go(site.url(path)).await;
        assert_eq!(page.status, status, "{path}");
        if status == 403 {
            assert!(page.body.contains("visit.forbidden"), "{page}");
        }
    }
}

#[tokio::test]
async fn claims_come_as_a_type_of_the_application() {
    #[derive(Deserialize)]
    struct Customer {
        sub: String,
        email: Option<String>,
    }
    #[derive(Debug, Deserialize)]
    struct Impossible {
        #[serde(rename = "shoe_size")]
        _shoe_size: u8,
    }
    async fn customer(customer: Claims<Customer>) -> String {
        format!("{} {:?}", customer.sub.len(), customer.email)
    }
    async fn impossible(_: Claims<Impossible>) {}
    let site = Site::new(|ciam| {
        Router::new()
            .route("/customer", get(customer))
            .route("/impossible", get(impossible))
            .merge(ciam.routes())
            .layer(ciam.layer())
    })
    .await;
    let mut visitor = Visitor::new();
    let page = site.open(&mut visitor, "/customer").await;
    assert_eq!(page.body, format!("43 Some({EMAIL:?})"));
    assert_eq!(visitor.go(site.url("/impossible")).await.status, 500);
}

#[tokio::test]
async fn an_optional_user_is_a_value_and_a_failure_is_an_error() {
    async fn maybe(user: Option<User>) -> String {
        format!("{}", user.is_some())
    }
    let site = Site::new(|ciam| {
        Router::new()
            .route("/maybe", get(maybe))
            .merge(ciam.routes())
            .layer(ciam.layer())
            .route("/without/maybe", get(maybe))
            .route(
                "/without/maybe-user",
                get(|user: MaybeUser| async move { drop(user) }),
            )
            .route("/without/user", get(name))
            .route(
                "/without/guard",
                get(|| async {}).route_layer(ciam.require(signed_in())),
            )
    })
    .await;
    let mut visitor = Visitor::new();
    assert_eq!(visitor.go(site.url("/maybe")).await.body, "false");
    for path in ["maybe", "maybe-user", "user", "guard"] {
        let page = visitor.go(site.url(&format!("/without/{path}"))).await;
        assert_eq!(
            page.status, 500,
            "{path}: a missing layer is a mistake, never \"nobody\""
        );
    }
}

#[tokio::test]
async fn a_guard_of_another_handle_lets_nobody_through() {
    let other = Config::web("https://issuer.example", "c", "http://localhost:1", SECRET);
    let other = Ciam::new(other.build().expect("a valid configuration"));
    let site = Site::new(|ciam| {
        Router::new()
            .route("/", get(name).route_layer(other.require(signed_in())))
            .merge(ciam.routes())
            .layer(ciam.layer())
    })
    .await;
    let mut visitor = Visitor::new();
    site.open(&mut visitor, "/auth/login").await;
    assert_eq!(visitor.go(site.url("/")).await.status, 500);
}

#[tokio::test]
async fn answers_that_do_not_depend_on_the_visitor_stay_cacheable() {
    async fn asset() -> ([(header::HeaderName, &'static str); 1], &'static str) {
        ([(header::CACHE_CONTROL, "public, max-age=600")], "body{}")
    }
    async fn careless(_: User) -> ([(header::HeaderName, &'static str); 1], &'static str) {
        (
            [(header::CACHE_CONTROL, "public, max-age=600")],
            "private things",
        )
    }
    let site = Site::new(|ciam| {
        Router::new()
            .route("/style.css", get(asset))
            .route("/careless", get(careless))
            .merge(ciam.routes())
            .layer(ciam.layer())
    })
    .await;
    let mut visitor = Visitor::new();
    let page = site.open(&mut visitor, "/careless").await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("vary"), Some("Cookie"));
    let asset = visitor.go(site.url("/style.css")).await;
    assert_eq!(asset.header("cache-control"), Some("public, max-age=600"));
    assert_eq!(asset.header("vary"), None);
}

#[tokio::test]
async fn a_script_gets_401_and_a_cross_site_form_changes_nothing() {
    let site = Site::new(|ciam| {
        Router::new()
            .route("/orders", get(name).post(name))
            .merge(ciam.routes())
            .layer(ciam.layer())
    })
    .await;
    let mut visitor = Visitor::new();
    let blank = visitor.go(site.url("/auth/signed-out")).await;
    let answer = visitor.fetch(&blank, Method::GET, "/orders").await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.body),
        (401, r#"{"error":"visit.not_signed_in"}"#)
    );

    let page = site.open(&mut visitor, "/orders").await;
    assert_eq!(
        visitor.fetch(&page, Method::POST, "/orders").await.status,
        200
    );
    let cookie = &visitor.cookie("ciam-session").expect("signed in").cookie;
    let cookie = format!("{}={}", cookie.name(), cookie.value());
    let mut forged = HeaderMap::new();
    forged.insert(header::COOKIE, cookie.parse().expect("a header value"));
    forged.insert(
        header::ORIGIN,
        "https://evil.test".parse().expect("a header value"),
    );
    let answer = reqwest::Client::new()
        .post(site.url("/orders").replace("localhost", "127.0.0.1"))
        .headers(forged)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.text().await.expect("a body"),
        r#"{"error":"visit.cross_site"}"#
    );
}

#[tokio::test]
async fn a_callback_body_is_read_to_64_kib_and_no_further() {
    let site = Site::new(|ciam| ciam.routes().layer(ciam.layer())).await;
    let address: SocketAddr = site
        .base
        .trim_start_matches("http://localhost:")
        .parse::<u16>()
        .map_or_else(
            |_| unreachable!("the base URL ends in a port"),
            |port| ([127, 0, 0, 1], port).into(),
        );
    for (length, status) in [(64 * 1024, 400), (64 * 1024 + 1, 413), (10_000_000, 413)] {
        let answer = reqwest::Client::new()
            .post(format!("http://{address}/auth/callback"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("a".repeat(length))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), status, "{length} bytes");
    }
}
