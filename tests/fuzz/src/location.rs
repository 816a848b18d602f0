//! Where a `Location` leads, read by another reader than the one that allowed it.

use url::Url;

/// Fails unless whoever follows `location` from a page under `base` gets to a page of
/// the same origin that is none of the library's own under `own_prefix`.
pub fn assert_stays(base: &str, location: &str, own_prefix: &str) {
    http::HeaderValue::from_str(location).expect("a header's value");
    let base = Url::parse(base).expect("the target's base is an address");
    for reading in readings(location) {
        let url = base
            .join(&reading)
            .unwrap_or_else(|error| panic!("{location:?}, read as {reading:?}: {error}"));
        let there = format!("{location:?}, read as {reading:?}, is {url}");
        assert_eq!(url.origin(), base.origin(), "{there}");
        assert!(url.username().is_empty(), "{there}");
        assert!(url.password().is_none(), "{there}");
        assert!(!url.path().starts_with("//"), "{there}");
        assert!(!is_own(&url, own_prefix), "{there}");
    }
}

/// As it stands, and as browsers, proxies and servers may come to read it: without
/// tabs and newlines, with `\` for `/`, decoded once and twice.
fn readings(location: &str) -> Vec<String> {
    let once = decoded(location);
    let twice = decoded(&once);
    let mut readings: Vec<String> = [location, &once, &twice]
        .into_iter()
        .flat_map(|text| {
            let dense = text.replace(['\t', '\r', '\n'], "");
            let slashes = dense.replace('\\', "/");
            [text.to_owned(), dense, slashes]
        })
        .collect();
    readings.sort_unstable();
    readings.dedup();
    readings
}

fn is_own(url: &Url, own_prefix: &str) -> bool {
    let path = decoded(url.path()).to_ascii_lowercase();
    // Some servers merge slashes and drop the parameters of a segment.
    let segments = path.split('/').filter_map(|part| part.split(';').next());
    let segments: Vec<&str> = segments.filter(|part| !part.is_empty()).collect();
    let path = format!("/{}", segments.join("/"));
    ROUTES
        .iter()
        .any(|route| path == format!("{own_prefix}/{route}"))
}

fn decoded(text: &str) -> String {
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut after = bytes.clone();
        let digits = [after.next(), after.next()].map(|digit| {
            let digit = digit.and_then(|digit| char::from(digit).to_digit(16));
            digit.and_then(|digit| u8::try_from(digit).ok())
        });
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                decoded.push(high * 16 + low);
                bytes = after;
            }
            _ => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

const ROUTES: [&str; 8] = [
    "backchannel-logout",
    "callback",
    "frontchannel-logout",
    "login",
    "logout",
    "me",
    "signed-out",
    "signup",
];
