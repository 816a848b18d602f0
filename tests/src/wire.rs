//! An HTTP/1.1 client by hand: the bytes that go out are a test's own, broken or not.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

/// An answer, as it arrived.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct WireAnswer {
    /// Its status.
    pub status: u16,
    /// Its headers in their order, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its body, without framing.
    pub body: Vec<u8>,
}

/// What the client does when everything is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Then {
    /// Waits for the answer.
    Wait,
    /// Says that nothing more comes, and waits for the answer.
    HalfClose,
}

/// Writes these bytes to a port on 127.0.0.1, and reads one answer meanwhile, as
/// browsers do; `None` where the server hung up without one.
pub async fn exchange(port: u16, request: &[u8], then: Then) -> Option<WireAnswer> {
    let stream = connect(port).await;
    let to_head = request.starts_with(b"HEAD ");
    let (read, mut write) = stream.into_split();
    let writing = async {
        // The server may answer, and hang up, before it has read everything.
        if write.write_all(request).await.is_ok() && then == Then::HalfClose {
            let _ = write.shutdown().await;
        }
        write
    };
    let both = async { tokio::join!(writing, answer(read, to_head)).1 };
    within_limit(both).await
}

/// The same, but nothing is read before everything is written or refused: the
/// answer of a server that hung up early must not be lost.
pub async fn write_then_read(port: u16, request: &[u8]) -> Option<WireAnswer> {
    let (read, mut write) = connect(port).await.into_split();
    within_limit(async {
        let _ = write.write_all(request).await;
        answer(read, false).await
    })
    .await
}

/// Writes, and is gone without reading.
pub async fn abandon(port: u16, request: &[u8]) {
    let mut stream = connect(port).await;
    stream.write_all(request).await.expect("it reads");
}

async fn connect(port: u16) -> TcpStream {
    let address = (Ipv4Addr::LOCALHOST, port);
    TcpStream::connect(address).await.expect("it listens")
}

async fn within_limit<T>(exchange: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(LIMIT, exchange).await;
    done.expect("the server answers or hangs up")
}

async fn answer(mut from: OwnedReadHalf, to_head: bool) -> Option<WireAnswer> {
    let mut received = Vec::new();
    let (status, headers, body) = loop {
        let head = received.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let (status, headers) = parse_head(&received[..head]);
            // What only says "go on" is not the answer.
            if status != 100 {
                break (status, headers, head + 4);
            }
            received.drain(..head + 4);
        } else if !more(&mut from, &mut received).await {
            return None;
        }
    };
    received.drain(..body);
    let value = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v);
    let bodiless = to_head || status < 200 || status == 204 || status == 304;
    let body = if bodiless {
        Vec::new()
    } else if value("transfer-encoding").is_some() {
        chunks(&mut from, received).await
    } else if let Some(length) = value("content-length") {
        let length = str::from_utf8(length).ok().and_then(|l| l.parse().ok());
        let length: usize = length.expect("a length");
        while received.len() < length {
            assert!(more(&mut from, &mut received).await, "a whole body");
        }
        received.truncate(length);
        received
    } else {
        while more(&mut from, &mut received).await {}
        received
    };
    Some(WireAnswer {
        status,
        headers,
        body,
    })
}

/// Whether there was more.
async fn more(from: &mut OwnedReadHalf, received: &mut Vec<u8>) -> bool {
    from.read_buf(received).await.is_ok_and(|read| read > 0)
}

fn parse_head(head: &[u8]) -> (u16, Vec<(String, Vec<u8>)>) {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
    let headers = lines.map(|line| {
        let colon = line.iter().position(|byte| *byte == b':');
        let colon = colon.expect("a name and a value");
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        (name, line[colon + 1..].trim_ascii().to_vec())
    });
    (status.expect("a status line"), headers.collect())
}

async fn chunks(from: &mut OwnedReadHalf, mut received: Vec<u8>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let Some(end) = received.windows(2).position(|two| two == b"\r\n") else {
            assert!(more(from, &mut received).await, "a whole chunk");
            continue;
        };
        let size = str::from_utf8(&received[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        while received.len() < end + 2 + size + 2 {
            assert!(more(from, &mut received).await, "a whole chunk");
        }
        body.extend_from_slice(&received[end + 2..][..size]);
        received.drain(..end + 2 + size + 2);
        if size == 0 {
            return body;
        }
    }
}

const LIMIT: Duration = Duration::from_secs(30);
