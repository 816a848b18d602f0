//! Flaws that other software of this kind had, each named after its entry.

pub(crate) mod return_to;
pub(crate) mod routes;
pub(crate) mod session;
pub(crate) mod transaction;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::provider_failures::World;

/// A request as no client library would let it through, and its whole answer.
async fn raw(world: &World, method: &str, target: &str, headers: &str) -> String {
    let port = world.site.port();
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("it listens");
    let host = if headers.contains("host: ") {
        String::new()
    } else {
        format!("host: localhost:{port}\r\n")
    };
    let request = format!(
        "{method} {target} HTTP/1.1\r\n{host}accept: text/html\r\nconnection: close\r\n{headers}\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut answer = Vec::new();
    // A refused request may end in a reset after its answer.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 "), "{target}: {answer:?}");
    answer
}

/// Where a raw answer leads.
fn location(answer: &str) -> Option<&str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines()
        .find_map(|line| line.strip_prefix("location: "))
}
