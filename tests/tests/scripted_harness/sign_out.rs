//! Sign-out over all three channels, and revocation.

use ciam_tests::Visitor;
use ciam_tests::scripted::{LOGOUT_ROWS, Place, RSA_KID};
use serde_json::{Value, json};

use super::{World, part, text, verifies};

#[tokio::test]
async fn sign_out_returns_to_a_registered_address_with_the_state_as_scripted() {
    let world = World::new().await;
    let tokens = world.sign_in("openid").await;
    let end = world.provider.url(Place::EndSession);
    let back = world.shop.url("localhost", "/auth/signed-out");
    let hint = text(&tokens, "id_token");
    let asked = [
        ("client_id", "shop"),
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", &back),
        ("state", "the state"),
    ];
    for (script, state) in [
        (None, Some("the state")),
        (
            Some((|_| Some("another".to_owned())) as fn(&str) -> _),
            Some("another"),
        ),
        (Some(|_| None), None),
    ] {
        world.provider.script(|s| s.logout_state = script);
        let page = world.go(&end, &asked).await;
        assert_eq!(page.url.path(), "/auth/signed-out", "{page}");
        assert_eq!(page.query("state").as_deref(), state);
    }
    world.provider.recover().await;
    let page = world.go(&end, &asked[..3]).await;
    assert_eq!(page.url.as_str(), back, "no state was sent");
    let (status, _) = world.post(&end, &asked).await;
    assert_eq!(status, 303, "a form too");
    let page = world.go(&end, &asked[..2]).await;
    assert!(page.body.contains("id=\"signed-out\""), "{page}");
    assert_eq!(world.provider.asked(Place::EndSession).len(), 6);

    let other = world.shop.url("localhost", "/auth/signed-out/");
    for (change, why) in [
        (
            ("post_logout_redirect_uri", other.as_str()),
            "is not registered",
        ),
        (("id_token_hint", "e30.e30.AA"), "was not issued here"),
        (("client_id", "another"), "is not the one of"),
    ] {
        let asked = asked.map(|(name, value)| match name == change.0 {
            true => change,
            false => (name, value),
        });
        let page = world.go(&end, &asked).await;
        assert_eq!(page.status, 400, "{page}");
        assert!(page.body.contains(why), "{page}");
    }
    world
        .provider
        .script(|s| s.post_logout_redirect_uris = Some(vec![other.clone()]));
    let page = world.go(&end, &asked).await;
    assert_eq!(page.status, 400, "another one is registered: {page}");
}

#[tokio::test]
async fn applications_are_told_before_the_browser_goes_on() {
    let world = World::new().await;
    let told = world.shop.url("localhost", "/told?cache-control=no-store");
    world.provider.script(|s| {
        s.sessions = true;
        s.backchannel_logout_uri = Some(told);
    });
    let tokens = world.sign_in("openid").await;
    let sid = part(text(&tokens, "id_token"), 1)["sid"].clone();
    assert!(
        sid.as_str().expect("a text").contains("&'()*+,/:;<=>?"),
        "{sid}"
    );
    let end = world.provider.url(Place::EndSession);
    let back = world.shop.url("localhost", "/auth/signed-out");
    let asked = [("client_id", "shop"), ("post_logout_redirect_uri", &*back)];
    world.go(&end, &asked).await;
    let paths: Vec<_> = world.shop.requests().into_iter().rev().take(2).collect();
    assert_eq!(paths[1].url.path(), "/told");
    assert_eq!(paths[0].url.path(), "/auth/signed-out");
    let told = &paths[1];
    assert!(told.field("ignored_parameter").is_some());
    let token = told.field("logout_token").expect("a logout token");
    assert_eq!(part(&token, 1)["sid"], sid);
    let notified = world.provider.notified();
    assert_eq!(notified[0].status, 200);
    assert_eq!(notified[0].headers["cache-control"], "no-store");

    world
        .provider
        .script(|s| s.logout_fault = Some(|token| token.set(json!({"nonce": "n"}))));
    world.go(&end, &asked).await;
    let token = world.shop.last("/told").field("logout_token");
    assert_eq!(part(&token.expect("a logout token"), 1)["nonce"], "n");
}

#[tokio::test]
async fn a_frame_tells_the_application_in_the_browser() {
    let world = World::new().await;
    let framed = world.shop.url("localhost", "/framed");
    world.provider.script(|s| {
        s.sessions = true;
        s.frontchannel_logout_uri = Some(framed);
    });
    let tokens = world.sign_in("openid").await;
    let claims = part(text(&tokens, "id_token"), 1);
    let end = world.provider.url(Place::EndSession);
    let back = world.shop.url("localhost", "/auth/signed-out");
    let url = format!("{end}?client_id=shop&post_logout_redirect_uri={back}");
    let mut visitor = Visitor::new();
    for cookie in [
        "lax=1; SameSite=Lax; Path=/",
        "none=1; SameSite=None; Secure; Path=/",
    ] {
        let stored = visitor.set_cookie(&world.shop.url("localhost", "/"), cookie);
        stored.expect("a good cookie");
    }
    let page = visitor.go(&url).await;
    visitor.load_frames(&page).await;
    let asked = world.shop.last("/framed");
    assert_eq!(asked.query("iss").as_deref(), claims["iss"].as_str());
    assert_eq!(asked.query("sid").as_deref(), claims["sid"].as_str());
    assert_eq!(asked.header("sec-fetch-dest"), Some("iframe"));
    assert_eq!(asked.header("sec-fetch-site"), Some("cross-site"));
    assert_eq!(asked.header("cookie"), Some("none=1"));
    assert_eq!(page.link("Continue").as_str(), back);

    world.provider.script(|s| {
        s.frontchannel_parameters = Some(|_, sid| vec![("sid", sid.to_owned())]);
    });
    let page = visitor.go(&url).await;
    assert!(!page.frames()[0].as_str().contains("iss="), "as Entra does");
}

#[tokio::test]
async fn logout_tokens_are_wrong_in_the_way_of_their_row_alone() {
    let world = World::new().await;
    world.provider.script(|s| s.sessions = true);
    world.provider.publish_rsa();
    let tokens = world.sign_in("openid").await;
    let id_token = part(text(&tokens, "id_token"), 1);
    let keys: Value = {
        let page = world.go(&world.provider.url(Place::Keys), &[]).await;
        page.json()
    };
    let honest = world.provider.logout_token();
    for claim in ["iss", "sub", "aud", "sid"] {
        assert_eq!(honest.claims[claim], id_token[claim], "{claim}");
    }
    assert_eq!(
        honest.claims["exp"].as_u64(),
        honest.claims["iat"].as_u64().map(|t| t + 120)
    );
    let mut whats = Vec::new();
    for row in LOGOUT_ROWS {
        let mut token = honest.clone();
        (row.change)(&mut token);
        let text = world.provider.sign_logout(&token);
        let differs = token.header != honest.header
            || token.claims != honest.claims
            || token.corrupt != honest.corrupt;
        assert_eq!(differs, row.what != "all correct", "{row:?}");
        assert_eq!(
            part(&text, 0),
            Value::Object(token.header.clone()),
            "{row:?}"
        );
        assert_eq!(
            part(&text, 1),
            Value::Object(token.claims.clone()),
            "{row:?}"
        );
        let unverified = [
            "unsigned",
            "a kid that nobody knows",
            "a wrong bit in the signature",
        ];
        let mac = row.what.starts_with("HS256");
        assert_eq!(
            verifies(&text, &keys),
            !mac && !unverified.contains(&row.what),
            "{row:?}"
        );
        assert!([200, 400].contains(&row.status), "{row:?}");
        whats.push(row.what);
    }
    let modules = LOGOUT_ROWS.iter().filter(|row| !row.module.is_empty());
    assert_eq!(modules.count(), 8, "the suite has so many");
    whats.sort_unstable();
    whats.dedup();
    assert_eq!(whats.len(), LOGOUT_ROWS.len(), "each says something else");
    let algorithm = |t: &Value| t["kid"] == RSA_KID;
    assert!(keys["keys"].as_array().expect("keys").iter().any(algorithm));
}

#[tokio::test]
async fn a_revoked_refresh_token_is_worth_nothing() {
    let world = World::new().await;
    let tokens = world.sign_in("openid offline_access").await;
    let token = text(&tokens, "refresh_token");
    let revoke = world.provider.url(Place::Revocation);
    let form = [("token", token), ("token_type_hint", "refresh_token")];
    let (status, body) = world.post(&revoke, &form).await;
    assert_eq!(
        (status.as_u16(), body.as_str()),
        (200, ""),
        "RFC 7009, section 2.2"
    );
    let asked = world.provider.asked(Place::Revocation);
    assert_eq!(asked[0].field("token").as_deref(), Some(token));
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(world.token(&refresh).await.0, 400, "it is worth nothing");
}
