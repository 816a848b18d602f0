//! The application on actix-web.

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use actix_web::App;
use actix_web::dev::ServerHandle;
use actix_web::web::{Json, get, post, resource};
use ciam_actix::{Ciam, CiamExt, MaybeUser, User};

use super::ActixRoutes;

/// An actix-web server with two workers in threads of its own, as long as this value.
#[derive(Debug)]
pub struct ActixServer(ServerHandle);

impl ActixServer {
    /// Serves what `run` makes of a non-blocking listener; it must not wait.
    pub fn start(
        run: impl FnOnce() -> std::io::Result<actix_web::dev::Server> + Send + 'static,
    ) -> Self {
        let (started, handle) = mpsc::channel();
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let server = run().expect("a server");
                started.send(server.handle()).expect("somebody waits");
                server.await.expect("a server");
            });
        });
        Self(handle.recv().expect("it starts"))
    }
}

impl Drop for ActixServer {
    fn drop(&mut self) {
        // The command is sent at once; only its end would have to be waited for.
        drop(self.0.stop(false));
    }
}

/// An actix-web application as [`Routes`](super::Routes) want it: `|ciam| App::new()…`.
#[macro_export]
macro_rules! actix_app {
    (|$ciam:ident| $app:expr) => {
        |$ciam: &$crate::Ciam, listener: ::std::net::TcpListener| {
            let $ciam = $ciam.clone();
            let server = ::actix_web::HttpServer::new(move || $app);
            let server = server.workers(2).disable_signals();
            Ok(server.listen(listener)?.run())
        }
    };
}

pub(super) const ROUTES: ActixRoutes = actix_app!(|ciam| App::new()
    .service(resource("/").route(get().to(home)))
    .service(resource("/account").route(get().to(account)))
    .service(resource("/order").route(post().to(order)))
    .default_service(get().to(account))
    .configure(ciam.routes())
    .wrap(ciam.layer()));

pub(super) fn serve(listener: TcpListener, ciam: &Ciam, routes: ActixRoutes) -> ActixServer {
    let ciam = ciam.clone();
    ActixServer::start(move || routes(&ciam, listener))
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
