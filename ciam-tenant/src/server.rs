//! The routes, and the task that serves them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State as FromState};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::serve::Listener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::discovery::host;
use crate::error::{Aadsts, Trail};
use crate::state::State;
use crate::{authorize, control, discovery, interaction, logout, pages, token_endpoint, userinfo};

/// How a tenant is told what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    ByHandle,
    OverHttp,
}

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Server {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start<L>(listener: L, tenant: Arc<State>, control: Control) -> Self
    where
        L: Listener,
        L::Addr: std::fmt::Debug,
    {
        let (stop, mut stopped) = watch::channel(false);
        let serve =
            axum::serve(listener, routes(tenant, control)).with_graceful_shutdown(async move {
                // An error means that the sender was dropped, which stops the server too.
                let _ = stopped.wait_for(|stop| *stop).await;
            });
        let task = tokio::spawn(async move {
            // Never ends by itself, and has no errors.
            let _ = serve.await;
        });
        Self { stop, task }
    }

    /// Stops listening, lets answers under way finish, and returns.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        let mut task = self.task;
        if tokio::time::timeout(STOP_TIME, &mut task).await.is_err() {
            task.abort();
        }
    }
}

fn routes(tenant: Arc<State>, control: Control) -> Router {
    let routes = Router::new()
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(discovery::document),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            get(authorize::authorize).post(authorize::authorize),
        )
        .route("/{tenant}/oauth2/v2.0/token", any(token_endpoint::token))
        .route(
            "/{tenant}/oauth2/v2.0/logout",
            get(logout::logout).post(logout::logout),
        )
        .route(
            "/{tenant}/login",
            get(interaction::login).post(interaction::login),
        )
        .route(
            "/{tenant}/signup",
            get(interaction::sign_up).post(interaction::sign_up),
        )
        .route_layer(from_fn_with_state(tenant.clone(), own_tenant))
        .route(
            "/oidc/userinfo",
            get(userinfo::userinfo).post(userinfo::userinfo),
        )
        .route("/", get(welcome));
    let routes = match control {
        Control::ByHandle => routes,
        Control::OverHttp => routes.merge(control::routes()),
    };
    routes
        .layer(from_fn_with_state(tenant.clone(), own_host))
        .with_state(tenant)
}

async fn welcome(FromState(tenant): FromState<Arc<State>>) -> Response {
    pages::welcome(&tenant)
}

/// Answers for its own host names only, so that no web site can reach it under a name of its own
/// (DNS rebinding).
async fn own_host(
    FromState(tenant): FromState<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let host = host(request.headers()).unwrap_or_default();
    let own = if tenant.tls {
        tenant
            .host_names()
            .any(|name| name.eq_ignore_ascii_case(host))
    } else {
        LOOPBACK.iter().any(|name| name.eq_ignore_ascii_case(host))
            || host.strip_prefix("127.").is_some_and(is_rest_of_loopback)
    };
    if own {
        next.run(request).await
    } else {
        let text = "The local tenant does not answer for this host name.\n";
        (StatusCode::MISDIRECTED_REQUEST, text).into_response()
    }
}

/// Answers for its own name and id only.
async fn own_tenant(
    FromState(tenant): FromState<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let named = path.split('/').nth(1).unwrap_or_default();
    if tenant.is_named(named) {
        return next.run(request).await;
    }
    let trail = Trail::new(request.headers(), tenant.clock.now());
    let is_custom_domain = |name: &String| name.eq_ignore_ascii_case(named);
    let error = if tenant.custom_domains.iter().any(is_custom_domain) {
        Aadsts::invalid_request(
            500210,
            "Domain name does not match with the tenant identifier.",
        )
    } else {
        Aadsts::unknown_tenant(named)
    };
    match path.rsplit('/').next() {
        Some("authorize" | "login" | "logout" | "signup") => pages::error(&error, &trail),
        _ => error.document(&trail),
    }
}

fn is_rest_of_loopback(rest: &str) -> bool {
    rest.split('.').count() == 3 && rest.split('.').all(|part| part.parse::<u8>().is_ok())
}

const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
const STOP_TIME: Duration = Duration::from_secs(5);
