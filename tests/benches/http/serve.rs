//! Serves one variant of ours: one thread that answers, as the peers do, or two.

use std::process::ExitCode;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpServer, Route, web};
use axum::Router;
use axum::routing::{MethodRouter, get};
use ciam_core::Ciam;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::api::limit::Limit as TokenLimit;
use crate::api::tokens::{self, SCOPE};
use crate::api::{on_actix as api_actix, on_axum as api_axum};
use crate::apps::limit::Limit;
use crate::apps::{on_actix, on_axum};

/// Where to answer, and with how many threads.
pub(crate) struct Listen<'a> {
    pub(crate) address: &'a str,
    pub(crate) workers: usize,
}

/// Prints its address, then answers until it is ended.
pub(crate) fn serve(variant: &str, listen: &Listen<'_>, ciam: Ciam) -> ExitCode {
    let Some((framework, variant)) = variant.split_once('-') else {
        eprintln!("no variant {variant}");
        return ExitCode::FAILURE;
    };
    match framework {
        "axum" => serve_axum(variant, listen, &ciam),
        _ => serve_actix(variant, listen, ciam),
    }
    ExitCode::SUCCESS
}

fn serve_axum(variant: &str, listen: &Listen<'_>, ciam: &Ciam) {
    use ciam_axum::CiamExt as _;
    use on_axum::{claims, fixed, limited, maybe_user, user};

    let api = tokens::ciam();
    let router = |route: MethodRouter| Router::new().route(PATH, route);
    let router = match variant {
        "bare" | "bare-cookie" => router(get(fixed)),
        "limit" => router(get(limited)).layer(Limit::new()),
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

fn serve_actix(variant: &str, listen: &Listen<'_>, ciam: Ciam) {
    use ciam_actix::CiamExt as _;
    use on_actix::{claims, fixed, limited, maybe_user, user};

    let api = tokens::ciam();
    let ours = move |route: fn() -> Route| {
        let ciam = ciam.clone();
        run(listen, move || {
            App::new().route(PATH, route()).wrap(ciam.layer())
        });
    };
    match variant {
        "bare" | "bare-cookie" => run(listen, || App::new().route(PATH, web::get().to(fixed))),
        "limit" => run(listen, || {
            let limit = on_actix::limit(Limit::new());
            App::new().route(PATH, web::get().to(limited)).wrap(limit)
        }),
        "anonymous" => ours(|| web::get().to(maybe_user)),
        "user" => ours(|| web::get().to(user)),
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
