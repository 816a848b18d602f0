//! What can go wrong with an answer.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::wire::{self, Answer, Asked};

/// One way to fail.
#[derive(Clone)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum Fault {
    /// Announces ten gigabytes, and sends none.
    Announced,
    /// This status, content type and body.
    Answers(u16, &'static str, String),
    /// Ends in the middle of the body.
    BreaksOff,
    /// Hangs up without a word.
    Closes,
    /// Sends JSON that does not end.
    Endless,
    /// Another protocol.
    Garbage,
    /// This status, and the same address on another path.
    Redirects(u16),
    /// Takes the request, and does not answer.
    Silent,
    /// This status, with this `Retry-After` and no body.
    Throttles(u16, &'static str),
    /// Answers what is asked, with this status and a body made from the request.
    Tells(u16, Arc<dyn Fn(&Asked) -> String + Send + Sync>),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announced => f.write_str("Announced"),
            Self::Answers(status, kind, body) => {
                let body: String = body.chars().take(40).collect();
                write!(f, "Answers({status}, {kind}, {body:?})")
            }
            Self::BreaksOff => f.write_str("BreaksOff"),
            Self::Closes => f.write_str("Closes"),
            Self::Endless => f.write_str("Endless"),
            Self::Garbage => f.write_str("Garbage"),
            Self::Redirects(status) => write!(f, "Redirects({status})"),
            Self::Silent => f.write_str("Silent"),
            Self::Throttles(status, after) => write!(f, "Throttles({status}, {after:?})"),
            Self::Tells(status, _) => write!(f, "Tells({status})"),
        }
    }
}

impl Fault {
    /// Status 200 and this body, as JSON.
    pub fn json(body: impl ToString) -> Self {
        Self::Answers(200, "application/json", body.to_string())
    }

    pub(super) async fn write(&self, stream: &mut TcpStream, asked: &Asked) -> io::Result<()> {
        let head = "HTTP/1.1 200 x\r\nconnection: close\r\ncontent-type: application/json\r\n";
        match self {
            Self::Announced => {
                let head = format!("{head}content-length: 10000000000\r\n\r\n{{");
                stream.write_all(head.as_bytes()).await?;
                until_closed(stream).await
            }
            Self::Answers(status, kind, body) => {
                let answer = Answer {
                    status: *status,
                    headers: vec![("content-type", (*kind).to_owned())],
                    body: body.clone(),
                };
                wire::write(stream, &answer).await
            }
            Self::BreaksOff => {
                let head = format!("{head}content-length: 1000\r\n\r\n{{\"issuer\":");
                stream.write_all(head.as_bytes()).await?;
                stream.shutdown().await
            }
            Self::Closes => stream.shutdown().await,
            Self::Endless => {
                let chunk = format!("4000\r\n{}\r\n", "[".repeat(0x4000));
                stream.write_all(head.as_bytes()).await?;
                stream
                    .write_all(b"transfer-encoding: chunked\r\n\r\n")
                    .await?;
                loop {
                    stream.write_all(chunk.as_bytes()).await?;
                }
            }
            Self::Garbage => {
                stream.write_all(b"220 mail.example ESMTP\r\n").await?;
                stream.shutdown().await
            }
            Self::Redirects(status) => {
                let answer = Answer {
                    status: *status,
                    headers: vec![("location", format!("{}/elsewhere", asked.path()))],
                    body: String::new(),
                };
                wire::write(stream, &answer).await
            }
            Self::Silent => until_closed(stream).await,
            Self::Throttles(status, after) => {
                let answer = Answer {
                    status: *status,
                    headers: vec![("retry-after", (*after).to_owned())],
                    body: String::new(),
                };
                wire::write(stream, &answer).await
            }
            Self::Tells(status, body) => {
                wire::write(stream, &Answer::json(*status, body(asked))).await
            }
        }
    }
}

async fn until_closed(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
