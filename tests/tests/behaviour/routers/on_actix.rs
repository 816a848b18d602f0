//! Each shape on actix-web.

use std::io;
use std::net::TcpListener;
use std::thread;

use actix_web::dev::{Server, Service, ServiceResponse};
use actix_web::error::ErrorImATeapot;
use actix_web::web::{Data, get, resource, route, scope};
use actix_web::{App, HttpResponse, HttpServer};
use ciam_actix::{Ciam, CiamExt, Claims, MaybeUser, Session, User, claim, role, signed_in};
use ciam_tests::honest::EMAIL;
use ciam_tests::{ActixRoutes, actix_app};

use super::{
    Customer, GREETING, Greeting, Impossible, PUBLIC, WORKERS, another, described, endless,
    greeted, named,
};

async fn name(user: User) -> String {
    named(&user)
}

async fn list() -> &'static str {
    "a list"
}

async fn greet(greeting: Data<Greeting>, user: MaybeUser) -> String {
    greeted(&greeting, user.as_ref())
}

pub(super) const NESTED: ActixRoutes = actix_app!(|ciam| {
    let office = scope("/office").route("/orders", get().to(name));
    App::new()
        .service(scope("/back").service(office))
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

pub(super) const LAYER_INSIDE: ActixRoutes = actix_app!(|ciam| {
    let admin = resource("/admin")
        .get(name)
        .wrap(ciam.require(role("Admin")));
    let office = scope("/office")
        .route("/orders", get().to(name))
        .service(admin)
        .wrap(ciam.layer());
    App::new()
        .service(scope("/back").service(office))
        .route("/open", get().to(async || "open"))
        .configure(ciam.routes())
});

pub(super) const WHOLE: ActixRoutes = actix_app!(|ciam| {
    let shop = scope("/shop")
        .route("/account", get().to(name))
        .configure(ciam.routes())
        .wrap(ciam.layer());
    App::new().service(shop)
});

pub(super) const DEFAULTS: ActixRoutes = actix_app!(|ciam| {
    let lost = async || HttpResponse::NotFound().body("not in the office");
    let office = scope("/office")
        .route("/orders", get().to(name))
        .default_service(route().to(lost));
    App::new()
        .app_data(Data::new(GREETING))
        .service(office)
        .default_service(route().to(greet))
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

pub(super) const GUARDS: ActixRoutes = actix_app!(|ciam| {
    let staff = scope("/staff")
        .route("/list", get().to(name))
        .wrap(ciam.require(role("Admin") & claim("email", EMAIL)));
    let closed = scope("/closed")
        .route("", get().to(name))
        .wrap(ciam.require(role("Nobody")));
    let one = resource("/one").get(name).wrap(ciam.require(role("Admin")));
    let none = resource("/none")
        .get(name)
        .wrap(ciam.require(role("Clerk")));
    App::new()
        .service(one)
        .service(none)
        .route("/open", get().to(async || "open"))
        .service(staff)
        .service(closed)
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

pub(super) const GUARDED: ActixRoutes = actix_app!(|ciam| App::new()
    .route("/list", get().to(list))
    .configure(ciam.routes())
    .wrap(ciam.require(role("Admin")))
    .wrap(ciam.layer()));

pub(super) const SHUT: ActixRoutes = actix_app!(|ciam| App::new()
    .route("/list", get().to(list))
    .configure(ciam.routes())
    .wrap(ciam.require(role("Nobody")))
    .wrap(ciam.layer()));

pub(super) const OF_ANOTHER: ActixRoutes = actix_app!(|ciam| {
    let list = resource("/list")
        .get(list)
        .wrap(another().require(signed_in()));
    App::new()
        .service(list)
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

pub(super) const GUARD_OUTSIDE: ActixRoutes = actix_app!(|ciam| {
    let list = resource("/list")
        .get(list)
        .wrap(ciam.layer())
        .wrap(ciam.require(signed_in()));
    App::new().service(list).configure(ciam.routes())
});

pub(super) const NO_LAYER: ActixRoutes = actix_app!(|ciam| {
    let guard = resource("/guard")
        .get(async || "somebody")
        .wrap(ciam.require(signed_in()));
    App::new()
        .route("/user", get().to(name))
        .route("/maybe", get().to(async |_: MaybeUser| "somebody"))
        .route("/claims", get().to(async |_: Claims<Customer>| "somebody"))
        .service(guard)
        .route("/option", get().to(option))
        .configure(ciam.routes())
});

pub(super) const EXTRACTORS: ActixRoutes = actix_app!(|ciam| {
    let maybe = async |user: MaybeUser| greeted(&GREETING, user.as_ref());
    App::new()
        .route("/user", get().to(name))
        .route("/maybe", get().to(maybe))
        .route(
            "/claims",
            get().to(async |c: Claims<Customer>| described(&c)),
        )
        .route(
            "/impossible",
            get().to(async |_: Claims<Impossible>| "fits"),
        )
        .route("/option", get().to(option))
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

/// Every way to ask who has a session.
pub(super) const OF_SESSIONS: ActixRoutes = actix_app!(|ciam| {
    let maybe = async |user: MaybeUser| greeted(&GREETING, user.as_ref());
    let guard = resource("/guard").get(name).wrap(ciam.require(signed_in()));
    let may = ciam_actix::scope("orders.read") | signed_in();
    App::new()
        .route("/user", get().to(name))
        .route("/maybe", get().to(maybe))
        .route(
            "/claims",
            get().to(async |c: Claims<Customer>| described(&c)),
        )
        .route("/session", get().to(async |_: Session| "a session"))
        .service(guard)
        .service(resource("/mixed").get(name).wrap(ciam.require(may)))
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

async fn option(user: Option<User>) -> String {
    format!("{}", user.is_some())
}

pub(super) const CACHEABLE: ActixRoutes = actix_app!(|ciam| App::new()
    .route("/style.css", get().to(async || public("body{}")))
    .route("/careless", get().to(async |_: User| public("private")))
    .route("/aware", get().to(async |_: MaybeUser| public("aware")))
    .configure(ciam.routes())
    .wrap(ciam.layer()));

fn public(body: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header(PUBLIC).body(body)
}

pub(super) const METHODS: ActixRoutes = actix_app!(|ciam| {
    let orders = resource("/orders").get(name).head(name).post(name);
    let list = resource("/list")
        .get(name)
        .head(name)
        .wrap(ciam.require(signed_in()));
    App::new()
        .service(orders)
        .service(list)
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

pub(super) const STREAM: ActixRoutes = actix_app!(|ciam| {
    let stream = async |_: User| HttpResponse::Ok().streaming(endless());
    App::new()
        .route("/stream", get().to(stream))
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

/// A middleware that fails after the handler has asked who the visitor is.
pub(super) const FAILING: ActixRoutes = actix_app!(|ciam| {
    let failing = resource("/list").get(name).wrap_fn(|request, inner| {
        let answer = inner.call(request);
        async move {
            answer.await?;
            Err::<ServiceResponse, _>(ErrorImATeapot("a middleware fails"))
        }
    });
    App::new()
        .service(failing)
        .configure(ciam.routes())
        .wrap(ciam.layer())
});

/// `/worker` says who is signed in, and which worker says it.
pub(super) fn workers(ciam: &Ciam, listener: TcpListener) -> io::Result<Server> {
    let ciam = ciam.clone();
    let worker = async |user: User| format!("{} on {:?}", named(&user), thread::current().id());
    let server = HttpServer::new(move || {
        App::new()
            .route("/worker", get().to(worker))
            .configure(ciam.routes())
            .wrap(ciam.layer())
    });
    let server = server.workers(WORKERS).disable_signals();
    Ok(server.listen(listener)?.run())
}

/// For cases of axum alone.
pub(super) const NONE: ActixRoutes = |_, _| panic!("not for actix-web");
