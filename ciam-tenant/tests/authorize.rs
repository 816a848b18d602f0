//! Every refusal of the authorization endpoint, and where each is shown.
#![allow(clippy::unwrap_used)]

mod common;

use ciam_tenant::Application;
use common::{Browser, CALLBACK, EMAIL, PASSWORD, World, encode};

#[tokio::test]
async fn refusals_that_are_pages() {
    let world = World::new().await;
    let bare = world.tenant.register(Application::web("Bare")).unwrap();
    for (changes, number) in [
        (&[("client_id", "")][..], 900144),
        (&[("client_id", "<script>alert(1)</script>")], 700016),
        (
            &[("client_id", "00000000-0000-4000-8000-000000000000")],
            700016,
        ),
        (&[("redirect_uri", "https://evil.test/")], 50011),
        (
            &[("redirect_uri", "http://localhost:3000/auth/callback/")],
            50011,
        ),
        (&[("redirect_uri", "\"><script>alert(1)</script>")], 50011),
        (
            &[("client_id", &bare.client_id), ("redirect_uri", "")],
            900971,
        ),
        (&[("client_id", &bare.client_id)], 50011),
    ] {
        let page = Browser::default().get(&world.request(changes)).await;
        assert_eq!(page.status, 400, "{changes:?}");
        assert!(!page.headers.contains_key("location"), "{changes:?}");
        assert!(
            page.body.contains(&format!("data-code=\"{number}\"")),
            "{changes:?} {}",
            page.body
        );
        assert!(!page.body.contains("<script"), "{changes:?}");
        assert!(page.body.contains("Correlation ID"));
    }
    let twice = format!("{}&redirect_uri=x", world.request(&[]));
    let page = Browser::default().get(&twice).await;
    assert!(page.body.contains("data-code=\"9002313\""));
    let long = format!("{}&x={}", world.request(&[]), "x".repeat(40_000));
    let page = Browser::default().get(&long).await;
    assert_eq!(page.status, 413);
    assert!(page.body.contains("data-code=\"90015\""));
    let other = world
        .request(&[])
        .replace(world.tenant.tenant_id(), "nobody");
    let page = Browser::default().get(&other).await;
    assert!(page.body.contains("data-code=\"90002\""));
}

#[tokio::test]
async fn a_wrong_redirect_uri_is_compared_with_the_nearest() {
    let world = World::new().await;
    let wrong = "http://localhost:3000/auth/Callback";
    let page = Browser::default()
        .get(&world.request(&[("redirect_uri", wrong)]))
        .await;
    let text = format!(
        "AADSTS50011: The redirect URI &#39;{wrong}&#39; specified in the request does not match \
         the redirect URIs configured for the application &#39;{}&#39;.",
        world.app.client_id
    );
    assert!(page.error().unwrap().starts_with(&text), "{}", page.body);
    assert!(page.body.contains(CALLBACK));
    assert!(page.body.contains("upper and lower case of the path"));
}

#[tokio::test]
async fn refusals_that_are_redirects() {
    let world = World::new().await;
    for (changes, error, number) in [
        (&[("response_type", "")][..], "invalid_request", 900144),
        (
            &[("response_type", "x")],
            "unsupported_response_type",
            70005,
        ),
        (
            &[("response_type", "code code")],
            "unsupported_response_type",
            700051,
        ),
        (
            &[("response_type", "id_token")],
            "unsupported_response_type",
            700054,
        ),
        (
            &[("response_type", "code id_token")],
            "unsupported_response_type",
            700054,
        ),
        (
            &[("response_type", "id_token token")],
            "unsupported_response_type",
            700051,
        ),
        (&[("response_mode", "x")], "invalid_request", 70007),
        (&[("scope", "")], "invalid_request", 900144),
        (&[("scope", "profile")], "invalid_scope", 70011),
        (&[("scope", "openid x")], "invalid_scope", 70011),
        (&[("code_challenge_method", "x")], "invalid_request", 50149),
        (&[("code_challenge", "short")], "invalid_request", 501491),
        (
            &[(
                "code_challenge",
                "+9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            )],
            "invalid_request",
            50147,
        ),
        (&[("prompt", "none")], "login_required", 50058),
        (&[("prompt", "none login")], "invalid_request", 90023),
        (&[("prompt", "x")], "invalid_request", 90023),
        (
            &[("prompt", "select_account"), ("login_hint", EMAIL)],
            "invalid_request",
            90023,
        ),
        (&[("request", "x")], "request_not_supported", 9002313),
        (
            &[("request_uri", "x")],
            "request_uri_not_supported",
            9002313,
        ),
    ] {
        let answer = Browser::default().get(&world.request(changes)).await;
        assert!(answer.location().as_str().starts_with(CALLBACK));
        assert!(answer.location().fragment().is_none(), "{changes:?}");
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some(error),
            "{changes:?}"
        );
        assert_eq!(answer.parameter("state").as_deref(), Some("s 1"));
        let description = answer.parameter("error_description").unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{number}: ")),
            "{changes:?} {description}"
        );
        assert_eq!(answer.parameter("code"), None);
    }
    let twice = format!("{}&nonce=x", world.request(&[]));
    let answer = Browser::default().get(&twice).await;
    assert_eq!(
        answer.parameter("error").as_deref(),
        Some("invalid_request")
    );
}

#[tokio::test]
async fn rules_of_id_tokens_at_authorize() {
    let app = Application::web("Shop").redirect_uri(CALLBACK);
    let world = World::with(app.id_tokens_at_authorize()).await;
    for (changes, number) in [
        (&[("nonce", "")][..], 900144),
        (&[("response_mode", "query")], 70007),
    ] {
        let changes = [&[("response_type", "id_token")], changes].concat();
        let answer = Browser::default().get(&world.request(&changes)).await;
        assert!(answer.location().query().is_none(), "in the fragment");
        let description = answer.parameter("error_description").unwrap();
        assert!(description.starts_with(&format!("AADSTS{number}: ")));
    }
    let answer = Browser::default()
        .get(&world.request(&[("nonce", "")]))
        .await;
    assert!(answer.input("flow").is_some(), "a code needs no nonce");
}

#[tokio::test]
async fn a_public_client_needs_pkce() {
    let world = World::with(Application::public("Mobile").redirect_uri(CALLBACK)).await;
    let changes = [("code_challenge", ""), ("code_challenge_method", "")];
    let answer = Browser::default().get(&world.request(&changes)).await;
    let description = answer.parameter("error_description").unwrap();
    assert!(description.starts_with("AADSTS50147: "));
}

#[tokio::test]
async fn answers_go_where_and_how_they_are_asked_for() {
    let app = Application::web("Shop")
        .redirect_uri("http://localhost:7071")
        .redirect_uri("https://shop.test/cb?a=b");
    let world = World::with(app).await;
    let bare = "http://localhost:7071";
    let query = "https://shop.test/cb?a=b";
    for (uri, mode, start) in [
        (bare, "query", "http://localhost:7071/?"),
        (bare, "fragment", "http://localhost:7071/#"),
        ("http://LOCALHOST:5000", "", "http://LOCALHOST:5000/?"),
        (query, "query", "https://shop.test/cb?a=b&"),
        (query, "fragment", "https://shop.test/cb?a=b#"),
    ] {
        let browser = Browser::default();
        let changes = [("redirect_uri", uri), ("response_mode", mode)];
        let page = browser.get(&world.request(&changes)).await;
        let answer = browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
        assert_eq!(answer.status, 303);
        let location = answer.headers["location"].to_str().unwrap();
        assert!(location.starts_with(start), "{location}");
        let code = answer.parameter("code").unwrap();
        let (status, _) = world.redeem(&code, &[("redirect_uri", uri)]).await;
        assert_eq!(status, 200);
    }
    let browser = Browser::default();
    let changes = [
        ("redirect_uri", bare),
        ("response_mode", "form_post"),
        ("state", "\"><script>alert(1)</script>"),
    ];
    let page = browser.get(&world.request(&changes)).await;
    let answer = browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    assert_eq!(answer.action(), bare, "no slash is added for form_post");
    assert!(answer.input("code").is_some());
    assert!(answer.body.contains("value=\"&quot;&gt;&lt;script&gt;"));
    assert_eq!(answer.body.matches("<script>").count(), 1, "its own");
    assert!(answer.body.contains("id=\"continue\""));
}

#[tokio::test]
async fn a_request_without_redirect_uri_uses_the_registered_one() {
    let world = World::new().await;
    let code = world.code(&[("redirect_uri", "")]).await;
    let (status, _) = world.redeem(&code, &[("redirect_uri", "")]).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_request_may_be_posted_and_may_ask_for_a_page() {
    let world = World::new().await;
    let url = world.request(&[]);
    let pairs: Vec<_> = url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes())
        .into_owned()
        .collect();
    let form: Vec<_> = pairs
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let page = Browser::default()
        .post(&world.endpoint("authorize"), &form)
        .await;
    assert!(page.body.contains("id=\"create-account\""));

    for (changes, element) in [
        (&[("prompt", "create")][..], "id=\"sign-in\""),
        (&[("prompt", "login")], "id=\"create-account\""),
        (&[("prompt", "consent login")], "id=\"create-account\""),
        (&[("prompt", "select_account")], "id=\"create-account\""),
        (
            &[
                ("domain_hint", "google"),
                ("ui_locales", "de-DE"),
                ("mkt", "de-DE"),
            ],
            "id=\"create-account\"",
        ),
    ] {
        let browser = Browser::default();
        let page = browser.get(&world.request(&[])).await;
        browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
        let page = browser.get(&world.request(changes)).await;
        if changes[0].0 == "prompt" {
            assert!(page.body.contains(element), "{changes:?}");
        } else {
            assert!(page.parameter("code").is_some(), "{changes:?}");
        }
    }
    let hint = encode(&[("login_hint", "x\"><b>@y.test")]);
    let page = Browser::default()
        .get(&format!("{}&{hint}", world.request(&[])))
        .await;
    assert!(page.body.contains("value=\"x&quot;&gt;&lt;b&gt;@y.test\""));
}
