//! The forms: what they refuse, what they keep, and whom they answer.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use ciam_tenant::{Application, NewUser};
use common::{Answer, Browser, CALLBACK, EMAIL, PASSWORD, World, encode};

#[tokio::test]
async fn a_refused_sign_in_keeps_the_address() {
    let world = World::new().await;
    let browser = Browser::default();
    let mut page = browser.get(&world.request(&[])).await;
    for (email, password, number, text) in [
        (
            EMAIL,
            "wrong",
            50126,
            "Your account or password is incorrect.",
        ),
        (EMAIL, "", 50126, "Your account or password is incorrect."),
        (
            "nobody@example.com",
            PASSWORD,
            50034,
            "We couldn&#39;t find an account with this email address.",
        ),
    ] {
        page = browser.sign_in(&world, &page, email, password).await;
        assert_eq!(page.status, 400);
        assert_eq!(page.error(), Some(text));
        assert!(page.body.contains(&format!("data-code=\"{number}\"")));
        assert_eq!(page.input("email").as_deref(), Some(email));
        assert!(!page.body.contains(PASSWORD), "a password is not repeated");
    }
    let answer = browser
        .sign_in(&world, &page, "ADA@example.com", PASSWORD)
        .await;
    assert!(answer.parameter("code").is_some());
    assert_eq!(world.tenant.requests().sign_in, 4);
}

#[tokio::test]
async fn cancel_goes_back_with_an_error() {
    let world = World::new().await;
    for prompt in ["login", "create"] {
        let browser = Browser::default();
        let page = browser.get(&world.request(&[("prompt", prompt)])).await;
        let flow = page.input("flow").unwrap();
        let url = world.at(&page.action());
        let form = [("flow", flow.as_str()), ("email", ""), ("cancel", "1")];
        let answer = browser.post(&url, &form).await;
        assert_eq!(
            answer.headers["location"],
            "http://localhost:3000/auth/callback?error=access_denied\
             &error_description=the+user+canceled+the+authentication&state=s+1"
        );
        let again = browser.post(&url, &form).await;
        assert!(again.body.contains("data-code=\"50089\""));
    }
}

#[tokio::test]
async fn a_form_belongs_to_one_browser_and_ends() {
    let world = World::new().await;
    let browser = Browser::default();
    let page = browser.get(&world.request(&[])).await;
    let stranger = Browser::default();
    stranger.get(&world.request(&[])).await;
    for other in [&Browser::default(), &stranger] {
        let answer = other.sign_in(&world, &page, EMAIL, PASSWORD).await;
        assert!(answer.body.contains("data-code=\"50089\""));
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    // Two tabs of one browser both work.
    let second = browser.get(&world.request(&[])).await;
    let answer = browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    assert!(answer.parameter("code").is_some());
    let answer = browser.sign_in(&world, &second, EMAIL, PASSWORD).await;
    assert!(answer.parameter("code").is_some());
    let answer = browser.sign_in(&world, &second, EMAIL, PASSWORD).await;
    assert!(answer.body.contains("data-code=\"50089\""), "sent twice");

    let page = browser.get(&world.request(&[("prompt", "login")])).await;
    world.tenant.advance(Duration::from_secs(3601));
    let answer = browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    assert!(answer.body.contains("data-code=\"50089\""), "open too long");
    let get = browser.get(&world.at(&page.action())).await;
    assert!(get.body.contains("data-code=\"50089\""), "no flow");
}

#[tokio::test]
async fn sign_up_refuses_what_a_tenant_refuses() {
    let world = World::new().await;
    let browser = Browser::default();
    let page = browser.get(&world.request(&[("prompt", "create")])).await;
    let flow = page.input("flow").unwrap();
    let url = world.at(&page.action());
    for (email, password, name, text) in [
        (
            EMAIL,
            "Passw0rd!",
            "x",
            "There is an account with this e-mail",
        ),
        ("ADA@EXAMPLE.COM", "Passw0rd!", "x", "There is an account"),
        (
            "x@y.test",
            "Pass0!",
            "x",
            "The password must have at least 8",
        ),
        (
            "x@y.test",
            "password",
            "x",
            "The password must have at least 3",
        ),
        (
            "nonsense",
            "Passw0rd!",
            "x",
            "Enter a valid e-mail address.",
        ),
        ("", "Passw0rd!", "x", "Enter a valid e-mail address."),
        (
            "x@y.test",
            "Passw0rd!",
            &"x".repeat(300),
            "A name has too many",
        ),
        ("<b>@\"y", "x", "<i>\"", "The password must"),
    ] {
        let form = [
            ("flow", flow.as_str()),
            ("email", email),
            ("password", password),
            ("display_name", name),
        ];
        let answer = browser.post(&url, &form).await;
        assert_eq!(answer.status, 400, "{email}");
        let error = answer.error().unwrap();
        assert!(error.starts_with(text), "{error}");
        assert!(!answer.body.contains("<b>") && !answer.body.contains("<i>"));
        assert!(answer.body.contains("id=\"sign-in\""), "a way to sign in");
    }
    assert_eq!(world.tenant.object_id("x@y.test"), None);
}

#[tokio::test]
async fn pages_have_labels_and_a_strict_policy() {
    let world = World::with(Application::web("<b>Shop</b>").redirect_uri(CALLBACK)).await;
    let sign_in = Browser::default().get(&world.request(&[])).await;
    let sign_up = Browser::default()
        .get(&world.request(&[("prompt", "create")]))
        .await;
    let error = Browser::default()
        .get(&world.request(&[("client_id", "")]))
        .await;
    let signed_out = Browser::default().get(&world.endpoint("logout")).await;
    let welcome = Browser::default().get(&world.at("/")).await;
    for page in [&sign_in, &sign_up, &error, &signed_out, &welcome] {
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(page.headers["cache-control"], "no-store, no-cache");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!policy.contains("unsafe") && !policy.contains("form-action"));
        for part in [
            "<html lang=\"en\">",
            "name=\"viewport\"",
            "local tenant · development only",
            "prefers-color-scheme: dark",
        ] {
            assert!(page.body.contains(part), "{part}");
        }
        assert!(!page.body.contains("style=\""), "the policy forbids it");
        assert!(!page.body.contains("<b>"));
    }
    for (page, autocomplete) in [
        (&sign_in, &["username", "current-password"][..]),
        (&sign_up, &["email", "new-password", "name"]),
    ] {
        for value in autocomplete {
            assert!(page.body.contains(&format!("autocomplete=\"{value}\"")));
        }
        for label in ["email", "password"] {
            assert!(page.body.contains(&format!("<label for=\"{label}\">")));
        }
        let submit = page.body.find("id=\"submit\"").unwrap();
        assert!(
            submit < page.body.find("id=\"cancel\"").unwrap(),
            "Enter submits"
        );
    }
}

#[tokio::test]
async fn the_policy_allows_the_inline_parts() {
    let world = World::new().await;
    let browser = Browser::default();
    let page = browser
        .get(&world.request(&[("response_mode", "form_post")]))
        .await;
    let page = browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    check_policy(&page);

    let shop = Application::web("Shop").redirect_uri(CALLBACK);
    let world = World::with(shop.front_channel_logout_url(CALLBACK)).await;
    let browser = Browser::default();
    let page = browser.get(&world.request(&[])).await;
    browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    let query = encode(&[("post_logout_redirect_uri", CALLBACK)]);
    let page = browser
        .get(&format!("{}?{query}", world.endpoint("logout")))
        .await;
    assert!(page.body.contains("<iframe"), "{}", page.body);
    check_policy(&page);
}

fn check_policy(page: &Answer) {
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for (directive, element) in [("style-src", "style"), ("script-src", "script")] {
        let (_, rest) = page.body.split_once(&format!("<{element}>")).unwrap();
        let source = rest.split("</").next().unwrap();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, source.as_bytes());
        let hash = base64_simd::STANDARD.encode_to_string(hash.as_ref());
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}'")));
    }
}

#[tokio::test]
async fn users_can_be_refused_by_the_handle_too() {
    let world = World::new().await;
    let again = world.tenant.add_user(NewUser::new(EMAIL, PASSWORD)).await;
    assert_eq!(again.unwrap_err(), ciam_tenant::UserError::Duplicate);
    let nobody = world.tenant.add_role("nobody@example.com", "Admin");
    assert_eq!(nobody.unwrap_err(), ciam_tenant::UserError::Unknown);
    let none = Application::web("x").optional_claim("x");
    let error = world.tenant.register(none).unwrap_err();
    assert!(error.to_string().contains("auth_time"), "{error}");
}
