//! HTTP/1.1 by hand: what goes over the wire is what a test says.

use std::io;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::{Url, form_urlencoded};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    /// GET or POST, say.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as text.
    pub body: String,
}

impl Asked {
    /// Its path.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse("http://localhost").expect("an address");
        crate::visitor::query(&url.join(&self.target).expect("a target"), name)
    }

    /// A field of the body, a form.
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = form_urlencoded::parse(self.body.as_bytes());
        let field = fields.find(|(field, _)| field == name);
        field.map(|(_, value)| value.into_owned())
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(status: u16, body: impl ToString) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }
}

/// Reads one request; `None` when the client said nothing.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Option<Asked>> {
    let mut received = Vec::new();
    let head = loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&received[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut start = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (start.next(), start.next());
    let headers: HeaderMap = lines
        .filter_map(|line| line.split_once(':'))
        .filter_map(|(name, value)| {
            let name = HeaderName::try_from(name).ok()?;
            Some((name, HeaderValue::try_from(value.trim()).ok()?))
        })
        .collect();
    let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let length: usize = length.and_then(|v| v.parse().ok()).unwrap_or(0);
    let body = head + 4;
    while received.len() < body + length {
        if stream.read_buf(&mut received).await? == 0 {
            break;
        }
    }
    Ok(Some(Asked {
        method: method.unwrap_or_default().to_owned(),
        target: target.unwrap_or_default().to_owned(),
        headers,
        body: String::from_utf8_lossy(&received[body..]).into_owned(),
    }))
}

/// Writes one answer; the connection ends with it.
pub(super) async fn write(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    let mut text = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!(
        "content-length: {}\r\n\r\n{}",
        answer.body.len(),
        answer.body
    ));
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
