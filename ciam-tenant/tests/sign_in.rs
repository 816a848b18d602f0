//! The whole way: authorization request, sign-in or sign-up, code, tokens, userinfo, sign-out.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use ciam_tenant::{Application, NewUser};
use common::{Answer, Browser, CALLBACK, EMAIL, PASSWORD, World, encode, json, part, verify};
use serde_json::{Value, json};

#[tokio::test]
async fn sign_up_code_tokens_and_userinfo() {
    let world = World::with(
        Application::web("Shop")
            .redirect_uri(CALLBACK)
            .post_logout_redirect_uri("http://localhost:3000/auth/signed-out"),
    )
    .await;
    let browser = Browser::default();
    let page = browser.get(&world.request(&[])).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("to continue to Shop"));

    // By the link of the sign-in page, which keeps the request.
    let link = page.body.split("id=\"create-account\" href=\"").nth(1);
    let link = link
        .and_then(|rest| rest.split('"').next())
        .expect("a link");
    let page = browser.get(&world.at(link)).await;
    let flow = page.input("flow").expect("a flow");
    let form = [
        ("flow", flow.as_str()),
        ("email", "Grace@Example.com"),
        ("password", "Compiler-1952"),
        ("display_name", "Grace Hopper"),
    ];
    let answer = browser.post(&world.at(&page.action()), &form).await;
    assert!(answer.location().as_str().starts_with(CALLBACK));
    assert_eq!(answer.parameter("state").as_deref(), Some("s 1"));
    assert!(answer.parameter("session_state").is_some());
    let code = answer.parameter("code").expect("a code");

    let before = world.tenant.now();
    let (status, tokens) = world.redeem(&code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid profile email");
    let expires_in = tokens["expires_in"].as_u64().expect("a number");
    assert!((3600..5400).contains(&expires_in));
    assert_eq!(tokens["ext_expires_in"], tokens["expires_in"]);
    assert_eq!(tokens.get("refresh_token"), None);

    let token = tokens["id_token"].as_str().expect("an ID token");
    let claims = world.claims(token).await;
    let oid = world.tenant.object_id("grace@example.com").expect("a user");
    for (name, expected) in [
        ("ver", json!("2.0")),
        ("iss", json!(world.tenant.issuer())),
        ("aud", json!(world.app.client_id)),
        ("tid", json!(world.tenant.tenant_id())),
        ("oid", json!(oid)),
        ("nonce", json!("n-1")),
        ("name", json!("Grace Hopper")),
        ("preferred_username", json!("Grace@Example.com")),
        ("email", json!("Grace@Example.com")),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    assert_eq!(claims["sub"].as_str().map(str::len), Some(43));
    for name in ["sid", "uti", "rh", "aio"] {
        assert!(claims[name].is_string(), "{name}");
    }
    for name in [
        "auth_time",
        "login_hint",
        "roles",
        "groups",
        "at_hash",
        "c_hash",
    ] {
        assert_eq!(claims.get(name), None, "{name}");
    }
    let number = |name: &str| claims[name].as_u64().expect("a number");
    let now = before.duration_since(std::time::UNIX_EPOCH).expect("later");
    assert!(number("exp").abs_diff(now.as_secs() + 3600) < 10);
    assert_eq!(number("exp") - number("iat"), 3900);
    assert_eq!(number("nbf"), number("iat"));

    let access_token = tokens["access_token"].as_str().expect("an access token");
    let userinfo = userinfo(&world, access_token).await;
    assert_eq!(userinfo.0, 200);
    assert_eq!(userinfo.1["sub"], claims["sub"]);
    assert_eq!(userinfo.1["name"], "Grace Hopper");
    assert_eq!(userinfo.1["email"], "Grace@Example.com");

    // The session signs in silently; sign-out ends it.
    let silent = browser.get(&world.request(&[("prompt", "none")])).await;
    assert!(silent.parameter("code").is_some());
    let query = encode(&[
        (
            "post_logout_redirect_uri",
            "http://localhost:3000/auth/signed-out",
        ),
        ("id_token_hint", token),
        ("state", "bye & <b>"),
    ]);
    let out = browser
        .get(&format!("{}?{query}", world.endpoint("logout")))
        .await;
    assert_eq!(
        out.headers["location"],
        "http://localhost:3000/auth/signed-out?state=bye+%26+%3Cb%3E"
    );
    let silent = browser.get(&world.request(&[("prompt", "none")])).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));

    let requests = world.tenant.requests();
    assert_eq!(
        (
            requests.authorize,
            requests.sign_up,
            requests.sign_in,
            requests.token
        ),
        (3, 1, 0, 1)
    );
    assert_eq!(
        (requests.keys, requests.userinfo, requests.logout),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn claims_of_a_user_with_everything() {
    let app = Application::web("Shop").redirect_uri(CALLBACK);
    let world = World::with(
        app.optional_claim("auth_time")
            .optional_claim("login_hint")
            .optional_claim("given_name"),
    )
    .await;
    let user = NewUser::new("a@b.test", PASSWORD)
        .given_name("Alan")
        .family_name("Turing")
        .role("Admin")
        .group("11112222-3333-4444-5555-666677778888")
        .attribute("loyaltyNumber", "42")
        .attribute("sub", "somebody else")
        .attribute("auth_time", "never")
        .object_id("AAAABBBB-0000-cccc-1111-dddd2222eeee");
    world.tenant.add_user(user).await.unwrap();
    world.tenant.add_role("A@b.test", "Buyer").unwrap();
    let browser = Browser::default();
    let page = browser.get(&world.request(&[])).await;
    let answer = browser.sign_in(&world, &page, "a@b.test", PASSWORD).await;
    let code = answer.parameter("code").unwrap();
    let (_, tokens) = world.redeem(&code, &[]).await;
    let claims = world.claims(tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["oid"], "aaaabbbb-0000-cccc-1111-dddd2222eeee");
    assert_eq!(claims["name"], "unknown");
    assert_eq!(claims["given_name"], "Alan");
    assert_eq!(claims.get("family_name"), None);
    assert_eq!(claims["roles"], json!(["Admin", "Buyer"]));
    assert_eq!(
        claims["groups"],
        json!(["11112222-3333-4444-5555-666677778888"])
    );
    assert_eq!(claims["loyaltyNumber"], "42");
    assert_ne!(claims["sub"], "somebody else");
    assert!(claims["auth_time"].is_u64());

    // The login_hint claim stands for the user, in a hint and in nothing else.
    let hint = claims["login_hint"].as_str().unwrap();
    let silent = browser
        .get(&world.request(&[("prompt", "none"), ("login_hint", hint)]))
        .await;
    assert!(silent.parameter("code").is_some());
    let other = browser
        .get(&world.request(&[("prompt", "none"), ("login_hint", EMAIL)]))
        .await;
    assert_eq!(other.parameter("error").as_deref(), Some("login_required"));
    let page = Browser::default()
        .get(&world.request(&[("login_hint", hint)]))
        .await;
    assert_eq!(page.input("email").as_deref(), Some("a@b.test"));
}

#[tokio::test]
async fn subjects_differ_between_applications_and_stay_in_one() {
    let world = World::new().await;
    let second = world
        .tenant
        .register(Application::web("Second").redirect_uri(CALLBACK))
        .unwrap();
    let mut subjects = Vec::new();
    for (id, secret) in [
        (&world.app.client_id, &world.app.client_secret),
        (&world.app.client_id, &world.app.client_secret),
        (&second.client_id, &second.client_secret),
    ] {
        let code = world.code(&[("client_id", id)]).await;
        let changes = [
            ("client_id", id.as_str()),
            ("client_secret", secret.as_deref().unwrap()),
        ];
        let (_, tokens) = world.redeem(&code, &changes).await;
        let token = tokens["id_token"].as_str().unwrap();
        subjects.push(part(token, 1)["sub"].clone());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
}

#[tokio::test]
async fn scopes_decide_what_is_told() {
    let world = World::new().await;
    let code = world.code(&[("scope", "openid")]).await;
    let (_, tokens) = world.redeem(&code, &[]).await;
    let claims = world.claims(tokens["id_token"].as_str().unwrap()).await;
    for name in ["name", "preferred_username", "oid", "email"] {
        assert_eq!(claims.get(name), None, "{name}");
    }
    let (_, members) = userinfo(&world, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(members, json!({"sub": claims["sub"]}));
}

#[tokio::test]
async fn refresh_tokens_are_given_for_offline_access_and_rotate() {
    let world = World::new().await;
    let code = world
        .code(&[("scope", "openid profile offline_access")])
        .await;
    let (_, tokens) = world.redeem(&code, &[]).await;
    let first = part(tokens["id_token"].as_str().unwrap(), 1);
    let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let refresh = async |token: &str| {
        let changes = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("redirect_uri", ""),
            ("code_verifier", ""),
        ];
        world.token(&changes, |request| request).await
    };
    let (status, refreshed) = refresh(&refresh_token).await;
    assert_eq!(status, 200, "{refreshed}");
    assert_ne!(refreshed["refresh_token"], tokens["refresh_token"]);
    let second = world.claims(refreshed["id_token"].as_str().unwrap()).await;
    assert_eq!(second["sub"], first["sub"]);
    assert_eq!(second["sid"], first["sid"]);
    assert_eq!(second.get("nonce"), None);
    // As Microsoft's: the old one is not revoked.
    assert_eq!(refresh(&refresh_token).await.0, 200);
    assert_eq!(refresh("1.nonsense").await.1["error_codes"], json!([70000]));
    world.tenant.advance(Duration::from_secs(91 * 86_400));
    let (status, error) = refresh(&refresh_token).await;
    assert_eq!(status, 400);
    assert_eq!(error["error"], "invalid_grant");
    assert_eq!(error["error_codes"], json!([700082]));
}

#[tokio::test]
async fn keys_rotate_to_one_never_published_before() {
    let world = World::new().await;
    let before = world.keys().await;
    let issue = async || {
        let code = world.code(&[]).await;
        let (_, tokens) = world.redeem(&code, &[]).await;
        tokens["id_token"].as_str().unwrap().to_owned()
    };
    let old = issue().await;
    world.tenant.rotate_keys();
    let new = issue().await;
    assert!(verify(&new, &before).is_none());
    let after = world.keys().await;
    assert!(verify(&new, &after).is_some());
    assert!(verify(&old, &after).is_some());
    world.tenant.rotate_keys();
    assert!(verify(&old, &world.keys().await).is_none());
}

#[tokio::test]
async fn a_session_ends_with_time_and_on_demand() {
    let world = World::new().await;
    let browser = Browser::default();
    let page = browser.get(&world.request(&[])).await;
    browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    let silent = async || browser.get(&world.request(&[("prompt", "none")])).await;
    world.tenant.advance(Duration::from_secs(23 * 3600));
    assert!(silent().await.parameter("code").is_some());
    world.tenant.advance(Duration::from_secs(23 * 3600));
    assert!(silent().await.parameter("code").is_some(), "use extends it");
    let page = browser.get(&world.request(&[("prompt", "login")])).await;
    assert!(page.input("flow").is_some(), "login asks again");
    world.tenant.advance(Duration::from_secs(25 * 3600));
    assert!(silent().await.parameter("error").is_some());

    let page = browser.get(&world.request(&[])).await;
    browser.sign_in(&world, &page, EMAIL, PASSWORD).await;
    world.tenant.end_sessions();
    assert!(silent().await.parameter("error").is_some());
}

#[tokio::test]
async fn userinfo_refuses_other_tokens() {
    let world = World::new().await;
    let code = world.code(&[]).await;
    let (_, tokens) = world.redeem(&code, &[]).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    for token in ["", "nonsense", id_token] {
        let (status, document) = userinfo(&world, token).await;
        assert_eq!(status, 401, "{token}");
        assert_eq!(document["error"]["code"], "InvalidAuthenticationToken");
    }
    world.tenant.advance(Duration::from_secs(2 * 3600));
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&world, token).await.0, 401);
}

#[tokio::test]
async fn id_tokens_at_authorize_where_enabled() {
    let app = Application::web("Shop").redirect_uri(CALLBACK);
    let world = World::with(app.id_tokens_at_authorize()).await;
    let sign_in = async |response_type: &str, more: &[(&str, &str)]| -> Answer {
        let browser = Browser::default();
        let changes = [&[("response_type", response_type)], more].concat();
        let page = browser.get(&world.request(&changes)).await;
        browser.sign_in(&world, &page, EMAIL, PASSWORD).await
    };
    let answer = sign_in("id_token code", &[]).await;
    assert!(answer.location().fragment().is_some());
    let claims = world.claims(&answer.parameter("id_token").unwrap()).await;
    assert_eq!(claims["c_hash"].as_str().map(str::len), Some(22));
    let code = answer.parameter("code").unwrap();
    assert_eq!(world.redeem(&code, &[]).await.0, 200);

    let answer = sign_in("id_token", &[("response_mode", "form_post")]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.input("id_token").is_some());
    assert_eq!(answer.input("code"), None);
}

async fn userinfo(world: &World, token: &str) -> (u16, Value) {
    let response = common::client()
        .get(world.at("/oidc/userinfo"))
        .header("authorization", format!("Bearer {token}"))
        .send()
        .await
        .expect("it answers");
    let status = response.status().as_u16();
    (status, json(&response.text().await.expect("a body")))
}
