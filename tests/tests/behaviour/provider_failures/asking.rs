//! One request over the socket, and what its answer says.

use ciam_tests::wire::{Then, WireAnswer, exchange};
use http::header::{HOST, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::World;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A navigation, as a browser sends it.
pub(crate) fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-site", "same-origin")
}

pub(crate) fn empty(builder: http::request::Builder) -> Request<Vec<u8>> {
    builder.body(Vec::new()).expect("a request")
}

/// What came back: the status, and the code of the page or of the JSON.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl World {
    pub(crate) async fn ask(&self, request: Request<Vec<u8>>) -> Told {
        let port = self.site.port();
        let answer = exchange(port, &bytes(&request, port), Then::Wait).await;
        Told::of(answer.unwrap_or_else(|| panic!("no answer to {:?}", request.uri())))
    }
}

impl Told {
    pub(crate) fn of(answer: WireAnswer) -> Self {
        let body = String::from_utf8(answer.body).expect("a text");
        let between = |before: &str, after: &str| {
            let (_, rest) = body.split_once(before)?;
            Some(rest.split_once(after)?.0.to_owned())
        };
        let code = between("<dt>Code</dt><dd>", "<").or_else(|| between("{\"error\":\"", "\""));
        let headers = answer.headers.iter().map(|(name, value)| {
            let name = HeaderName::try_from(name).expect("a name");
            (name, HeaderValue::from_bytes(value).expect("a value"))
        });
        Self {
            status: answer.status,
            code: code.unwrap_or_default(),
            headers: headers.collect(),
            body,
        }
    }

    /// Cookies that the answer sets, without those it removes.
    pub(crate) fn sets(&self) -> Vec<String> {
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        cookies
            .map(|cookie| cookie.to_str().expect("ASCII").to_owned())
            .filter(|cookie| !cookie.contains("Max-Age=0"))
            .collect()
    }

    #[track_caller]
    pub(crate) fn is(&self, context: &str, status: u16, code: &str) {
        assert_eq!((self.status, &*self.code), (status, code), "{context}");
        let session = |cookie: &String| cookie.starts_with("ciam-session");
        let sets = self.sets();
        assert!(
            !sets.iter().any(session),
            "{context}: signed in by {sets:?}"
        );
    }
}

fn bytes(request: &Request<Vec<u8>>, port: u16) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    if !request.headers().contains_key(HOST) {
        bytes.extend_from_slice(format!("host: localhost:{port}\r\n").as_bytes());
    }
    for (name, value) in request.headers() {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    if !request.body().is_empty() {
        let length = format!("content-length: {}\r\n", request.body().len());
        bytes.extend_from_slice(length.as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(request.body());
    bytes
}
