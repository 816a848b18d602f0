//! Sessions are made by signing in, and by nothing that is sent.

use ciam_tests::{Framework, Visitor, cases};

use super::super::provider_failures::World;
use super::raw;

cases! {
    at Misbehaving:
        cve_2021_41246_a_planted_session_does_not_survive_a_sign_in,
        cve_2024_52553_a_session_value_changes_at_every_sign_in,
        cve_2023_24426_a_value_of_before_is_not_the_value_after,
        cve_2022_25896_a_sign_in_over_a_session_makes_another,
        cve_2024_29901_headers_of_the_request_make_no_session,
        cve_2024_24814_a_huge_chunk_count_is_nobody,
        cve_2023_28625_a_malformed_cookie_is_nobody,
        cve_2021_32791_two_sessions_of_the_same_differ,
        cve_2021_22119_abandoned_attempts_are_capped;
}

async fn cve_2021_41246_a_planted_session_does_not_survive_a_sign_in(on: Framework) {
    begins_anew(on, true).await;
}

async fn cve_2024_52553_a_session_value_changes_at_every_sign_in(on: Framework) {
    begins_anew(on, false).await;
}

async fn cve_2023_24426_a_value_of_before_is_not_the_value_after(on: Framework) {
    begins_anew(on, true).await;
}

async fn cve_2022_25896_a_sign_in_over_a_session_makes_another(on: Framework) {
    begins_anew(on, false).await;
}

async fn cve_2024_29901_headers_of_the_request_make_no_session(on: Framework) {
    let world = World::new(on).await;
    let headers =
        "x-workos-session: alice\r\nx-ciam-session: alice\r\nauthorization: Bearer alice\r\n";
    let answer = raw(&world, "GET", "/", headers).await;
    assert!(answer.ends_with("nobody"), "{answer}");
}

async fn cve_2024_24814_a_huge_chunk_count_is_nobody(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to know the name").await;
    let name = session(&world.visitor).0;
    for cookie in [
        format!("{name}=99999999"),
        format!("{name}=99999999.x; {name}_chunks=99999999"),
        format!("{name}.99999999=x"),
        format!("{name}=-1"),
    ] {
        let answer = raw(&world, "GET", "/", &format!("cookie: {cookie}\r\n")).await;
        assert!(answer.ends_with("nobody"), "{cookie}: {answer}");
    }
}

async fn cve_2023_28625_a_malformed_cookie_is_nobody(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to know the name").await;
    let (name, value) = session(&world.visitor);
    for cookie in ["=", ";;", ";", "=;=", "a", "=x", "  ; ;=;", ",", "\"", "%"] {
        let answer = raw(&world, "GET", "/", &format!("cookie: {cookie}\r\n")).await;
        assert!(answer.ends_with("nobody"), "{cookie}: {answer}");
        let cookie = format!("{cookie}; {name}={value}");
        let answer = raw(&world, "GET", "/", &format!("cookie: {cookie}\r\n")).await;
        assert!(answer.ends_with("#alice"), "{cookie}: {answer}");
    }
}

async fn cve_2021_32791_two_sessions_of_the_same_differ(on: Framework) {
    let mut world = World::new(on).await;
    let mut values = Vec::new();
    for _ in 0..5 {
        world.visitor = Visitor::new();
        world.expect_signed_in("again").await;
        values.push(session(&world.visitor).1);
    }
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 5);
}

async fn cve_2021_22119_abandoned_attempts_are_capped(on: Framework) {
    let mut world = World::new(on).await;
    let mut hasty = world
        .visitor
        .clone()
        .stopping_before(&world.provider.issuer());
    for _ in 0..20 {
        hasty.go(world.site.url("/auth/login")).await;
        assert!(hasty.cookies().len() <= 6);
    }
    world.expect_signed_in("after the flood").await;
}

async fn begins_anew(on: Framework, planted: bool) {
    let mut world = World::new(on).await;
    world.expect_signed_in("the first").await;
    let (name, first) = session(&world.visitor);
    if planted {
        world.visitor = Visitor::new();
        let set = format!("{name}=planted; Path=/");
        let home = world.site.url("/");
        world.visitor.set_cookie(&home, &set).expect("a cookie");
        assert_eq!(world.who().await, "nobody");
    }
    world.expect_signed_in("the second").await;
    let second = session(&world.visitor).1;
    assert!(second != first && second != "planted");
}

/// Name and value of the one cookie of somebody who is signed in.
fn session(visitor: &Visitor) -> (String, String) {
    let kept = &visitor.cookie("ciam-session").expect("a session").cookie;
    (kept.name().to_owned(), kept.value().to_owned())
}
