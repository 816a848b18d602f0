//! Sessions are made by signing in, and by nothing that is sent.

use std::time::Duration;

use ciam_tests::{Framework, Visitor, cases, clock};
use http::Method;
use serde_json::json;

use super::super::provider_failures::World;
use super::{cookies, is_nobody, plant, raw, says, session, user};

cases! {
    at Misbehaving:
        cve_2021_41246_a_planted_session_does_not_become_the_victims,
        cve_2024_52553_a_sign_in_over_a_session_makes_another,
        cve_2022_25896_signing_out_and_in_again_makes_another,
        cve_2025_46344_a_copied_value_ends_with_its_time,
        ghsa_f24x_5g9q_753f_nobody_is_told_signed_out_while_signed_in,
        cve_2024_29901_headers_of_the_request_make_no_session,
        cve_2021_22119_abandoned_attempts_are_capped;
}

async fn cve_2021_41246_a_planted_session_does_not_become_the_victims(on: Framework) {
    let mut world = World::new(on).await;
    says(&world, json!({"sub": "mallory"}));
    world.sign_in().await;
    assert_eq!(world.who().await, user(&world, "mallory"));
    let (name, planted) = session(&world.visitor);
    says(&world, json!({}));

    // Into a browser of a victim: mallory's own, garbage, and a chunk beyond the first.
    for (value, who) in [
        (planted.as_str(), user(&world, "mallory")),
        ("planted", "nobody".to_owned()),
        ("1planted", "nobody".to_owned()),
        ("", "nobody".to_owned()),
    ] {
        world.visitor = Visitor::new();
        plant(&world.site, &mut world.visitor, &name, value);
        let second = name.replacen("session", "session1", 1);
        plant(&world.site, &mut world.visitor, &second, "planted");
        assert_eq!(world.who().await, who, "{value}: it was planted");
        world.expect_signed_in(value).await;
        let own = session(&world.visitor).1;
        assert_ne!(own, value, "a new value");
        assert_eq!(world.who().await, user(&world, "alice"), "{value}");
    }
    // What mallory kept is still mallory.
    world.visitor = Visitor::new();
    plant(&world.site, &mut world.visitor, &name, &planted);
    assert_eq!(world.who().await, user(&world, "mallory"));
}

async fn cve_2024_52553_a_sign_in_over_a_session_makes_another(on: Framework) {
    let mut world = World::new(on).await;
    says(
        &world,
        json!({"roles": ["Admin"], "email": "alice@example.com"}),
    );
    world.expect_signed_in("the first").await;
    let before = cookies(&world.visitor);
    let (_, first) = session(&world.visitor);

    says(&world, json!({"sub": "bob", "name": "Bob"}));
    let account = world.sign_in().await;
    assert_eq!(account.status, 200, "{account}");
    let claims: serde_json::Value = account.json();
    assert_eq!(
        (&claims["sub"], &claims["name"]),
        (&json!("bob"), &json!("Bob"))
    );
    assert!(!account.body.contains("Admin"), "{account}");
    assert!(!account.body.contains("alice"), "{account}");
    let second = session(&world.visitor).1;
    assert_ne!(second, first);

    // The same user again, too.
    world.sign_in().await;
    assert_ne!(session(&world.visitor).1, second);
    assert_eq!(world.who().await, user(&world, "bob"));
    // Only in part: without a store, a copy of the first value is alice until it ends.
    let copy = raw(&world, "GET", "/", &before).await;
    assert_eq!(copy.body, user(&world, "alice"));
}

async fn cve_2022_25896_signing_out_and_in_again_makes_another(on: Framework) {
    let mut world = World::new(on).await;
    says(&world, json!({"sub": "mallory"}));
    world.sign_in().await;
    let (name, planted) = session(&world.visitor);
    says(&world, json!({}));

    world.visitor = Visitor::new();
    world.expect_signed_in("the first").await;
    let (_, first) = session(&world.visitor);
    sign_out(&mut world).await;
    assert_eq!(world.who().await, "nobody");
    let kept = world.visitor.cookies();
    let kept: Vec<_> = kept.iter().map(|kept| kept.cookie.name()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(
        kept[0].starts_with("ciam-logout-"),
        "of the way back: {kept:?}"
    );

    plant(&world.site, &mut world.visitor, &name, &planted);
    world.expect_signed_in("the second").await;
    let second = session(&world.visitor).1;
    assert!(second != first && second != planted);
}

/// That a copy opens after signing out is what `SECURITY.md` says of sealed cookies.
async fn cve_2025_46344_a_copied_value_ends_with_its_time(on: Framework) {
    let clock = clock();
    let (idle, absolute) = (Duration::from_secs(15 * 60), Duration::from_secs(40 * 60));
    let mut world = World::with(on, |config| {
        config
            .with_clock(clock.clone())
            .with_session_idle(idle)
            .with_session_lifetime(absolute)
    })
    .await;
    world.expect_signed_in("before").await;
    let copy = cookies(&world.visitor);
    sign_out(&mut world).await;
    let alice = user(&world, "alice");
    let second = Duration::from_secs(1);

    clock.advance(idle.checked_sub(second).expect("longer"));
    let mut renewed = Visitor::new();
    let answer = raw(&world, "GET", "/", &copy).await;
    assert_eq!(answer.body, alice, "not yet");
    for cookie in answer.sets() {
        renewed
            .set_cookie(&world.site.url("/"), &cookie)
            .expect("a cookie");
    }
    clock.advance(second);
    is_nobody(&world, &copy).await;

    // What was renewed ends with the session that it is of.
    let copy = cookies(&renewed);
    assert_eq!(raw(&world, "GET", "/", &copy).await.body, alice);
    clock.advance(idle.checked_sub(second + second).expect("longer"));
    let answer = raw(&world, "GET", "/", &copy).await;
    assert_eq!(answer.body, alice, "not yet");
    for cookie in answer.sets() {
        renewed
            .set_cookie(&world.site.url("/"), &cookie)
            .expect("a cookie");
    }
    let copy = cookies(&renewed);
    let rest = absolute - idle - idle + second;
    clock.advance(rest);
    assert_eq!(raw(&world, "GET", "/", &copy).await.body, alice, "not yet");
    clock.advance(second);
    is_nobody(&world, &copy).await;
}

async fn ghsa_f24x_5g9q_753f_nobody_is_told_signed_out_while_signed_in(on: Framework) {
    let mut world = World::new(on).await;
    let signed_out = world.site.url("/auth/signed-out");
    world.expect_signed_in("before").await;
    let page = world.visitor.go(&signed_out).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
    assert_eq!(page.body, user(&world, "alice"));
    // A sign-in that fails does not sign out, and does not say so.
    says(&world, json!({"aud": "another"}));
    let page = world.sign_in().await;
    assert_eq!(page.status, 502, "{page}");
    assert!(!page.text().contains("signed out"), "{page}");
    assert_eq!(world.who().await, user(&world, "alice"));

    sign_out(&mut world).await;
    let page = world.visitor.go(&signed_out).await;
    assert_eq!(
        (page.status.as_u16(), page.url.as_str()),
        (200, signed_out.as_str())
    );
    assert!(page.text().contains("You are signed out"), "{page}");
    assert_eq!(world.who().await, "nobody");
}

async fn cve_2024_29901_headers_of_the_request_make_no_session(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to have a value").await;
    let own = cookies(&world.visitor);
    let (name, value) = session(&world.visitor);
    for header in [
        format!("x-workos-session: {value}\r\n"),
        format!("x-ciam-session: {value}\r\n"),
        format!("{name}: {value}\r\n"),
        format!("authorization: Bearer {value}\r\n"),
        format!("x-middleware-request-cookie: {name}={value}\r\n"),
        format!("cookie2: {name}={value}\r\n"),
        format!("set-cookie: {name}={value}\r\n"),
        "x-ciam-user: alice\r\n".to_owned(),
    ] {
        is_nobody(&world, &header).await;
        let answer = raw(&world, "GET", "/", &format!("{own}{header}")).await;
        assert_eq!(answer.body, user(&world, "alice"), "{header}");
    }
}

async fn cve_2021_22119_abandoned_attempts_are_capped(on: Framework) {
    let mut world = World::new(on).await;
    let issuer = world.provider.issuer();
    let mut hasty = world.visitor.clone().stopping_before(&issuer);
    for begun in 1..=20 {
        hasty.go(world.site.url("/auth/login")).await;
        assert_eq!(hasty.cookies().len(), begun.min(6));
    }
    for kept in hasty.cookies() {
        let (name, value) = (kept.cookie.name(), kept.cookie.value());
        plant(&world.site, &mut world.visitor, name, value);
    }
    world.expect_signed_in("after the flood").await;
}

/// By the form of a page of this application.
async fn sign_out(world: &mut World) {
    let home = world.visitor.go(world.site.url("/")).await;
    let out = world
        .visitor
        .fetch(&home, Method::POST, "/auth/logout")
        .await;
    assert_eq!(out.status, 303, "{out}");
    assert!(
        out.location()
            .is_some_and(|to| to.as_str().starts_with(&world.provider.issuer()))
    );
}
