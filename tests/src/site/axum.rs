//! The application on axum.

use std::net::TcpListener;

use axum::Router;
use axum::response::Json;
use axum::routing::{get, post};
use ciam_axum::{Ciam, CiamExt, MaybeUser, User};
use tokio::task::JoinHandle;

/// An axum server in a task, as long as this value.
#[derive(Debug)]
pub struct AxumServer(JoinHandle<()>);

impl AxumServer {
    /// Serves a router at a non-blocking listener.
    pub fn start(listener: TcpListener, router: Router) -> Self {
        Self(tokio::spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await.expect("a server");
        }))
    }
}

impl Drop for AxumServer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn router(ciam: &Ciam) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/account", get(account))
        .route("/order", post(order))
        .fallback(account)
        .merge(ciam.routes())
        .layer(ciam.layer())
}

async fn home(user: MaybeUser) -> String {
    user.as_ref()
        .map_or_else(|| "nobody".to_owned(), |user| user.id().to_string())
}

async fn account(user: User) -> Json<User> {
    Json(user)
}

async fn order(user: User) -> String {
    format!("ordered by {}", user.id())
}
