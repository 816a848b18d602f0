//! What is protected stays so, however it is asked for.

use ciam_tests::{Framework, cases};

use super::super::provider_failures::World;
use super::{location, raw};

cases! {
    at Misbehaving:
        cve_2025_54576_a_query_opens_no_protected_path,
        cve_2026_40575_a_forwarded_address_opens_nothing,
        cve_2026_41059_an_encoded_fragment_opens_nothing,
        cve_2025_64484_underscored_identity_headers_are_nobody,
        cve_2017_6413_identity_headers_are_nobody,
        cve_2017_6062_identity_headers_of_a_protected_page_are_nobody,
        cve_2021_39206_a_fragment_opens_nothing,
        cve_2025_31492_an_anonymous_answer_has_nothing_of_the_page,
        cve_2025_3891_an_empty_post_is_answered,
        cve_2026_73421_a_provider_that_fails_lets_nobody_in,
        cve_2022_24797_no_debug_page_is_open;
}

async fn cve_2025_54576_a_query_opens_no_protected_path(on: Framework) {
    is_closed(
        on,
        &[
            ("/account?x=/auth/login", ""),
            ("/account?/", ""),
            ("/account?/auth/signed-out", ""),
            ("/account;/auth/login", ""),
        ],
    )
    .await;
}

async fn cve_2026_40575_a_forwarded_address_opens_nothing(on: Framework) {
    is_closed(
        on,
        &[
            ("/account", "x-forwarded-uri: /\r\n"),
            ("/account", "x-original-url: /\r\n"),
            ("/account", "x-rewrite-url: /\r\n"),
            ("/account", "x-forwarded-path: /\r\n"),
            ("/account", "x-original-uri: /\r\n"),
        ],
    )
    .await;
}

async fn cve_2026_41059_an_encoded_fragment_opens_nothing(on: Framework) {
    is_closed(
        on,
        &[
            ("/account%23/auth/login", ""),
            ("/account%2523/", ""),
            ("/account%3f/", ""),
        ],
    )
    .await;
}

async fn cve_2025_64484_underscored_identity_headers_are_nobody(on: Framework) {
    is_closed(
        on,
        &[
            ("/account", "X_Forwarded_User: alice\r\n"),
            ("/account", "X_Forwarded_Email: alice\r\n"),
        ],
    )
    .await;
}

async fn cve_2017_6413_identity_headers_are_nobody(on: Framework) {
    is_closed(
        on,
        &[
            ("/account", "OIDC_CLAIM_sub: alice\r\n"),
            ("/account", "OIDC-CLAIM-sub: alice\r\n"),
            ("/account", "remote-user: alice\r\n"),
        ],
    )
    .await;
}

async fn cve_2017_6062_identity_headers_of_a_protected_page_are_nobody(on: Framework) {
    is_closed(
        on,
        &[
            ("/account", "x-forwarded-user: alice\r\n"),
            ("/account", "x-auth-request-user: alice\r\n"),
            ("/account", "x-ms-client-principal: alice\r\n"),
            ("/account", "authorization: alice\r\n"),
        ],
    )
    .await;
}

async fn cve_2021_39206_a_fragment_opens_nothing(on: Framework) {
    is_closed(on, &[("/account#/auth/login", ""), ("/account#", "")]).await;
}

async fn cve_2025_31492_an_anonymous_answer_has_nothing_of_the_page(on: Framework) {
    let mut world = World::new(on).await;
    for (method, headers) in [("GET", ""), ("GET", "sec-fetch-mode: cors\r\n")] {
        let answer = raw(&world, method, "/account", headers).await;
        assert!(
            !answer.contains("alice") && !answer.contains("\"sub\""),
            "{answer}"
        );
    }
    let answer = raw(&world, "POST", "/order", "content-length: 0\r\n").await;
    assert!(!answer.contains("ordered"), "{answer}");
    world.expect_signed_in("who may see it").await;
}

async fn cve_2025_3891_an_empty_post_is_answered(on: Framework) {
    let world = World::new(on).await;
    for target in ["/order", "/auth/callback", "/auth/logout", "/auth/login"] {
        let answer = raw(&world, "POST", target, "content-length: 0\r\n").await;
        assert!(!answer.starts_with("HTTP/1.1 5"), "{target}: {answer}");
    }
}

async fn cve_2026_73421_a_provider_that_fails_lets_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    world
        .provider
        .close(ciam_tests::scripted::Place::Metadata)
        .await;
    let page = world.sign_in().await;
    assert!(page.status.is_server_error(), "{page}");
    assert_eq!(world.who().await, "nobody");
    let answer = raw(&world, "GET", "/account", "").await;
    assert!(
        location(&answer).is_some_and(|l| l.starts_with("/auth/login")),
        "{answer}"
    );
}

async fn cve_2022_24797_no_debug_page_is_open(on: Framework) {
    is_closed(
        on,
        &[("/metrics", ""), ("/debug/pprof", ""), ("/healthz", "")],
    )
    .await;
}

/// Refused, or sent to sign in.
async fn is_closed(on: Framework, requests: &[(&str, &str)]) {
    let world = World::new(on).await;
    for (target, headers) in requests {
        let answer = raw(&world, "GET", target, headers).await;
        match location(&answer) {
            Some(location) => assert!(location.starts_with("/auth/login"), "{target}: {answer}"),
            None => assert!(answer.starts_with("HTTP/1.1 4"), "{target}: {answer}"),
        }
    }
}
