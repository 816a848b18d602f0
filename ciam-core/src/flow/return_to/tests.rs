use http::HeaderValue;
use proptest::prelude::*;

use super::*;

/// Every row leaves the application for some reader: a browser, a proxy that
/// decodes or merges slashes, a server that normalises, a URL library.
#[test]
fn refuses_every_way_out() {
    let rows = [
        // Not a path.
        "",
        " ",
        " /",
        "\t/x",
        "\n/x",
        "evil.com",
        "www.evil.com/x",
        "x/y",
        ".",
        "..",
        "./x",
        "../x",
        "?x=1",
        "#x",
        "@evil.com",
        ".evil.com",
        ":443/x",
        "*",
        // Another scheme or host.
        "https://evil.com",
        "HTTPS://evil.com/",
        "https:evil.com",
        "https:/evil.com",
        "https:///evil.com",
        "http:\\\\evil.com",
        "https://good.com.evil.com",
        "https://good.com@evil.com",
        "https://host.invalid/",
        "https://host.invalid/x",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "mailto:a@evil.com",
        "ftp://evil.com/",
        "blob:https://evil.com/x",
        "view-source:https://evil.com",
        // Two slashes, or what is read as two.
        "//",
        "//evil.com",
        "///evil.com",
        "////evil.com",
        "//evil.com/%2e%2e",
        "//evil.com/..",
        "//evil.com:443/x",
        "//good.com@evil.com/x",
        "//@evil.com",
        "//%65vil.com",
        "//0x7f000001",
        "//[::1]/",
        "//localhost",
        "//\\evil.com",
        "/\\evil",
        "/\\evil.com",
        "/\\/evil.com",
        "\\/evil.com",
        "\\\\evil.com",
        "\\evil.com",
        "/\\\\evil.com",
        "/x\\evil",
        "/x?y=\\evil",
        "/;\\evil",
        // Characters that readers drop before they look.
        "/\t/evil",
        "/\t/evil.com",
        "/\n/evil.com",
        "/\r/evil.com",
        "/\r\n/evil.com",
        "/\0/evil.com",
        "/\u{b}/evil.com",
        "/\u{c}/evil.com",
        "/\u{1f}/evil.com",
        "/\u{7f}/evil.com",
        "/ /evil.com",
        "/ evil.com",
        "/x y",
        "/x\n",
        "/x ",
        // The same, encoded.
        "/%09/evil",
        "/%09/evil.com",
        "/%0a/evil.com",
        "/%0A/evil.com",
        "/%0d/evil.com",
        "/%0d%0a/evil.com",
        "/%00/evil.com",
        "/%0b/evil.com",
        "/%0c/evil.com",
        "/%1f/evil.com",
        "/%7f/evil.com",
        "/%20/evil.com",
        "/%C2%A0/evil.com",
        "/%C2%85/evil.com",
        "/%E2%80%A8/evil.com",
        "/%E3%80%80/evil.com",
        "/x%00",
        "/x%09y",
        "/%2f/evil",
        "/%2F/evil.com",
        "/%2fevil.com",
        "/%2f%2fevil.com",
        "%2f%2fevil.com",
        "%2fevil.com",
        "/%5cevil",
        "/%5Cevil.com",
        "/%5c/evil.com",
        "/%5c%5cevil.com",
        "%5cevil.com",
        "/x/%5cevil.com",
        // Encoded twice and more.
        "/%252fevil.com",
        "/%252F%252Fevil.com",
        "/%255cevil.com",
        "/%2509/evil.com",
        "/%250d%250ax",
        "/%25252fevil.com",
        "/%2525252fevil.com",
        "/%25%32%66evil.com",
        "/%25252525252fevil.com",
        "/x%2525252525252525",
        // Dot segments that leave two slashes behind, or climb.
        "/.//evil",
        "/.//evil.com",
        "/..//evil",
        "/..//evil.com",
        "/./\\evil.com",
        "/x/..//evil.com",
        "/x/../..//evil.com",
        "/x/.//..//evil.com",
        "/.",
        "/..",
        "/./x",
        "/../x",
        "/x/..",
        "/x/.",
        "/x/../y",
        "/%2e%2e//evil",
        "/%2e%2e//evil.com",
        "/%2e//evil.com",
        "/%2E%2E/x",
        "/.%2e//evil.com",
        "/auth/login/.%23x",
        "/a/..%3Fx",
        "/%2e./x",
        "/.%2f/evil.com",
        "/..%2f/evil.com",
        "/x/..%2f..%2f/evil.com",
        "/%252e%252e//evil.com",
        "/x/%252e%252e/%252f/evil.com",
        "/.;//evil.com",
        "/..;//evil.com",
        "/;/evil.com",
        "/;x=y/evil.com",
        "/%3b/evil.com",
        "/x/.%E2%80%8B.//evil.com",
        "/..;x=y//evil.com",
        "/..%3b//evil.com",
        "/.%20//evil.com",
        "/..%20/x",
        // Not UTF-8: overlong slashes, dots and a lone continuation.
        "/%c0%af/evil.com",
        "/%c0%afevil.com",
        "/%e0%80%afevil.com",
        "/%f0%80%80%afevil.com",
        "/%c1%9cevil.com",
        "/%c0%ae%c0%ae//evil.com",
        "/%80",
        "/%ff",
        // What normalises to slashes and dots, or is not seen.
        "/\u{ff0f}evil.com",
        "/%EF%BC%8Fevil.com",
        "/%EF%BC%BCevil.com",
        "/%E2%81%84evil.com",
        "/%E2%88%95evil.com",
        "/%E2%88%96evil.com",
        "/%E2%A7%B8evil.com",
        "/%EF%B9%A8evil.com",
        "/%EF%BC%8E%EF%BC%8E//evil.com",
        "/%E2%80%A4%E2%80%A4//evil.com",
        "/%E2%80%A5//evil.com",
        "/%E2%80%8B/evil.com",
        "/%EF%BB%BF/evil.com",
        "/%C2%AD/evil.com",
        "/%E2%80%AE/evil.com",
        "/é",
        "/\u{200b}x",
        "\u{feff}/x",
        // What ends a header, an attribute or a script.
        "/x\r\nSet-Cookie: a=b",
        "/x\r\nLocation: https://evil.com",
        "/x%0d%0aSet-Cookie:%20a=b",
        "/x?y=%0d%0aSet-Cookie:%20a=b",
        "/x?y=%0A",
        "/x?y=%00",
        "/x\"onload=alert(1)",
        "/x?y=\"><script>",
        "/<script>",
        "/x`y",
        // Fragments.
        "/#",
        "/x#y",
        "/#//evil.com",
        "/x?y#@evil.com",
        "/%23#x",
    ];
    assert!(rows.len() >= 60);
    for row in rows {
        let refused = ReturnTo::parse(row, "/auth").map_err(ReturnToError::code);
        assert_eq!(refused, Err("return_to.refused"), "{row:?}");
    }
}

#[test]
fn accepts_the_pages_of_an_application() {
    let rows = [
        "/",
        "/x",
        "/x/",
        "/x/y.html",
        "/x//y",
        "/proxy/https://example.com/",
        "/x?",
        "/x?y=z&a=b+c%20d",
        "/?x=1",
        "/?next=https://example.com//x",
        "/?x=//y/../z",
        "/x?y=%2F%5C%25",
        "/x?y=100%",
        "/x?y=%E9",
        "/x?y={a|b}[c]^",
        "/x?y=z?",
        "/x%20y",
        "/group%2Fproject",
        "/caf%C3%A9/%E6%97%A5%E6%9C%AC",
        "/100%25",
        "/%2525",
        "/100%",
        "/@name",
        "/name@example.com",
        "/x:y",
        "/x;y=z",
        "/x/;y",
        "/%E3%80%82",
        "/x%E2%80%8Cy",
        "/.well-known/x",
        "/...",
        "/..x",
        "/x..",
        "/.x/y",
        "/~name/$a,b!(c)*'",
        "/auth",
        "/auth/",
        "/auth/profile",
        "/auth/login/help",
        "/login",
        "/authlogin",
        "/x/auth/login",
        "/orders?return_to=/auth/login",
    ];
    for row in rows {
        let accepted = ReturnTo::parse(row, "/auth");
        assert_eq!(accepted.as_ref().map(ReturnTo::as_str), Ok(row), "{row:?}");
    }
}

#[test]
fn the_routes_of_the_library_become_the_start_page() {
    let rows = [
        ("/auth/login", "/auth"),
        ("/auth/login", "/auth/"),
        ("/auth/login", "auth"),
        ("/auth/login/", "/auth"),
        ("/auth//login", "/auth"),
        ("/auth/login?return_to=/x", "/auth"),
        ("/auth/%6cogin", "/auth"),
        ("/%61uth/login", "/auth"),
        ("/%2561uth/login", "/auth"),
        ("/auth%2flogin", "/auth"),
        ("/auth/login%3Fx=1", "/auth"),
        ("/auth/login%23x", "/auth"),
        ("/auth/login%253Fx/y", "/auth"),
        ("/auth;x/;/login;y", "/auth"),
        ("/auth/login%20", "/auth"),
        ("/auth/signed-out/%20", "/auth"),
        ("/Auth/LOGIN", "/auth"),
        ("/auth/signup", "/auth"),
        ("/auth/callback?code=x&state=y", "/auth"),
        ("/auth/logout", "/auth"),
        ("/auth/signed-out", "/auth"),
        ("/auth/me", "/auth"),
        ("/auth/backchannel-logout", "/auth"),
        ("/auth/frontchannel-logout", "/auth"),
        ("/a/b/login", "/a/b"),
        ("/login", "/"),
        ("/login", ""),
    ];
    for (text, prefix) in rows {
        assert_eq!(
            ReturnTo::parse(text, prefix),
            Ok(ReturnTo::default()),
            "{text} {prefix}"
        );
    }
    // The library's own routes are no way around the other rules.
    for text in [
        "//auth/login",
        "/auth/login#x",
        "/auth/login?x=%0a",
        "/auth/../auth/login",
    ] {
        assert!(ReturnTo::parse(text, "/auth").is_err(), "{text}");
    }
}

#[test]
fn the_limit_is_exact() {
    let longest = format!("/{}", "x".repeat(MAX_LENGTH - 1));
    assert!(ReturnTo::parse(&longest, "/auth").is_ok());
    let error = ReturnTo::parse(&format!("{longest}x"), "/auth").expect_err("one too many");
    assert_eq!(error, ReturnToError(Reason::TooLong));
}

#[test]
fn an_error_does_not_tell_the_text() {
    let error = ReturnTo::parse("//evil.com?token=hunter2", "/auth").expect_err("another host");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn the_second_line_of_defence_holds_alone() {
    let rows = [
        "//evil.com",
        "/\\evil.com",
        "/\t/evil.com",
        "/.//evil.com",
        "/%2e%2e//evil.com",
        "https://evil.com/",
        "https://name@host.invalid/",
        "javascript:alert(1)",
        "/x#y",
    ];
    for row in rows {
        assert_eq!(
            check_resolved(row),
            Err(ReturnToError(Reason::Elsewhere)),
            "{row}"
        );
    }
    assert_eq!(check_resolved("/x?y=//z"), Ok(()));
}

fn stays_home(text: &str) {
    let Ok(accepted) = ReturnTo::parse(text, "/auth") else {
        return;
    };
    let text = accepted.as_str();
    assert!(
        text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)),
        "{text:?}"
    );
    HeaderValue::from_str(text).expect("it fits into a header");
    for base in [
        "https://shop.example",
        "https://shop.example/a/b?c#d",
        "https://shop.example:8443//x/",
        "https://name:word@shop.example/",
        "http://localhost:3000/",
    ] {
        let base = Url::parse(base).expect("a base");
        let resolved = base.join(text).expect("it resolves");
        assert_eq!(resolved.origin(), base.origin(), "{text:?}");
        assert!(!resolved.path().starts_with("//"), "{text:?}");
        // And so for who decodes the path first.
        let mut path = resolved.path().as_bytes().to_vec();
        for _ in 0..4 {
            path = percent_decoded(&path);
            let again = base
                .join(&String::from_utf8_lossy(&path))
                .expect("it resolves");
            assert_eq!(again.origin(), base.origin(), "{text:?}");
        }
        // And so for who writes one after the other.
        let origin = base.origin().ascii_serialization();
        let joined = Url::parse(&format!("{origin}{text}")).expect("a URL");
        assert_eq!(joined.origin(), base.origin(), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_accepted_stays_home(text in any::<String>()) {
        stays_home(&text);
        stays_home(&format!("/{text}"));
    }

    #[test]
    fn what_looks_like_a_bypass_stays_home(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "/", "//", "\\", ".", "..", "%2e", "%2f", "%5c", "%25", "%", "2f", "5c", "25",
                "%09", "%0a", "%20", "\t", " ", "@", ":", ";", "?", "#", "evil.com", "x", "https:",
                "%c0%af", "%EF%BC%8F", "é", "&", "=", "%00", "[", "]",
            ]),
            0..9,
        ),
    ) {
        let text = parts.concat();
        stays_home(&text);
        stays_home(&format!("/{text}"));
    }

    #[test]
    fn printable_text_stays_home(text in "/[!-~]{0,40}") {
        stays_home(&text);
    }
}
