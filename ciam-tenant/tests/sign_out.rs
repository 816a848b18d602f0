//! Sign-out, and the applications that share a session.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use ciam_tenant::{Application, RegisterError, Registration};
use common::{Answer, Browser, CALLBACK, EMAIL, PASSWORD, World, encode, part};

const SHOP_OUT: &str = "http://localhost:3000/auth/frontchannel-logout";
const STAFF: &str = "http://127.0.0.1:4000/auth/callback";
const STAFF_OUT: &str = "http://127.0.0.1:4000/auth/frontchannel-logout?from=tenant";

#[tokio::test]
async fn one_session_is_for_every_application() {
    let (world, staff) = two_applications().await;
    let browser = Browser::default();
    let tokens = sign_in(&world, &browser).await;
    let sid = &part(&tokens, 1)["sid"];
    let staff_token = sign_on(&world, &browser, &staff).await;
    assert_eq!(&part(&staff_token, 1)["sid"], sid);
    assert_ne!(part(&staff_token, 1)["sub"], part(&tokens, 1)["sub"]);
    assert_eq!(world.tenant.requests().sign_in, 1);
}

#[tokio::test]
async fn sign_out_tells_every_application_of_the_session_in_frames() {
    let (world, staff) = two_applications().await;
    let silent = Application::web("Silent").redirect_uri("http://localhost:5000/cb");
    world.tenant.register(silent).unwrap();
    let browser = Browser::default();
    let token = sign_in(&world, &browser).await;
    let sid = part(&token, 1)["sid"].as_str().unwrap().to_owned();
    sign_on(&world, &browser, &staff).await;
    let page = sign_out(&world, &browser, &[("state", "s&1")]).await;
    assert_eq!(page.status, 200);
    let mut frames = frames(&page);
    frames.sort_unstable();
    let expected = [
        format!("{STAFF_OUT}&sid={sid}"),
        format!("{SHOP_OUT}?sid={sid}"),
    ];
    assert_eq!(frames, expected, "with sid, and without iss");
    let (_, link) = page.body.split_once("id=\"continue\" href=\"").unwrap();
    assert!(
        link.starts_with(&format!("{CALLBACK}?state=s%261\"")),
        "{link}"
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-src http: https:;"), "{policy}");
    assert!(page.body.contains("hidden"));

    // The session is over: nobody is told twice, and the next visit asks.
    let again = sign_out(&world, &browser, &[]).await;
    assert_eq!(again.headers["location"], CALLBACK);
    let page = browser.get(&world.request(&[])).await;
    assert!(page.input("flow").is_some());
}

#[tokio::test]
async fn frames_are_only_for_applications_of_this_session() {
    let (world, _) = two_applications().await;
    let browser = Browser::default();
    sign_in(&world, &browser).await;
    let page = sign_out(&world, &browser, &[]).await;
    assert_eq!(frames(&page).len(), 1, "the other application took no part");
    assert!(frames(&page)[0].starts_with(SHOP_OUT));

    let none = World::new().await;
    let browser = Browser::default();
    sign_in(&none, &browser).await;
    let answer = sign_out(&none, &browser, &[]).await;
    assert_eq!(answer.headers["location"], CALLBACK, "nobody is to be told");
}

#[tokio::test]
async fn applications_are_told_without_a_destination_too() {
    let (world, _) = two_applications().await;
    let browser = Browser::default();
    sign_in(&world, &browser).await;
    let page = browser.get(&world.endpoint("logout")).await;
    assert_eq!(frames(&page).len(), 1);
    assert!(page.body.contains("id=\"signed-out\""));
    assert!(!page.body.contains("id=\"continue\"") && !page.body.contains("<script>"));
}

#[tokio::test]
async fn signing_in_again_keeps_the_session_of_the_same_user_only() {
    let (world, staff) = two_applications().await;
    let user = ciam_tenant::NewUser::new("bob@example.com", PASSWORD);
    world.tenant.add_user(user).await.unwrap();
    let browser = Browser::default();
    let first = sign_in(&world, &browser).await;
    sign_on(&world, &browser, &staff).await;
    let again = |email: &'static str| {
        let (world, browser) = (&world, &browser);
        async move {
            let page = browser.get(&world.request(&[("prompt", "login")])).await;
            let answer = browser.sign_in(world, &page, email, PASSWORD).await;
            let code = answer.parameter("code").unwrap();
            let (_, tokens) = world.redeem(&code, &[]).await;
            part(tokens["id_token"].as_str().unwrap(), 1)["sid"].clone()
        }
    };
    let sid = &part(&first, 1)["sid"];
    assert_eq!(&again(EMAIL).await, sid);
    assert_ne!(&again("bob@example.com").await, sid);
    let page = sign_out(&world, &browser, &[]).await;
    assert_eq!(frames(&page).len(), 1, "Bob was in one application");

    let first = part(&sign_in(&world, &browser).await, 1)["sid"].clone();
    world.tenant.advance(Duration::from_secs(24 * 3600));
    assert_ne!(again(EMAIL).await, first, "the session ended by itself");
}

#[tokio::test]
async fn sign_out_leaves_refresh_tokens_as_they_are() {
    let (world, _) = two_applications().await;
    let browser = Browser::default();
    let scope = [("scope", "openid offline_access")];
    let page = browser.get(&world.request(&scope)).await;
    let answer = browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    let code = answer.parameter("code").unwrap();
    let (_, tokens) = world.redeem(&code, &[]).await;
    sign_out(&world, &browser, &[]).await;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let (status, _) = world.token(&refresh, |request| request).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_logout_url_is_registered_by_the_rules_of_redirect_uris() {
    let world = World::new().await;
    for (url, accepted) in [
        ("https://shop.example.com/out", true),
        ("http://localhost:3000/out", true),
        ("http://shop.example.com/out", false),
        ("shop:out", false),
        ("https://shop.example.com/out#here", false),
    ] {
        let app = Application::web("Shop").front_channel_logout_url(url);
        let result = world.tenant.register(app);
        assert_eq!(result.is_ok(), accepted, "{url}");
        if let Err(error) = result {
            assert!(matches!(error, RegisterError::LogoutUrl { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn sign_out_goes_to_registered_addresses_only() {
    let world = World::new().await;
    let other = Application::web("Other").redirect_uri("https://other.test/cb");
    let other = world.tenant.register(other).unwrap();
    let code = world.code(&[]).await;
    let (_, tokens) = world.redeem(&code, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let forged = format!("{}x", hint);
    let id = world.app.client_id.as_str();
    for (target, more, goes) in [
        (CALLBACK, &[][..], true),
        (CALLBACK, &[("client_id", id)], true),
        (CALLBACK, &[("id_token_hint", hint)], true),
        (CALLBACK, &[("id_token_hint", forged.as_str())], true),
        (CALLBACK, &[("client_id", other.client_id.as_str())], false),
        ("https://other.test/cb", &[("id_token_hint", hint)], false),
        (
            "https://other.test/cb",
            &[
                ("id_token_hint", hint),
                ("client_id", other.client_id.as_str()),
            ],
            false,
        ),
        ("https://evil.test/", &[], false),
        ("//evil.test/", &[], false),
        ("javascript:alert(1)", &[], false),
        ("http://localhost:3000/auth/callback/../evil", &[], false),
        ("http://localhost:3000/auth/callback\r\nx: y", &[], false),
    ] {
        let form = [&[("post_logout_redirect_uri", target)], more].concat();
        for answer in [
            Browser::default()
                .post(&world.endpoint("logout"), &form)
                .await,
            Browser::default()
                .get(&format!("{}?{}", world.endpoint("logout"), encode(&form)))
                .await,
        ] {
            if goes {
                assert_eq!(answer.headers["location"], target, "{more:?}");
            } else {
                assert_eq!(answer.status, 200, "{target}");
                assert!(answer.body.contains("id=\"signed-out\""), "{target}");
            }
        }
    }
}

async fn two_applications() -> (World, Registration) {
    let shop = Application::web("Shop").redirect_uri(CALLBACK);
    let world = World::with(shop.front_channel_logout_url(SHOP_OUT)).await;
    let staff = Application::web("Staff")
        .redirect_uri(STAFF)
        .front_channel_logout_url(STAFF_OUT);
    let staff = world.tenant.register(staff).unwrap();
    (world, staff)
}

/// The ID token of a sign-in with the password.
async fn sign_in(world: &World, browser: &Browser) -> String {
    let page = browser.get(&world.request(&[])).await;
    let answer = browser.sign_in(world, &page, EMAIL, PASSWORD).await;
    let code = answer.parameter("code").unwrap();
    let (_, tokens) = world.redeem(&code, &[]).await;
    tokens["id_token"].as_str().unwrap().to_owned()
}

/// The ID token of another application that asks nothing of the user.
async fn sign_on(world: &World, browser: &Browser, other: &Registration) -> String {
    let id = ("client_id", other.client_id.as_str());
    let uri = ("redirect_uri", STAFF);
    let answer = browser.get(&world.request(&[id, uri])).await;
    let code = answer.parameter("code").unwrap();
    let secret = other.client_secret.as_deref().unwrap();
    let (status, tokens) = world
        .redeem(&code, &[id, uri, ("client_secret", secret)])
        .await;
    assert_eq!(status, 200, "{tokens}");
    tokens["id_token"].as_str().unwrap().to_owned()
}

async fn sign_out(world: &World, browser: &Browser, more: &[(&str, &str)]) -> Answer {
    let parameters = [&[("post_logout_redirect_uri", CALLBACK)], more].concat();
    let url = format!("{}?{}", world.endpoint("logout"), encode(&parameters));
    browser.get(&url).await
}

fn frames(page: &Answer) -> Vec<String> {
    let frames = page.body.split("<iframe class=\"logout\"").skip(1);
    let sources = frames.map(|rest| {
        let (_, source) = rest.split_once("src=\"").unwrap();
        source.split('"').next().unwrap().replace("&amp;", "&")
    });
    sources.collect()
}
