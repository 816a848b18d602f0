//! One answer for one attempt of one browser, at the provider it began at.

use ciam_tests::scripted::Place;
use ciam_tests::{Framework, Visitor, cases};
use serde_json::json;

use super::super::provider_failures::World;
use super::{callback, plant, shared};

cases! {
    at Misbehaving:
        cve_2023_27490_an_answer_without_its_state_or_cookie_signs_nobody_in,
        cve_2026_41425_another_browser_cannot_finish,
        cve_2026_73419_an_attempt_ends_at_the_provider_it_began_at,
        userinfo_of_another_subject_signs_nobody_in,
        mix_up_an_answer_of_another_issuer_signs_nobody_in,
        cve_2021_32702_an_error_is_never_markup;
}

async fn cve_2023_27490_an_answer_without_its_state_or_cookie_signs_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    let url = callback(&mut world).await;
    let (without_state, state) = url.split_once("&state=").expect("a state");
    let first = state.get(..12).expect("a long state").to_owned();
    for (answer, status, code) in [
        (without_state.to_owned(), 400, "callback.state_missing"),
        (
            format!("{without_state}&state="),
            400,
            "callback.state_missing",
        ),
        (
            format!("{without_state}&state=x"),
            400,
            "callback.state_missing",
        ),
        (
            format!("{without_state}&state={}", "s".repeat(43)),
            400,
            "callback.transaction",
        ),
    ] {
        let page = world.visitor.go(&answer).await;
        world.expect_refused(&answer, &page, status, code).await;
    }
    // The cookie is there, its name in the state, and the rest is made up.
    let made_up = format!("{without_state}&state={first}{}", "s".repeat(31));
    let mut other_tab = world.visitor.clone();
    let page = other_tab.go(&made_up).await;
    assert_eq!(page.status, 400, "{page}");
    assert_eq!(ciam_tests::told(&page).0, "callback.state");

    let kept = world.visitor.cookies()[0].cookie.clone();
    world.visitor.forget_cookie(kept.name());
    let page = world.visitor.go(&url).await;
    world
        .expect_refused("no cookie", &page, 400, "callback.transaction")
        .await;
    assert_eq!(
        world.provider.asked(Place::Token).len(),
        0,
        "no code was sent"
    );

    plant(&world.site, &mut world.visitor, kept.name(), kept.value());
    let page = world.visitor.go(&url).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    assert_eq!(page.status, 200, "{page}");
    let issued = world.provider.issued().remove(0);
    assert_eq!(issued.code_verifier.expect("it was sent").len(), 43);
}

async fn cve_2026_41425_another_browser_cannot_finish(on: Framework) {
    let mut world = World::new(on).await;
    let url = callback(&mut world).await;
    let owner = std::mem::take(&mut world.visitor);
    // One that never was here, and one with an attempt of its own.
    let page = world.visitor.go(&url).await;
    world
        .expect_refused("no cookies", &page, 400, "callback.transaction")
        .await;
    callback(&mut world).await;
    let page = world.visitor.go(&url).await;
    world
        .expect_refused("its own attempt", &page, 400, "callback.transaction")
        .await;
    assert_eq!(
        world.provider.asked(Place::Token).len(),
        0,
        "no code was sent"
    );

    world.visitor = owner;
    let page = world.visitor.go(&url).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    assert_eq!(page.status, 200, "{page}");
}

async fn cve_2026_73419_an_attempt_ends_at_the_provider_it_began_at(on: Framework) {
    // One browser, one host, one secret, one client id: only the providers differ.
    let (mut one, mut other) = (shared(on).await, shared(on).await);
    let answer = callback(&mut one).await;
    let moved = answer.replace(&one.site.url(""), &other.site.url(""));
    assert_ne!(moved, answer);
    other.visitor = one.visitor.clone();
    let page = other.visitor.go(&moved).await;
    other
        .expect_refused("the cookie of one", &page, 400, "callback.transaction")
        .await;

    // Under the name that the other application would read.
    let hash = |visitor: &Visitor, old: &[String]| {
        let names = visitor.cookies();
        let mut names = names.iter().map(|kept| kept.cookie.name().to_owned());
        names
            .find(|name| !old.contains(name))
            .expect("a new cookie")
    };
    let attempt = hash(&one.visitor, &[]);
    callback(&mut other).await;
    let theirs = hash(&other.visitor, std::slice::from_ref(&attempt));
    let suffix = theirs.rsplit_once('-').expect("a suffix").1;
    let (name, own_suffix) = attempt.rsplit_once('-').expect("a suffix");
    assert_ne!(suffix, own_suffix, "the names differ");
    let value = one.visitor.cookies()[0].cookie.value().to_owned();
    let renamed = format!("{name}-{suffix}");
    plant(&other.site, &mut other.visitor, &renamed, &value);
    let page = other.visitor.go(&moved).await;
    other
        .expect_refused("renamed", &page, 400, "callback.transaction")
        .await;
    assert_eq!(
        other.provider.asked(Place::Token).len(),
        0,
        "no code was sent"
    );

    let page = one.visitor.go(&answer).await;
    assert_eq!(page.url.as_str(), one.site.url("/account"), "{page}");
    assert_eq!(page.status, 200, "{page}");
    other.expect_signed_in("an attempt of its own").await;
}

async fn userinfo_of_another_subject_signs_nobody_in(on: Framework) {
    let mut world = World::with(on, ciam_core::ConfigBuilder::with_userinfo).await;
    world.expect_signed_in("the same subject").await;
    for (subject, code) in [
        (json!("mallory"), "userinfo.subject"),
        (json!("Alice"), "userinfo.subject"),
        (json!("alice "), "userinfo.subject"),
        (json!(null), "userinfo.subject_missing"),
    ] {
        world.visitor = Visitor::new();
        world.provider.script(|script| {
            script.userinfo.insert("sub".to_owned(), subject.clone());
        });
        let page = world.sign_in().await;
        let context = subject.to_string();
        world.expect_refused(&context, &page, 502, code).await;
    }
}

async fn mix_up_an_answer_of_another_issuer_signs_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    let announced = json!({"authorization_response_iss_parameter_supported": true});
    let announced = announced.as_object().expect("an object").clone();
    world.provider.script(|script| script.metadata = announced);
    let issuer = world.provider.issuer();
    for (iss, code) in [
        (String::new(), "callback.issuer_missing"),
        ("&iss=".to_owned(), "callback.issuer_missing"),
        ("&iss=https://evil.com".to_owned(), "callback.issuer"),
        (format!("&iss={issuer}/"), "callback.issuer"),
        (format!("&iss={issuer}.evil.com"), "callback.issuer"),
        (format!("&iss={}", issuer.to_uppercase()), "callback.issuer"),
    ] {
        let url = callback(&mut world).await;
        let page = world.visitor.go(format!("{url}{iss}")).await;
        world.expect_refused(&iss, &page, 502, code).await;
    }
    assert_eq!(
        world.provider.asked(Place::Token).len(),
        0,
        "no code was sent"
    );
    let url = callback(&mut world).await;
    let page = world.visitor.go(format!("{url}&iss={issuer}")).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    assert_eq!(page.status, 200, "{page}");
}

async fn cve_2021_32702_an_error_is_never_markup(on: Framework) {
    let mut world = World::new(on).await;
    let script = "<script>alert(1)</script>";
    let encoded = "%3Cscript%3Ealert(1)%3C/script%3E";
    let mut texts = Vec::new();
    for error in ["access_denied", script] {
        world.visitor = Visitor::new();
        world.provider.script(|s| {
            let words = |name| (name, script.to_owned());
            s.authorization = Some(vec![
                ("error", error.to_owned()),
                words("error_description"),
                words("error_uri"),
            ]);
        });
        let page = world.sign_in().await;
        world
            .expect_refused(error, &page, 400, "callback.provider")
            .await;
        texts.push(page.body);
    }
    for (address, code) in [
        (format!("code=x&state={encoded}"), "callback.state_missing"),
        (format!("error={encoded}"), "callback.state_missing"),
        (
            format!("state=abcdefghijklmnop{encoded}"),
            "callback.transaction",
        ),
        (
            format!("{encoded}={encoded}&{encoded}=x"),
            "request.duplicate_parameter",
        ),
    ] {
        let callback = world.site.url(&format!("/auth/callback?{address}"));
        let page = world.visitor.go(callback).await;
        world.expect_refused(&address, &page, 400, code).await;
        texts.push(page.body);
    }
    for text in texts {
        assert!(
            !text.contains("script") && !text.contains("alert"),
            "{text}"
        );
    }
}
