//! The provider's keys on loopback, for peers that fetch them when they start.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::provider::FixedProvider;

/// The origin of the provider, which answers as long as this process lives.
pub(crate) fn serve() -> String {
    let (sender, receiver) = mpsc::channel::<SocketAddr>();
    thread::spawn(move || {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
            let listener = listener.expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            let provider = Arc::new(FixedProvider::new(&format!("http://{address}")));
            sender.send(address).expect("somebody waits for it");
            let answer = move |request: Request| {
                let response = provider.answer(request.uri().path());
                std::future::ready(response.map(Body::from))
            };
            let server = axum::serve(listener, Router::new().fallback(answer));
            server.await.expect("it serves");
        });
    });
    let address = receiver.recv().expect("the thread says it");
    format!("http://{address}")
}
