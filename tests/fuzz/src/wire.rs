//! Requests and answers as text, as HTTP/1.1 writes them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::line;

/// A request: method and target, headers, an empty line, a body. What no server would
/// take as a request is none.
pub fn request(data: &[u8]) -> Option<Request<Bytes>> {
    let (start, rest) = line(data);
    let space = start.iter().position(|byte| *byte == b' ')?;
    let (headers, body) = headers(rest);
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(&start[..space]).ok()?;
    *request.uri_mut() = Uri::try_from(&start[space + 1..]).ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

/// An answer: status, headers, an empty line, a body.
pub fn response(data: &[u8]) -> Option<Response<Bytes>> {
    let (start, rest) = line(data);
    let (headers, body) = headers(rest);
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_bytes(start).ok()?;
    *response.headers_mut() = headers;
    Some(response)
}

/// Headers up to an empty line, and what is after it. A line that is none is skipped.
fn headers(mut data: &[u8]) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    loop {
        let (first, rest) = line(data);
        data = rest;
        if first.is_empty() {
            return (headers, Bytes::copy_from_slice(data));
        }
        let colon = first.iter().position(|byte| *byte == b':');
        let header = colon.and_then(|colon| {
            let value = first[colon + 1..].trim_ascii();
            let name = HeaderName::from_bytes(&first[..colon]).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        if let Some((name, value)) = header {
            // A map has room for 32768 of them, servers take far fewer.
            if headers.len() < 200 {
                headers.append(name, value);
            }
        }
    }
}
