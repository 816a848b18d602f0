use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

fn client(timeout: Duration) -> ReqwestClient {
    ReqwestClient::new(TransportOptions {
        timeout,
        extra_certificates: None,
        resolve: Vec::new(),
    })
}

/// A server that reads one request and writes `answer`, then `filler` for ever.
fn server(answer: &'static [u8], filler: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody connects");
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
        while !filler.is_empty() && stream.write_all(filler).is_ok() {}
        if answer.is_empty() {
            thread::sleep(Duration::from_secs(5));
        }
    });
    format!("http://{address}/")
}

async fn send(url: &str, timeout: Duration) -> Result<Response<Bytes>, TransportError> {
    let request = Request::get(url)
        .body(Bytes::new())
        .expect("a valid request");
    client(timeout).send(request).await
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_answer_is_read_whole_and_a_redirect_is_not_followed() {
    let url = server(
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 3\r\n\r\nabc",
        b"",
    );
    let response = send(&url, LONG).await.expect("an answer");
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "http://127.0.0.1:1/");
    assert_eq!(response.body(), "abc");
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let url = server(b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 65536]);
    let error = send(&url, LONG).await.expect_err("it never ends");
    assert_eq!(error.code(), "transport.too_large");
}

#[tokio::test]
async fn an_announced_body_is_refused_before_it_is_read() {
    let url = server(
        b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n",
        b"",
    );
    let error = send(&url, LONG).await.expect_err("it is too long");
    assert_eq!(error.code(), "transport.too_large");
}

#[tokio::test]
async fn silence_ends_at_the_limit() {
    let url = server(b"", b"");
    let error = send(&url, Duration::from_millis(200))
        .await
        .expect_err("nobody answers");
    assert_eq!(error.code(), "transport.timeout");
}

#[tokio::test]
async fn nobody_listening_is_named() {
    let error = send("http://127.0.0.1:1/", LONG)
        .await
        .expect_err("nobody listens on port 1");
    assert_eq!(error.code(), "transport.connect");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn plain_http_leaves_this_machine_never() {
    for url in [
        "http://192.0.2.1/",
        "http://localhost.evil.test/",
        "ftp://127.0.0.1/",
    ] {
        let error = send(url, LONG).await.expect_err("not loopback");
        assert_eq!(error.code(), "transport.insecure", "{url}");
    }
}

#[test]
fn loopback_is_recognised_by_address_not_by_spelling() {
    for (url, expected) in [
        ("http://localhost:3000/", true),
        ("http://LOCALHOST/", true),
        ("http://127.0.0.1/", true),
        ("http://127.8.9.10/", true),
        ("http://[::1]/", true),
        ("http://127.1/", true),
        ("http://localhost.evil.test/", false),
        ("http://127.0.0.1.evil.test/", false),
        ("http://[::2]/", false),
        ("http://0.0.0.0/", false),
        ("http://10.0.0.1/", false),
    ] {
        assert_eq!(
            is_loopback(&Url::parse(url).expect("a valid address")),
            expected,
            "{url}"
        );
    }
}
