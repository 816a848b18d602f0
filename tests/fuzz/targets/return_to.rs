//! Where to return to after sign-in: a digit for the site, then the text.

#![no_main]

use ciam_core::fuzzing::return_to;
use ciam_fuzz::choose;
use ciam_fuzz::location::assert_stays;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((site, text)) = choose(data, SITES.len()) else {
        return;
    };
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    let (base, own_prefix) = SITES[site];
    if let Some(accepted) = return_to(text, own_prefix) {
        assert!(accepted == text || accepted == "/", "{accepted:?}");
        assert_stays(base, &accepted, own_prefix);
    }
});

/// A page that redirects, and the prefix of the library's routes.
const SITES: [(&str, &str); 4] = [
    ("https://shop.example/auth/callback?code=1&state=2", "/auth"),
    ("https://shop.example/shop/auth/callback", "/shop/auth"),
    ("http://localhost:3000/auth/callback", "/auth"),
    ("http://[::1]:3000/", "/a/b"),
];
