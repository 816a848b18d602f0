//! An application in this process, as small as the tests need it.

mod actix;
mod axum;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use actix_web::dev;
use ciam_core::{Ciam, ConfigBuilder};

pub use self::actix::ActixServer;
pub use self::axum::AxumServer;

use serde_json::Value;

use crate::suite::Framework;
use crate::visitor::Page;

/// An application that is served on `http://localhost:PORT`, as long as this value.
///
/// `/` says `nobody` or who is signed in, `/account` has the claims of who is,
/// `POST /order` takes an order of who is, and any other address is protected.
pub struct Site {
    /// Its handle.
    pub ciam: Ciam,
    port: u16,
    _server: Server,
}

#[allow(dead_code)] // kept until the site is dropped
enum Server {
    Actix(ActixServer),
    Axum(AxumServer),
}

/// What an application serves, said for each framework; with the layer.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // tests make them
pub struct Routes {
    /// On axum.
    pub axum: fn(&Ciam) -> ::axum::Router,
    /// On actix-web: see [`actix_app!`](crate::actix_app).
    pub actix: ActixRoutes,
}

/// How an actix-web application is served: its type has no name.
pub type ActixRoutes = fn(&Ciam, TcpListener) -> io::Result<dev::Server>;

impl Site {
    /// Starts one whose configuration is made from its base URL.
    pub async fn start(
        framework: Framework,
        config: impl AsyncFnOnce(&str) -> ConfigBuilder,
    ) -> Self {
        let routes = Routes {
            axum: axum::router,
            actix: actix::ROUTES,
        };
        Self::serve(framework, routes, config).await
    }

    /// Starts one with other routes than those.
    pub async fn serve(
        framework: Framework,
        routes: Routes,
        config: impl AsyncFnOnce(&str) -> ConfigBuilder,
    ) -> Self {
        let (listener, port) = listen();
        let config = config(&base_url(port))
            .await
            .build()
            .expect("good settings");
        let ciam = Ciam::new(config);
        let server = match framework {
            Framework::Actix => Server::Actix(actix::serve(listener, &ciam, routes.actix)),
            Framework::Axum => Server::Axum(AxumServer::start(listener, (routes.axum)(&ciam))),
        };
        Self {
            ciam,
            port,
            _server: server,
        }
    }

    /// An address of the application.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", base_url(self.port))
    }

    /// Its port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({})", self.port)
    }
}

/// A port of its own on 127.0.0.1, as the runtimes of both frameworks want it.
pub fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("non-blocking");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

fn base_url(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// The status and the code that a script is told.
pub fn told_to_script(answer: &Page) -> (u16, String) {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = body["error"].as_str().unwrap_or_default();
    (answer.status.as_u16(), code.to_owned())
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
