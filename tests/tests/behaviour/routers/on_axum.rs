//! Each shape on axum.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{any, get};
use ciam_axum::{Ciam, CiamExt, Claims, MaybeUser, Session, User, claim, role, scope, signed_in};
use ciam_tests::honest::EMAIL;

use super::{
    Customer, GREETING, Greeting, Impossible, PUBLIC, another, described, endless, greeted, named,
};

async fn name(user: User) -> String {
    named(&user)
}

async fn greet(State(greeting): State<Greeting>, user: MaybeUser) -> String {
    greeted(&greeting, user.as_ref())
}

pub(super) fn nested(ciam: &Ciam) -> Router {
    let office = Router::new().route("/orders", get(name));
    Router::new()
        .nest("/back", Router::new().nest("/office", office))
        .merge(ciam.routes())
        .layer(ciam.layer())
}

pub(super) fn layer_inside(ciam: &Ciam) -> Router {
    let office = Router::new()
        .route("/orders", get(name))
        .route("/admin", get(name).layer(ciam.require(role("Admin"))))
        .layer(ciam.layer());
    Router::new()
        .nest("/back", Router::new().nest("/office", office))
        .route("/open", get(async || "open"))
        .merge(ciam.routes())
}

pub(super) fn whole(ciam: &Ciam) -> Router {
    let shop = Router::new()
        .route("/account", get(name))
        .merge(ciam.routes())
        .layer(ciam.layer());
    Router::new().nest("/shop", shop)
}

pub(super) fn defaults(ciam: &Ciam) -> Router {
    let office = Router::new()
        .route("/orders", get(name))
        .fallback(async || (StatusCode::NOT_FOUND, "not in the office"));
    Router::new()
        .nest("/office", office)
        .fallback(any(greet))
        .merge(ciam.routes())
        .layer(ciam.layer())
        .with_state(GREETING)
}

pub(super) fn guards(ciam: &Ciam) -> Router {
    let staff = Router::new()
        .route("/list", get(name))
        .layer(ciam.require(role("Admin") & claim("email", EMAIL)));
    let closed = Router::new()
        .route("/closed", get(name))
        .layer(ciam.require(role("Nobody")));
    Router::new()
        .route("/one", get(name).layer(ciam.require(role("Admin"))))
        .route("/none", get(name).layer(ciam.require(role("Clerk"))))
        .route("/open", get(async || "open"))
        .nest("/staff", staff)
        .merge(closed)
        .merge(ciam.routes())
        .layer(ciam.layer())
}

pub(super) fn guarded(ciam: &Ciam) -> Router {
    Router::new()
        .route("/list", get(async || "a list"))
        .merge(ciam.routes())
        .layer(ciam.require(role("Admin")))
        .layer(ciam.layer())
}

pub(super) fn shut(ciam: &Ciam) -> Router {
    Router::new()
        .route("/list", get(async || "a list"))
        .merge(ciam.routes())
        .layer(ciam.require(role("Nobody")))
        .layer(ciam.layer())
}

pub(super) fn route_layer(ciam: &Ciam) -> Router {
    Router::new()
        .route("/list", get(async || "a list"))
        .route_layer(ciam.require(role("Admin")))
        .merge(ciam.routes())
        .layer(ciam.layer())
}

pub(super) fn of_another(ciam: &Ciam) -> Router {
    Router::new()
        .route(
            "/list",
            get(async || "a list").layer(another().require(signed_in())),
        )
        .merge(ciam.routes())
        .layer(ciam.layer())
}

pub(super) fn guard_outside(ciam: &Ciam) -> Router {
    let list = Router::new()
        .route("/list", get(async || "a list"))
        .layer(ciam.layer())
        .layer(ciam.require(signed_in()));
    list.merge(ciam.routes())
}

pub(super) fn no_layer(ciam: &Ciam) -> Router {
    Router::new()
        .route("/user", get(name))
        .route("/maybe", get(async |_: MaybeUser| "somebody"))
        .route("/claims", get(async |_: Claims<Customer>| "somebody"))
        .route(
            "/guard",
            get(async || "somebody").layer(ciam.require(signed_in())),
        )
        .route("/option", get(option))
        .merge(ciam.routes())
}

pub(super) fn extractors(ciam: &Ciam) -> Router {
    extracting().merge(ciam.routes()).layer(ciam.layer())
}

fn extracting() -> Router {
    Router::new()
        .route("/user", get(name))
        .route(
            "/maybe",
            get(async |user: MaybeUser| greeted(&GREETING, user.as_ref())),
        )
        .route("/claims", get(async |c: Claims<Customer>| described(&c)))
        .route("/impossible", get(async |_: Claims<Impossible>| "fits"))
        .route("/option", get(option))
}

/// Every way to ask who has a session.
pub(super) fn of_sessions(ciam: &Ciam) -> Router {
    let mixed = get(name).layer(ciam.require(scope("orders.read") | signed_in()));
    Router::new()
        .route("/session", get(async |_: Session| "a session"))
        .route("/guard", get(name).layer(ciam.require(signed_in())))
        .route("/mixed", mixed)
        .merge(extracting())
        .merge(ciam.routes())
        .layer(ciam.layer())
}

async fn option(user: Option<User>) -> String {
    format!("{}", user.is_some())
}

pub(super) fn cacheable(ciam: &Ciam) -> Router {
    Router::new()
        .route("/style.css", get(async || ([PUBLIC], "body{}")))
        .route("/careless", get(async |_: User| ([PUBLIC], "private")))
        .route("/aware", get(async |_: MaybeUser| ([PUBLIC], "aware")))
        .merge(ciam.routes())
        .layer(ciam.layer())
}

pub(super) fn methods(ciam: &Ciam) -> Router {
    Router::new()
        .route("/orders", get(name).post(name))
        .route("/list", get(name).layer(ciam.require(signed_in())))
        .merge(ciam.routes())
        .layer(ciam.layer())
}

pub(super) fn stream(ciam: &Ciam) -> Router {
    Router::new()
        .route("/stream", get(async |_: User| Body::from_stream(endless())))
        .merge(ciam.routes())
        .layer(ciam.layer())
}

/// For cases of actix-web alone.
pub(super) fn none(_: &Ciam) -> Router {
    panic!("not for axum")
}
