//! OpenID Connect Back-Channel Logout 1.0: the provider's server asks the site's.

use ciam_tests::scripted::LOGOUT_ROWS;
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Framework, Redis, Store, cases};
use serde_json::json;

use super::super::provider_failures::asking::Told;
use super::{assert_done, assert_refused, honest, signed_in, tell, who, world};

cases! {
    at Misbehaving:
        each_logout_token_is_answered_as_it_deserves,
        every_session_of_the_session_that_is_over_ends_on_every_store,
        without_a_session_every_one_of_the_user_ends,
        a_token_that_was_carried_out_signs_nobody_out_again,
        a_request_that_is_no_form_is_refused,
        sessions_in_cookies_are_out_of_its_reach;
}

async fn each_logout_token_is_answered_as_it_deserves(on: Framework) {
    let mut world = world(on, Store::Memory).await;
    world.provider.publish_rsa();
    for row in LOGOUT_ROWS {
        let context = row.what;
        let mut visitor = signed_in(&mut world, context).await;
        let somebody = who(&world, &mut visitor).await;
        let mut token = world.provider.logout_token();
        (row.change)(&mut token);
        let answer = tell(&world, &world.provider.sign_logout(&token)).await;
        match row.status {
            200 => {
                assert_done(&answer);
                assert_eq!(who(&world, &mut visitor).await, "nobody", "{context}");
            }
            status => {
                assert_eq!(status, 400, "{context}");
                assert_refused(&answer, code(row.what), context);
                assert_eq!(who(&world, &mut visitor).await, somebody, "{context}");
            }
        }
    }
}

/// Why each is refused.
fn code(what: &str) -> &'static str {
    match what {
        "unsigned" => "token.alg_none",
        "RS256, with a published key" => "token.alg_mismatch",
        "aud and 1" => "token.audience",
        "iss and 1" => "token.issuer",
        "no events" | "another event" => "token.event_missing",
        "a nonce" => "token.nonce_unexpected",
        "no iss" => "token.issuer_missing",
        "no aud" => "token.audience_missing",
        "no iat" => "token.issued_at_missing",
        "no exp" => "token.expiry_missing",
        "no jti" => "token.id_missing",
        "neither sub nor sid" => "token.subject_and_session_missing",
        "sub is a number" | "sid is a number" => "token.claim_type",
        "expired an hour ago" => "token.too_old",
        "issued in an hour" => "token.issued_at",
        "events is a list" | "events is a text" => "token.claim_type",
        "the event is null" | "the event is a text" => "token.claim_type",
        "typ is at+jwt" => "token.type",
        "a crit that nobody knows" => "token.crit",
        "a kid that nobody knows" => "key.unknown_kid",
        "a wrong bit in the signature" => "token.signature",
        "HS256 with the client's secret" => "token.alg_symmetric",
        what => panic!("{what} has no code here"),
    }
}

async fn every_session_of_the_session_that_is_over_ends_on_every_store(on: Framework) {
    let redis = Redis::start().await;
    for store in [Store::Memory, Store::Redis(&redis)] {
        let mut world = world(on, store).await;
        let said = |sid: &'static str| json!({"sid": sid}).as_object().cloned().expect("members");
        world
            .provider
            .script(|script| script.claims = said("elsewhere"));
        let mut elsewhere = signed_in(&mut world, "elsewhere").await;
        world.provider.script(|script| script.claims = said("here"));
        let mut here = signed_in(&mut world, "here").await;
        let mut also_here = signed_in(&mut world, "also here").await;
        assert_done(&tell(&world, &honest(&world, json!({}))).await);
        assert_eq!(who(&world, &mut here).await, "nobody", "{store:?}");
        assert_eq!(who(&world, &mut also_here).await, "nobody", "{store:?}");
        assert_ne!(who(&world, &mut elsewhere).await, "nobody", "{store:?}");
        // Normally they are gone already.
        assert_done(&tell(&world, &honest(&world, json!({}))).await);
        assert_ne!(who(&world, &mut elsewhere).await, "nobody", "{store:?}");
    }
}

async fn without_a_session_every_one_of_the_user_ends(on: Framework) {
    let redis = Redis::start().await;
    for store in [Store::Memory, Store::Redis(&redis)] {
        let mut world = world(on, store).await;
        let mut one = signed_in(&mut world, "one").await;
        let mut other = signed_in(&mut world, "other").await;
        let bob = json!({"sub": "bob"}).as_object().cloned().expect("members");
        world.provider.script(|script| script.claims = bob);
        world.sign_in().await;
        let of_alice = honest(&world, json!({"sid": null, "sub": "alice"}));
        assert_done(&tell(&world, &of_alice).await);
        assert_eq!(who(&world, &mut one).await, "nobody", "{store:?}");
        assert_eq!(who(&world, &mut other).await, "nobody", "{store:?}");
        assert!(world.who().await.ends_with("#bob"), "{store:?}");
    }
}

async fn a_token_that_was_carried_out_signs_nobody_out_again(on: Framework) {
    let redis = Redis::start().await;
    for store in [Store::Memory, Store::Redis(&redis)] {
        let mut world = world(on, store).await;
        let mut before = signed_in(&mut world, "before").await;
        let of_user = honest(&world, json!({"sid": null}));
        assert_done(&tell(&world, &of_user).await);
        assert_eq!(who(&world, &mut before).await, "nobody", "{store:?}");
        let mut after = signed_in(&mut world, "after").await;
        let again = tell(&world, &of_user).await;
        assert_refused(&again, "logout.replayed", &format!("{store:?}"));
        assert_ne!(who(&world, &mut after).await, "nobody", "{store:?}");
    }
}

async fn a_request_that_is_no_form_is_refused(on: Framework) {
    let mut world = world(on, Store::Memory).await;
    let mut visitor = signed_in(&mut world, "somebody").await;
    let token = honest(&world, json!({}));
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let port = world.site.port();
    let ask = async |method: &str, headers: &str, body: &str| {
        let path = "/auth/backchannel-logout";
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n{headers}\
             content-length: {length}\r\n\r\n{body}"
        );
        let answer = exchange(port, request.as_bytes(), Then::Wait).await;
        Told::of(answer.expect("an answer"))
    };
    let good = format!("logout_token={token}");
    let long = format!("{good}&a={}", "x".repeat(70_000));
    for (method, headers, body, status, code) in [
        ("POST", "", good.as_str(), 400, "logout.content_type"),
        (
            "POST",
            "content-type: text/plain\r\n",
            &good,
            400,
            "logout.content_type",
        ),
        (
            "POST",
            "content-type: application/json\r\n",
            &good,
            400,
            "logout.content_type",
        ),
        ("POST", form, "", 400, "logout.token_missing"),
        (
            "POST",
            form,
            &format!("{good}&{good}"),
            400,
            "request.duplicate_parameter",
        ),
        ("POST", form, &long, 413, "request.too_long"),
        ("GET", form, &good, 405, "request.method"),
        ("PUT", form, &good, 405, "request.method"),
    ] {
        let answer = ask(method, headers, body).await;
        assert_eq!(answer.status, status, "{code}: {}", answer.body);
        assert!(answer.body.contains(code), "{code}: {}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store", "{code}");
        assert_ne!(who(&world, &mut visitor).await, "nobody", "{code}");
    }
    // What comes along is nobody's business: neither cookies nor where it came from.
    let cross_site =
        format!("{form}origin: https://evil.example\r\nsec-fetch-site: cross-site\r\n");
    let answer = ask("POST", &cross_site, &good).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(who(&world, &mut visitor).await, "nobody");
}

async fn sessions_in_cookies_are_out_of_its_reach(on: Framework) {
    let mut world = world(on, Store::Cookie).await;
    let mut visitor = signed_in(&mut world, "somebody").await;
    let answer = tell(&world, &honest(&world, json!({}))).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    assert!(answer.body.contains("logout.needs_store"), "{answer:?}");
    assert_ne!(who(&world, &mut visitor).await, "nobody");
}
