//! An application in this process, as small as the tests need it.

use std::fmt;
use std::net::Ipv4Addr;

use axum::Router;
use axum::response::Json;
use axum::routing::{get, post};
use ciam_axum::{Ciam, CiamExt, ConfigBuilder, MaybeUser, User};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::visitor::Page;

/// An application that is served on `http://localhost:PORT`, as long as this value.
///
/// `/` says `nobody` or who is signed in, `/account` has the claims of who is,
/// and `POST /order` takes an order of who is.
pub struct Site {
    /// Its handle.
    pub ciam: Ciam,
    port: u16,
    server: JoinHandle<()>,
}

impl Site {
    /// Starts one whose configuration is made from its base URL.
    pub async fn start(config: impl AsyncFnOnce(&str) -> ConfigBuilder) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let config = config(&base_url(port))
            .await
            .build()
            .expect("good settings");
        let ciam = Ciam::new(config);
        let router = router(&ciam);
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a server");
        });
        Self { ciam, port, server }
    }

    /// An address of the application.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", base_url(self.port))
    }

    /// Its port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The application as a service, without a socket.
    pub fn router(&self) -> Router {
        router(&self.ciam)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({})", self.port)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn base_url(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn router(ciam: &Ciam) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/account", get(account))
        .route("/order", post(order))
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

/// The code and the reference that one of the library's pages shows.
pub fn told(page: &Page) -> (String, String) {
    let text = page.text();
    let told = text.rsplit_once(" Code ").and_then(|(_, told)| {
        let (code, reference) = told.split_once(" Reference ")?;
        Some((code.to_owned(), reference.to_owned()))
    });
    told.unwrap_or_else(|| panic!("no code and reference on {page}"))
}
