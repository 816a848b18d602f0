//! Group D: sign-out that somebody else asked for.

use ciam_tests::scripted::{Place, Signing};
use ciam_tests::{Framework, Store, cases};
use serde_json::json;

use super::super::provider_failures::World;
use super::super::sign_out::world;
use super::{cookies, raw, raw_form, user};

cases! {
    at Misbehaving:
        cve_2019_10157_a_logout_token_that_nobody_signed_ends_nothing,
        cve_2019_10157_a_logout_token_of_the_future_locks_nobody_out,
        a_logout_token_without_what_tells_it_apart_ends_nothing,
        an_id_token_is_no_logout_token,
        a_frame_ends_a_session_and_revokes_no_token,
        a_frame_without_a_session_to_end_ends_none;
}

/// Status and code of the answer to a logout token.
async fn tell(world: &World, token: &str) -> (u16, String) {
    let form = format!("logout_token={token}");
    let headers = format!(
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
        form.len()
    );
    let answer = raw_form(world, "POST", "/auth/backchannel-logout", &headers, &form).await;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = body["error_description"].as_str().unwrap_or_default();
    (answer.status, code.to_owned())
}

async fn somebody(on: Framework) -> World {
    let mut world = world(on, Store::Memory).await;
    world.expect_signed_in("somebody").await;
    world
}

async fn cve_2019_10157_a_logout_token_that_nobody_signed_ends_nothing(on: Framework) {
    let mut world = somebody(on).await;
    let honest = world.provider.logout_token();
    let mut corrupt = honest.clone();
    corrupt.corrupt = true;
    let mut unsigned = honest.clone();
    unsigned.signing = Some(Signing::Unsigned);
    unsigned.set_header(json!({"alg": "none", "kid": null}));
    let mut of_another = honest.clone();
    of_another.signing = Some(Signing::Key("p256", "ES256"));
    let mut with_secret = honest.clone();
    with_secret.sign_with(Signing::Mac("the client's secret".to_owned()), "one");
    for (token, code) in [
        (corrupt, "token.signature"),
        (unsigned, "token.alg_none"),
        (of_another, "token.signature"),
        (with_secret, "token.alg_symmetric"),
    ] {
        let token = world.provider.sign_logout(&token);
        assert_eq!(tell(&world, &token).await, (400, code.to_owned()));
        assert_eq!(world.who().await, user(&world, "alice"), "{code}");
    }
    // It was not the request.
    let token = world.provider.sign_logout(&honest);
    assert_eq!(tell(&world, &token).await.0, 200);
    assert_eq!(world.who().await, "nobody");
}

/// There, a time far ahead was kept, and nobody could sign in before it.
async fn cve_2019_10157_a_logout_token_of_the_future_locks_nobody_out(on: Framework) {
    let mut world = somebody(on).await;
    for (claims, code) in [
        (json!({"nbf": 4_102_444_800_u64}), "token.not_yet_valid"),
        (
            json!({"iat": 4_102_444_800_u64, "exp": 4_102_444_920_u64}),
            "token.issued_at",
        ),
    ] {
        let mut token = world.provider.logout_token();
        token.set(claims);
        let token = world.provider.sign_logout(&token);
        assert_eq!(tell(&world, &token).await, (400, code.to_owned()));
        assert_eq!(world.who().await, user(&world, "alice"), "{code}");
    }
    // Nor does a good one that would be valid for ever.
    let mut token = world.provider.logout_token();
    token.set(json!({"exp": 4_102_444_800_u64}));
    let token = world.provider.sign_logout(&token);
    assert_eq!(tell(&world, &token).await.0, 200);
    assert_eq!(world.who().await, "nobody");
    world.expect_signed_in("at once, again").await;
}

async fn a_logout_token_without_what_tells_it_apart_ends_nothing(on: Framework) {
    let mut world = somebody(on).await;
    for (claims, code) in [
        (json!({"iat": null}), "token.issued_at_missing"),
        (json!({"jti": null}), "token.id_missing"),
        (json!({"events": null}), "token.event_missing"),
        (json!({"nonce": "n"}), "token.nonce_unexpected"),
    ] {
        let mut token = world.provider.logout_token();
        token.set(claims);
        let token = world.provider.sign_logout(&token);
        assert_eq!(tell(&world, &token).await, (400, code.to_owned()));
    }
    let mut typed = world.provider.logout_token();
    typed.set_header(json!({"typ": "at+jwt"}));
    let typed = world.provider.sign_logout(&typed);
    assert_eq!(tell(&world, &typed).await, (400, "token.type".to_owned()));
    assert_eq!(world.who().await, user(&world, "alice"));
    // And one that was carried out is not carried out again.
    let token = world.provider.logout_token();
    let token = world.provider.sign_logout(&token);
    assert_eq!(tell(&world, &token).await.0, 200);
    let again = (400, "logout.replayed".to_owned());
    assert_eq!(tell(&world, &token).await, again);
}

async fn an_id_token_is_no_logout_token(on: Framework) {
    let mut world = somebody(on).await;
    let issued = world.provider.issued();
    let id_token = issued[0].id_token.as_ref().expect("it was issued");
    let refused = (400, "token.event_missing".to_owned());
    assert_eq!(tell(&world, id_token).await, refused);
    // Nor one to which a provider was brought to add what a logout token has.
    let mut token = world.provider.logout_token();
    token.set(json!({"nonce": issued[0].nonce, "name": "Alice"}));
    token.set_header(json!({"typ": "JWT"}));
    let token = world.provider.sign_logout(&token);
    let refused = (400, "token.nonce_unexpected".to_owned());
    assert_eq!(tell(&world, &token).await, refused);
    assert_eq!(world.who().await, user(&world, "alice"));
}

async fn a_frame_ends_a_session_and_revokes_no_token(on: Framework) {
    let mut world = world(on, Store::Memory).await;
    let one = json!({"sid": "one"}).as_object().cloned().expect("members");
    world.provider.script(|script| script.claims = one);
    world.expect_signed_in("somebody").await;
    let answer = raw(&world, "GET", "/auth/frontchannel-logout?sid=one", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(world.who().await, "nobody");
    assert_eq!(world.provider.asked(Place::Revocation).len(), 0);
    assert_eq!(world.provider.asked(Place::EndSession).len(), 0);
}

/// As a link of another site asks for it, or a frame of the same one, cookie and all.
async fn a_frame_without_a_session_to_end_ends_none(on: Framework) {
    let mut world = somebody(on).await;
    let own = cookies(&world.visitor);
    let issuer = world.provider.issuer();
    for query in ["", "?sid=", "?sid=another", &format!("?iss={issuer}")] {
        let path = format!("/auth/frontchannel-logout{query}");
        let answer = raw(&world, "GET", &path, &own).await;
        let status = if query == "?sid=another" { 200 } else { 400 };
        assert_eq!(answer.status, status, "{query}");
        assert!(!answer.headers.contains_key("set-cookie"), "{query}");
        assert_eq!(world.who().await, user(&world, "alice"), "{query}");
    }
}
