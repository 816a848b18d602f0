use http::header::LOCATION;
use http::{HeaderMap, Method};
use serde_json::json;

use super::bench::{Bench, Browser, NAVIGATION};
use crate::{Incoming, group, role, signed_in};

type Headers<'a> = &'a [(&'a str, &'a str)];

/// What a visitor who is not signed in is answered where a user is required.
fn answer(
    bench: &Bench,
    method: &Method,
    path: &str,
    headers: Headers<'_>,
) -> (u16, Option<String>) {
    let browser = Browser::default();
    let uri = path.parse().expect("a path");
    let headers = browser.headers(headers);
    let incoming = Incoming {
        method,
        uri: &uri,
        headers: &headers,
    };
    let visit = bench.ciam.visit(incoming).expect("no session");
    let rejection = visit
        .require_user(incoming)
        .expect_err("nobody is signed in");
    let response = rejection.into_response();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let location = response
        .headers()
        .get(LOCATION)
        .map(|v| v.to_str().expect("ASCII").to_owned());
    (response.status().as_u16(), location)
}

#[test]
fn a_page_goes_to_sign_in_and_anything_else_gets_401() {
    let bench = Bench::new();
    let to_sign_in = (303, Some("/auth/login?return_to=%2Faccount".to_owned()));
    let refused = (401, None);
    let mode = |mode| ("sec-fetch-mode", mode);
    let dest = |dest| ("sec-fetch-dest", dest);
    let html = ("accept", "text/html,*/*;q=0.8");
    let rows: [(Headers<'_>, _); 12] = [
        (&NAVIGATION, &to_sign_in),
        (
            &[mode("navigate"), dest("document"), ("accept", "*/*")],
            &to_sign_in,
        ),
        (&[mode("navigate"), dest("iframe"), html], &refused),
        (&[mode("navigate"), html], &refused),
        (&[dest("document"), html], &refused),
        (&[mode("cors"), dest("empty"), html], &refused),
        (&[mode("no-cors"), dest("image")], &refused),
        (&[html], &to_sign_in),
        (&[html, ("hx-request", "true")], &refused),
        (&[html, ("x-requested-with", "XMLHttpRequest")], &refused),
        (&[("accept", "application/json")], &refused),
        (&[], &refused),
    ];
    for (headers, expected) in rows {
        assert_eq!(
            answer(&bench, &Method::GET, "/account", headers),
            *expected,
            "{headers:?}"
        );
    }
}

#[test]
fn the_visitor_comes_back_to_what_can_be_asked_for_again() {
    let bench = Bench::new();
    let back = |method: Method, path: &str, referer: Option<&str>| {
        let mut headers = NAVIGATION.to_vec();
        headers.extend(referer.map(|referer| ("referer", referer)));
        answer(&bench, &method, path, &headers)
            .1
            .expect("a redirect")
    };
    let to = |path: &str| format!("/auth/login?return_to={path}");
    assert_eq!(back(Method::GET, "/a?b=c&d", None), to("%2Fa%3Fb%3Dc%26d"));
    assert_eq!(back(Method::HEAD, "/a", None), to("%2Fa"));
    assert_eq!(back(Method::GET, "/", None), "/auth/login");
    assert_eq!(back(Method::GET, "//evil.test/%2e%2e", None), "/auth/login");
    assert_eq!(back(Method::GET, "/auth/logout", None), "/auth/login");
    let own = Some("https://shop.example/cart?n=1#top");
    assert_eq!(back(Method::POST, "/order", own), to("%2Fcart%3Fn%3D1"));
    assert_eq!(
        back(Method::POST, "/order", Some("https://evil.test/cart")),
        "/auth/login"
    );
    assert_eq!(
        back(Method::POST, "/order", Some("not an address")),
        "/auth/login"
    );
    assert_eq!(back(Method::POST, "/order", None), "/auth/login");
}

#[test]
fn a_base_path_is_in_every_address_once() {
    let clock = std::sync::Arc::new(crate::ManualClock::new(super::bench::NOW));
    let secret = super::bench::SECRET;
    let config = crate::Config::web(
        super::provider::ISSUER,
        "c",
        "https://host.example/shop",
        secret,
    )
    .with_clock(clock)
    .build()
    .expect("a valid configuration");
    let ciam = crate::Ciam::new(config);
    let browser = Browser::default();
    let headers = browser.headers(&NAVIGATION);
    for (seen, return_to) in [
        // A proxy takes the path away,
        ("/account", "?return_to=%2Fshop%2Faccount"),
        ("/shopping", "?return_to=%2Fshop%2Fshopping"),
        // a router that nests another one does not.
        ("/shop/account", "?return_to=%2Fshop%2Faccount"),
        // The front page is the application's, not the host's.
        ("/auth/logi%6e", ""),
        ("/shop/auth/me/", ""),
    ] {
        let uri = seen.parse().expect("a path");
        let incoming = Incoming {
            method: &Method::GET,
            uri: &uri,
            headers: &headers,
        };
        let visit = ciam.visit(incoming).expect("no session");
        let answer = visit
            .require_user(incoming)
            .expect_err("nobody")
            .into_response();
        let expected = format!("/shop/auth/login{return_to}");
        assert_eq!(
            answer.headers()[LOCATION].to_str().expect("ASCII"),
            expected
        );
    }
}

#[tokio::test]
async fn whoever_would_come_back_to_a_route_of_the_library_sees_the_front_page() {
    for (base, front_page) in [("", "/"), ("/shop", "/shop/")] {
        let bench = Bench::new().moved(&format!("https://shop.example{base}"));
        let places = ["/auth/login", "/auth/%6de?a=b", "/"].map(|place| format!("{base}{place}"));
        for place in places.into_iter().chain(["/".to_owned()]) {
            let mut browser = Browser::default();
            let login = format!("/auth/login?return_to={place}");
            let callback = browser.authorize(&bench, &login).await;
            let callback = callback.strip_prefix(base).expect("below the base URL");
            let done = browser.go(&bench, callback).await;
            let to = done.headers()[LOCATION].to_str().expect("ASCII");
            assert_eq!(to, front_page, "{login}");
        }
    }
}

#[tokio::test]
async fn signed_in_without_what_is_asked_for_is_403_and_never_a_redirect() {
    let bench = Bench::new();
    bench.provider.state().claims = json!({ "roles": ["Clerk"], "groups": ["g1"] });
    let browser = bench.signed_in().await;
    let uri = "/admin".parse().expect("a path");
    for (guard, status) in [
        (signed_in(), None),
        (role("Clerk") & group("g1"), None),
        (role("Admin"), Some(403)),
        (role("Admin") | group("g2"), Some(403)),
    ] {
        for headers in [&NAVIGATION[..], &[("accept", "application/json")]] {
            let headers = browser.headers(headers);
            let incoming = Incoming {
                method: &Method::GET,
                uri: &uri,
                headers: &headers,
            };
            let visit = bench.ciam.visit(incoming).expect("a safe request");
            let answer = visit.require(&guard, incoming).err();
            let found = answer.map(|a| a.into_response().status().as_u16());
            assert_eq!(found, status, "{guard:?}");
        }
    }
}

#[test]
fn a_guard_is_open_to_the_librarys_own_routes_and_to_nothing_like_them() {
    let bench = Bench::new().moved("https://shop.example/shop");
    let headers = HeaderMap::new();
    for (path, open) in [
        ("/auth/login", true),
        ("/auth/callback?code=a&state=b", true),
        ("/shop/auth/signed-out", true),
        ("/auth/login/", false),
        ("/auth/logi%6e", false),
        ("/auth/LOGIN", false),
        ("/auth/", false),
        ("/auth/admin", false),
        ("//auth/login", false),
        ("/admin/auth/login", false),
        ("/shop/shop/auth/login", false),
        ("/admin?/auth/login", false),
    ] {
        let uri = path.parse().expect("a path");
        let incoming = Incoming {
            method: &Method::GET,
            uri: &uri,
            headers: &headers,
        };
        let visit = bench.ciam.visit(incoming).expect("no session");
        let found = visit.require(&role("Admin"), incoming).is_ok();
        assert_eq!(found, open, "{path}");
    }
}
