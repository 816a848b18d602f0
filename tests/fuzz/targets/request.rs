//! Whole requests. A digit for the application, one for the visitor: nobody, somebody
//! with the other application's session under this one's names, somebody signed in.

#![no_main]

use bytes::Bytes;
use ciam_core::fuzzing::cookie_names;
use ciam_core::{Incoming, role, signed_in};
use ciam_fuzz::answer::{assert_harmless, assert_no_session, assert_not_kept};
use ciam_fuzz::bench::{BENCHES, Bench};
use ciam_fuzz::{choose, wire};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((bench, rest)) = choose(data, BENCHES.len()) else {
        return;
    };
    let Some((visitor, rest)) = choose(rest, 3) else {
        return;
    };
    let Some(mut request) = wire::request(rest) else {
        return;
    };
    let other = &BENCHES[1 - bench];
    let bench = &BENCHES[bench];
    let cookies = match visitor {
        0 => String::new(),
        1 => renamed(other, bench),
        _ => bench.session.clone(),
    };
    if !cookies.is_empty() {
        let cookies = HeaderValue::try_from(cookies).expect("ASCII");
        request.headers_mut().append(COOKIE, cookies);
    }
    visit(bench, &request, visitor == 2);
    respond(bench, request, visitor == 2);
});

fn visit(bench: &Bench, request: &Request<Bytes>, may_be_signed_in: bool) {
    let incoming = Incoming {
        method: request.method(),
        uri: request.uri(),
        headers: request.headers(),
    };
    let visit = match bench.ciam.visit(incoming) {
        Ok(visit) => visit,
        // Only somebody who is signed in is held to the cross-site rule.
        Err(rejection) => {
            let refusal = rejection.into_response();
            assert!(may_be_signed_in && refusal.status() == 403, "{refusal:?}");
            assert_harmless(bench, &refusal);
            return;
        }
    };
    let user = visit.user().expect("a session that can be read");
    if let Some(user) = user {
        assert!(may_be_signed_in, "{user:?}");
        assert_eq!(user.id().to_string(), "https://issuer.example#alice");
        let route = format!("{}/callback", bench.ciam.config().route_prefix());
        assert!(!is_cross_site(request) || request.uri().path() == route);
        visit.require(&signed_in(), incoming).expect("signed in");
    }
    let required = visit.require(&role("Admin"), incoming);
    if is_own_route(bench, request.uri().path()) {
        required.expect("the way to sign in is open to everybody");
    } else {
        let refusal = required.expect_err("nobody is Admin").into_response();
        let expected: &[u16] = match user {
            Some(_) => &[403],
            None => &[303, 401],
        };
        assert!(expected.contains(&refusal.status().as_u16()), "{refusal:?}");
        assert_harmless(bench, &refusal);
    }

    let mut headers = HeaderMap::new();
    visit.finish(&mut headers);
    assert_not_kept(&headers);
    assert_no_session(bench, &headers);
}

fn respond(bench: &Bench, request: Request<Bytes>, may_be_signed_in: bool) {
    let cross_site = is_cross_site(&request);
    let response = bench.respond(request);
    assert_harmless(bench, &response);
    let status = response.status().as_u16();
    match status {
        // `me` of somebody signed in, or the page after sign-out.
        200 => assert!(
            may_be_signed_in || response.body().starts_with(b"<!"),
            "{response:?}"
        ),
        303 => {
            // A sign-out that another site caused is none.
            let location = response.headers()["location"].to_str().expect("ASCII");
            let signs_out = location.starts_with("https://issuer.example/logout");
            assert!(!(signs_out && cross_site), "{response:?}");
        }
        400 | 401 | 403 | 404 | 405 | 502 | 503 => {}
        _ => panic!("{response:?}"),
    }
}

/// With the base URL's path and without it.
fn is_own_route(bench: &Bench, path: &str) -> bool {
    let prefixes = [bench.ciam.config().route_prefix(), &bench.own_prefix];
    let mut names = prefixes.map(|prefix| path.strip_prefix(prefix)).into_iter();
    names.any(|name| name.is_some_and(|name| ROUTES.contains(&name)))
}

/// The rule of Go's `CrossOriginProtection`, for requests that change something.
fn is_cross_site(request: &Request<Bytes>) -> bool {
    if ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&request.method().as_str()) {
        return false;
    }
    let header = |name: &str| request.headers().get(name);
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some(origin)) => origin != "https://shop.example",
        (None, None) => false,
    }
}

/// The session of one application under the cookie names of another.
fn renamed(from: &Bench, to: &Bench) -> String {
    let names = cookie_names(&from.ciam).into_iter().flatten();
    let others = cookie_names(&to.ciam).into_iter().flatten();
    let rename = |text: String, (name, other): (&String, &String)| {
        text.replace(&format!("{name}="), &format!("{other}="))
    };
    names.zip(others).fold(from.session.clone(), rename)
}

const ROUTES: [&str; 6] = [
    "/callback",
    "/login",
    "/logout",
    "/me",
    "/signed-out",
    "/signup",
];
