//! A server of one variant with one worker: `--listen ADDRESS --serve VARIANT`. The first
//! line it prints is its address. `POST /login` signs in whoever the JSON in its body
//! describes, `GET /me` answers the name.
//!
//! The profile is in an encrypted cookie or in Redis, and is read as a type.

use std::{env, io};

use actix_session::config::CookieContentSecurity;
use actix_session::storage::{CookieSessionStore, RedisSessionStore, SessionStore};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::error::ErrorUnauthorized;
use actix_web::{App, HttpResponse, HttpServer, Result, web};

#[path = "../../../benches/support/profile.rs"]
mod profile;

use profile::Profile;

#[actix_web::main]
async fn main() -> io::Result<()> {
    let variant = argument("--serve");
    match variant.as_str() {
        "actix-session" => serve(CookieSessionStore::default).await,
        "actix-session-redis" => {
            let store = RedisSessionStore::new(argument("--redis")).await;
            let store = store.expect("Redis answers");
            serve(move || store.clone()).await
        }
        unknown => panic!("no variant {unknown}"),
    }
}

async fn serve<S, F>(store: F) -> io::Result<()>
where
    S: SessionStore + 'static,
    F: Fn() -> S + Clone + Send + 'static,
{
    let key = Key::generate();
    let server = HttpServer::new(move || {
        let sessions = SessionMiddleware::builder(store(), key.clone())
            .cookie_content_security(CookieContentSecurity::Private)
            .build();
        App::new()
            .route("/me", web::get().to(me))
            .route("/login", web::post().to(login))
            .wrap(sessions)
    });
    let server = server.workers(1).bind(argument("--listen"))?;
    println!("{}", server.addrs()[0]);
    server.run().await
}

async fn me(session: Session) -> Result<String> {
    let profile = session.get::<Profile>(PROFILE)?;
    let profile = profile.ok_or_else(|| ErrorUnauthorized("nobody is signed in"))?;
    Ok(profile.name)
}

async fn login(session: Session, profile: web::Json<Profile>) -> Result<HttpResponse> {
    session.renew();
    session.insert(PROFILE, profile.into_inner())?;
    Ok(HttpResponse::NoContent().finish())
}

fn argument(name: &str) -> String {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    let value = arguments.nth(1);
    value.unwrap_or_else(|| panic!("{name} is missing"))
}

const PROFILE: &str = "profile";
