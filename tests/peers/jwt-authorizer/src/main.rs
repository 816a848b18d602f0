//! A server of one variant, on one thread: `--listen ADDRESS --serve VARIANT --provider
//! ORIGIN`. The first line it prints is its address.

use peer_jwt_authorizer::router;
use tokio::net::TcpListener;

#[path = "../../arguments.rs"]
mod arguments;

use arguments::argument;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let router = router(&argument("--serve"), &argument("--provider")).await;
    let listener = TcpListener::bind(argument("--listen")).await;
    let listener = listener.expect("the address is free");
    println!("{}", listener.local_addr().expect("it is bound"));
    axum::serve(listener, router).await.expect("it serves");
}
