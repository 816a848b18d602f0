use super::*;

#[test]
fn matching() {
    for (registered, requested, expected) in [
        ("https://a.test/cb", "https://a.test/cb", true),
        ("https://a.test/cb", "HTTPS://A.Test/cb", true),
        ("https://a.test/cb", "https://a.test/CB", false),
        ("https://a.test/cb", "https://a.test/cb/", false),
        ("https://a.test/cb", "https://a.test/cb?x=1", false),
        ("https://a.test/cb?x=1", "https://a.test/cb?x=1", true),
        ("https://a.test/cb", "https://a.test/cb#", false),
        ("https://a.test/cb", "https://a.test:443/cb", false),
        ("https://a.test/cb", "https://a.test.evil.test/cb", false),
        ("https://a.test/cb", "https://a.test@evil.test/cb", false),
        (
            "https://a.test/cb",
            "https://evil.test/https://a.test/cb",
            false,
        ),
        ("https://a.test/cb", "https://a.test/cb/../evil", false),
        ("https://a.test/cb", "https://a.test/%63b", false),
        ("https://a.test/cb", "https://a.test\\@evil.test/cb", false),
        ("https://a.test/cb", "//a.test/cb", false),
        ("https://a.test/cb", "/cb", false),
        ("https://a.test/cb", "", false),
        ("https://a.test", "https://a.test/", false),
        ("http://localhost/cb", "http://localhost:3000/cb", true),
        ("http://localhost:3000/cb", "http://localhost:5000/cb", true),
        ("http://localhost:3000/cb", "http://localhost/cb", true),
        (
            "http://localhost:3000/cb",
            "http://localhost:99999/cb",
            false,
        ),
        (
            "http://localhost:3000/cb",
            "http://localhost:1@evil.test/cb",
            false,
        ),
        ("http://localhost:3000/cb", "http://localhost:x/cb", false),
        (
            "http://localhost:3000/cb",
            "http://localhost:3000/CB",
            false,
        ),
        (
            "https://localhost:3000/cb",
            "https://localhost:5000/cb",
            false,
        ),
        (
            "http://localhost:3000/cb",
            "http://127.0.0.1:3000/cb",
            false,
        ),
        (
            "http://127.0.0.1:3000/cb",
            "http://127.0.0.1:5000/cb",
            false,
        ),
        ("myapp://auth/cb", "myapp://auth/cb", true),
    ] {
        assert_eq!(
            matches(registered, requested),
            expected,
            "{registered} {requested}"
        );
    }
}

#[test]
fn registration() {
    use Platform::{Public, Web};
    let long = format!("https://a.test/{}", "x".repeat(241));
    let too_long = format!("{long}x");
    for (uri, platform, expected) in [
        ("https://shop.example.com/auth/callback", Web, None),
        ("https://shop.example.com", Web, None),
        ("https://shop.example.com/cb?a=b", Web, None),
        ("http://localhost:3000/auth/callback", Web, None),
        ("http://127.0.0.1:3000/auth/callback", Web, None),
        (&long, Web, None),
        (&too_long, Web, Some("256")),
        ("http://[::1]:3000/cb", Web, Some("localhost")),
        ("http://shop.example.com/cb", Web, Some("https")),
        ("http://localhost.evil.test/cb", Web, Some("https")),
        ("https://*.example.com/cb", Web, Some("wildcards")),
        ("https://a.test/cb#x", Web, Some("fragment")),
        ("https://a.test/c;b", Web, Some("`;`")),
        ("https://a.test/(cb)", Web, Some("`(`")),
        ("https://a.test/c b", Web, Some("character")),
        ("https://a.test/cb\r\n", Web, Some("character")),
        ("https://a.test\\b", Web, Some("character")),
        ("https://bücher.test/cb", Web, Some("ASCII")),
        ("https://u@a.test/cb", Web, Some("user name")),
        ("https:///cb", Web, Some("no host")),
        ("https://a.test:99999/cb", Web, Some("no URI")),
        ("/auth/callback", Web, Some("absolute")),
        ("javascript:alert", Web, Some("absolute")),
        ("javascript://a.test/%0aalert", Public, Some("scheme")),
        ("myapp://auth/cb", Web, Some("public clients")),
        ("myapp://auth/cb", Public, None),
    ] {
        let found = refusal(uri, platform);
        match expected {
            None => assert_eq!(found, None, "{uri}"),
            Some(part) => {
                assert!(
                    found.as_deref().is_some_and(|why| why.contains(part)),
                    "{uri}: {found:?}"
                )
            }
        }
    }
}

#[test]
fn says_what_differs_from_the_nearest() {
    let registered = [
        "https://other.test/cb".to_owned(),
        "https://shop.test/auth/callback".to_owned(),
        "http://127.0.0.1:3000/auth/callback".to_owned(),
    ];
    for (requested, expected) in [
        ("http://shop.test/auth/callback", "scheme"),
        ("https://store.test/auth/callback", "host"),
        ("https://shop.test:8443/auth/callback", "port"),
        ("http://127.0.0.1:3001/auth/callback", "port"),
        ("https://shop.test/signin-oidc", "path"),
        (
            "https://shop.test/Auth/callback",
            "upper and lower case of the path",
        ),
        ("https://shop.test/auth/callback/", "trailing slash"),
        ("https://shop.test/auth/callback?a=b", "query"),
        ("https://shop.test/auth/callback#a", "fragment"),
        ("nonsense", "form"),
    ] {
        let (_, found) = nearest(&registered, requested).unwrap();
        let parts: Vec<_> = found.iter().map(|found| found.part).collect();
        assert_eq!(parts, [expected], "{requested}: {found:?}");
    }
    assert!(nearest(&[], "https://shop.test/").is_none());
}
