//! What a browser sends, and one request of it by hand.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::sign_in::SHOP;

/// The headers of every request, apart from the credentials: those of a Firefox that follows a
/// link of the shop's own.
pub(crate) const HEADERS: [(&str, &str); 10] = [
    ("Host", SHOP),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ),
    ("Accept-Language", "en-GB,en;q=0.5"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Connection", "keep-alive"),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "same-origin"),
];

/// The path that is measured.
pub(crate) const PATH: &str = "/me";

/// A header that says who asks.
pub(crate) type Credentials = (&'static str, String);

/// Status and body of the measured page. A visitor without credentials is a script, which
/// is not sent to sign in.
pub(crate) fn get(
    address: SocketAddr,
    credentials: Option<&Credentials>,
) -> Result<(u16, String), String> {
    let mut request = format!("GET {PATH} HTTP/1.1\r\n");
    if let Some((credentials, secret)) = credentials {
        for (name, value) in HEADERS {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("{credentials}: {secret}\r\n\r\n"));
    } else {
        request.push_str(&format!("Host: {SHOP}\r\n\r\n"));
    }
    let (head, body) = exchange(address, request.as_bytes())?;
    Ok((status(&head)?, body))
}

/// Signs in at a peer as whoever has these claims: the cookie it sets.
pub(crate) fn login(address: SocketAddr, claims: &[u8]) -> Result<String, String> {
    let length = claims.len();
    let mut request = format!(
        "POST /login HTTP/1.1\r\nHost: {SHOP}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(claims);
    let (head, _) = exchange(address, &request)?;
    if status(&head)? != 204 {
        return Err(format!("nobody is signed in: {head}"));
    }
    let cookie = header(&head, "set-cookie").ok_or("no cookie is set")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// Head and body of the answer to one request on a connection of its own.
fn exchange(address: SocketAddr, request: &[u8]) -> Result<(String, String), String> {
    let failed = |error| format!("http://{address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .map_err(failed)?;
    stream.write_all(request).map_err(failed)?;
    let mut received = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let text = String::from_utf8_lossy(&received);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").unwrap_or("0");
            if length.parse() == Ok(body.len()) {
                return Ok((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut buffer).map_err(failed)? {
            0 => return Err(format!("the answer ends early: {text}")),
            read => received.extend_from_slice(&buffer[..read]),
        }
    }
}

fn status(head: &str) -> Result<u16, String> {
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or_else(|| format!("no status: {head}"))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}
