//! Callbacks, by query and by form, for a browser with an attempt under way.
//!
//! A digit for the application, one for what the token endpoint answers, one for
//! whether somebody is signed in already; then the parameters, where `$STATE` stands
//! for the state of the attempt.

use bytes::Bytes;
use ciam_core::fuzzing::parameter;
use http::header::{CONTENT_TYPE, COOKIE};
use http::{HeaderValue, Method, Request, Uri};
use url::form_urlencoded;

use crate::answer::assert_harmless;
use crate::bench::{BENCHES, Bench};
use crate::choose;
use crate::provider::Tokens;

/// Where the parameters are.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// In the body of a POST.
    Form,
    /// In the query of a GET.
    Query,
}

/// Feeds one callback.
pub fn run(data: &[u8], place: Place) -> Option<()> {
    let (bench, rest) = choose(data, BENCHES.len())?;
    let (tokens, rest) = choose(rest, 5)?;
    let (signed_in, parameters) = choose(rest, 2)?;
    let bench = &BENCHES[bench];
    bench.provider.answers(Tokens::useless(tokens));

    read_alike(parameters);
    let parameters = with_state(parameters, &bench.state);
    let mut request = request(bench, &parameters, place)?;
    let cookies = match signed_in {
        0 => bench.transaction.clone(),
        _ => format!("{}; {}", bench.session, bench.transaction),
    };
    let cookies = HeaderValue::try_from(cookies).expect("ASCII");
    request.headers_mut().insert(COOKIE, cookies);

    let response = bench.respond(request);
    assert_harmless(bench, &response);
    let status = response.status().as_u16();
    let front_page = response.headers().get("location");
    match front_page {
        // Whoever is signed in already is sent to the front page, if to any.
        Some(location) => {
            assert!(signed_in == 1 && status == 303, "{response:?}");
            assert_eq!(*location, bench.front_page);
        }
        None => assert!([400, 502, 503].contains(&status), "{response:?}"),
    }
    Some(())
}

/// Each parameter is what another reader says it is, or all are refused.
fn read_alike(text: &[u8]) {
    let pairs: Vec<_> = form_urlencoded::parse(text).collect();
    for name in ["code", "state", "iss", "error"] {
        let named = pairs.iter().filter(|(found, _)| found == name);
        let values: Vec<&str> = named.map(|(_, value)| value.as_ref()).collect();
        match parameter(text, name) {
            Ok(Some(value)) => assert_eq!(values, [value.as_str()]),
            Ok(None) => assert!(values.is_empty() || values == [""], "{values:?}"),
            Err(code) => assert!(code.starts_with("request."), "{code}"),
        }
        let twice = values.len() > 1;
        assert!(!twice || parameter(text, name).is_err(), "{values:?}");
    }
}

fn with_state(parameters: &[u8], state: &str) -> Vec<u8> {
    let mut rest = parameters;
    let mut whole = Vec::new();
    while let Some((&first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"$STATE") {
            whole.extend_from_slice(state.as_bytes());
            rest = after;
        } else {
            whole.push(first);
            rest = after;
        }
    }
    whole
}

fn request(bench: &Bench, parameters: &[u8], place: Place) -> Option<Request<Bytes>> {
    let path = format!("{}/callback", bench.ciam.config().route_prefix());
    let mut request = Request::new(Bytes::new());
    match place {
        Place::Form => {
            *request.method_mut() = Method::POST;
            *request.uri_mut() = Uri::try_from(path).ok()?;
            *request.body_mut() = Bytes::copy_from_slice(parameters);
            let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=x");
            request.headers_mut().insert(CONTENT_TYPE, form);
            let elsewhere = HeaderValue::from_static("cross-site");
            request.headers_mut().insert("sec-fetch-site", elsewhere);
        }
        Place::Query => {
            let target = [path.as_bytes(), b"?", parameters].concat();
            *request.uri_mut() = Uri::try_from(target).ok()?;
        }
    }
    Some(request)
}
