//! Serves one variant of ours: one thread that answers, as the peers do, or two.

use std::future::ready;
use std::process::ExitCode;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpResponse, HttpServer, Route, web};
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::routing::{MethodRouter, get, post};
use ciam_core::Ciam;
use ciam_core::store::{MemoryStore, RedisStore};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::api::limit::Limit as TokenLimit;
use crate::api::tokens::{self, SCOPE};
use crate::api::{on_actix as api_actix, on_axum as api_axum};
use crate::apps::by_id::ById;
use crate::apps::limit::Limit;
use crate::apps::session::Session;
use crate::apps::{on_actix, on_axum};

/// Where to answer, and with how many threads.
pub(crate) struct Listen<'a> {
    pub(crate) address: &'a str,
    pub(crate) workers: usize,
}

/// One variant.
pub(crate) struct Served<'a> {
    framework: &'a str,
    variant: &'a str,
    ciam: Ciam,
    /// The session that somebody who signs in is given.
    cookie: String,
    claims: Vec<u8>,
}

impl<'a> Served<'a> {
    /// `session` is in a cookie; one in a store is made here, by who serves it.
    pub(crate) fn new(
        variant: &'a str,
        runtime: &Runtime,
        session: Session,
        redis: Option<&str>,
    ) -> Option<Self> {
        let (framework, variant) = variant.split_once('-')?;
        let claims = session.claims.clone();
        let (ciam, cookie) = match variant {
            "memory" => {
                let stored = Session::stored(runtime, Arc::new(MemoryStore::default()));
                (stored.ciam, stored.cookie)
            }
            "redis" => {
                let store = || {
                    RedisStore::new(redis.unwrap_or_default())
                        .ok()
                        .map(Arc::new)
                };
                let stored = Session::stored(runtime, store()?);
                // A connection belongs to the runtime that made it.
                (Session::handle(store()?), stored.cookie)
            }
            "limit-id" => (session.ciam, ById::cookie()),
            _ => (session.ciam, session.cookie),
        };
        Some(Self {
            framework,
            variant,
            ciam,
            cookie,
            claims,
        })
    }
}

/// Prints its address, then answers until it is ended.
pub(crate) fn serve(served: &Served<'_>, listen: &Listen<'_>) -> ExitCode {
    match served.framework {
        "axum" => serve_axum(served, listen),
        _ => serve_actix(served, listen),
    }
    ExitCode::SUCCESS
}

fn serve_axum(served: &Served<'_>, listen: &Listen<'_>) {
    use ciam_axum::CiamExt as _;
    use on_axum::{ByHand, claims, fixed, limited, limited_by_id, maybe_user, user};

    let ciam = &served.ciam;
    let cookie = served.cookie.clone();
    let login = post(async move || (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]));

    let api = tokens::ciam();
    let router = |route: MethodRouter| Router::new().route(PATH, route);
    let router = match served.variant {
        "bare" | "bare-cookie" => router(get(fixed)),
        "limit" => router(get(limited)).layer(ByHand(Limit::new())),
        "limit-id" => {
            let by_id = ByHand(ById::new(&served.claims));
            router(get(limited_by_id)).layer(by_id).route(LOGIN, login)
        }
        "memory" | "redis" => router(get(user)).layer(ciam.layer()).route(LOGIN, login),
        "anonymous" => router(get(maybe_user)).layer(ciam.layer()),
        "user" => router(get(user)).layer(ciam.layer()),
        "claims" => router(get(claims)).layer(ciam.layer()),
        "bare-token" => router(get(api_axum::fixed)),
        "limit-token" => Router::new()
            .route(PATH, get(api_axum::limited))
            .with_state(TokenLimit::remembering()),
        "caller" => router(get(api_axum::caller)).layer(api.layer()),
        "scope" => {
            let guard = api.require(ciam_axum::scope(SCOPE));
            router(get(api_axum::fixed).route_layer(guard)).layer(api.layer())
        }
        unknown => panic!("no variant {unknown}"),
    };
    let mut builder = match listen.workers {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(listen.workers);
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(listen.address).await;
        let listener = listener.expect("the address is free");
        println!("{}", listener.local_addr().expect("it is bound"));
        axum::serve(listener, router).await.expect("it serves");
    });
}

fn serve_actix(served: &Served<'_>, listen: &Listen<'_>) {
    use ciam_actix::CiamExt as _;
    use on_actix::{claims, fixed, limited, maybe_user, user};

    let api = tokens::ciam();
    let ours = |route: fn() -> Route| {
        let (ciam, cookie) = (served.ciam.clone(), served.cookie.clone());
        run(listen, move || {
            let cookie = cookie.clone();
            let login = web::post().to(move || {
                let mut response = HttpResponse::NoContent();
                ready(
                    response
                        .append_header(("set-cookie", cookie.clone()))
                        .finish(),
                )
            });
            let app = App::new().route(PATH, route()).route(LOGIN, login);
            app.wrap(ciam.layer())
        });
    };
    match served.variant {
        "bare" | "bare-cookie" => run(listen, || App::new().route(PATH, web::get().to(fixed))),
        "limit" => run(listen, || {
            let limit = on_actix::limit(Limit::new());
            App::new().route(PATH, web::get().to(limited)).wrap(limit)
        }),
        "anonymous" => ours(|| web::get().to(maybe_user)),
        "user" | "memory" | "redis" => ours(|| web::get().to(user)),
        "claims" => ours(|| web::get().to(claims)),
        "bare-token" => run(listen, || {
            App::new().route(PATH, web::get().to(api_actix::fixed))
        }),
        "limit-token" => {
            let limit = TokenLimit::remembering();
            run(listen, move || {
                let app = App::new().app_data(limit.clone());
                app.route(PATH, web::get().to(api_actix::limited))
            });
        }
        "caller" => run(listen, move || {
            let app = App::new().route(PATH, web::get().to(api_actix::caller));
            app.wrap(api.layer())
        }),
        "scope" => run(listen, move || {
            let guard = api.require(ciam_actix::scope(SCOPE));
            let route = web::get().to(api_actix::fixed).wrap(guard);
            App::new().route(PATH, route).wrap(api.layer())
        }),
        unknown => panic!("no variant {unknown}"),
    }
}

fn run<F, S, B>(listen: &Listen<'_>, app: F)
where
    F: Fn() -> App<S> + Clone + Send + 'static,
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(app).workers(listen.workers);
        let server = server.bind(listen.address);
        let server = server.expect("the address is free");
        println!("{}", server.addrs()[0]);
        server.run().await.expect("it serves");
    });
}

const PATH: &str = "/me";
const LOGIN: &str = "/login";
