//! A server of one variant, on one thread: `--listen ADDRESS --serve VARIANT`. The first
//! line it prints is its address. `POST /login` signs in whoever the JSON in its body
//! describes, `GET /me` answers the name.

use std::env;

use tokio::net::TcpListener;
use tower_sessions::MemoryStore;

mod login;
mod session;

#[path = "../../../benches/support/profile.rs"]
mod profile;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let router = match argument("--serve").as_str() {
        "axum-login" => login::router(),
        "tower-sessions" => session::router(MemoryStore::default()),
        "tower-sessions-redis" => session::router(session::redis(&argument("--redis")).await),
        unknown => panic!("no variant {unknown}"),
    };
    let listener = TcpListener::bind(argument("--listen")).await;
    let listener = listener.expect("the address is free");
    println!("{}", listener.local_addr().expect("it is bound"));
    axum::serve(listener, router).await.expect("it serves");
}

fn argument(name: &str) -> String {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    let value = arguments.nth(1);
    value.unwrap_or_else(|| panic!("{name} is missing"))
}
