//! A user is an issuer and a subject, whatever else a token says.

use ciam_tests::{Framework, Visitor, cases};
use serde_json::{Value, json};

use super::super::provider_failures::World;
use super::{says, user};

cases! {
    at Misbehaving:
        cve_2025_24399_names_that_differ_in_case_are_two_users,
        cve_2026_40574_an_address_with_two_at_signs_is_nobody_else,
        cve_2026_53516_an_address_registered_before_is_not_the_same_user,
        cve_2023_3128_an_address_of_another_is_not_that_user,
        cve_2024_21632_an_unverified_address_is_not_that_user,
        ghsa_7rqj_j65f_68wh_a_homoglyph_is_nobody_else,
        a_user_with_another_address_and_name_is_the_same,
        a_user_named_like_the_client_is_only_a_user,
        a_subject_that_is_no_plain_text_signs_nobody_in;
}

async fn cve_2025_24399_names_that_differ_in_case_are_two_users(on: Framework) {
    let others = ["Alice", "ALICE", "alicE", "alice.", "alice%20"];
    are_others(on, others.map(|subject| (subject, json!({})))).await;
}

async fn cve_2026_40574_an_address_with_two_at_signs_is_nobody_else(on: Framework) {
    are_others(
        on,
        [
            ("mallory", json!({"email": "alice@evil.com@example.com"})),
            ("mallory2", json!({"email": "alice@example.com@evil.com"})),
            ("alice@evil.com@example.com", json!({})),
        ],
    )
    .await;
}

/// Mallory is here first, with the address that alice will come with.
async fn cve_2026_53516_an_address_registered_before_is_not_the_same_user(on: Framework) {
    let mut world = World::new(on).await;
    says(
        &world,
        json!({"sub": "mallory", "email": "alice@example.com", "email_verified": false}),
    );
    world.sign_in().await;
    assert_eq!(world.who().await, user(&world, "mallory"));
    let mut mallory = std::mem::take(&mut world.visitor);

    says(
        &world,
        json!({"email": "alice@example.com", "email_verified": true}),
    );
    world.expect_signed_in("alice").await;
    std::mem::swap(&mut world.visitor, &mut mallory);
    assert_eq!(world.who().await, user(&world, "mallory"));
    let account = world.visitor.go(world.site.url("/account")).await;
    let account: Value = account.json();
    assert_eq!(account["claims"]["email_verified"], json!(false));
}

async fn cve_2023_3128_an_address_of_another_is_not_that_user(on: Framework) {
    are_others(
        on,
        [
            (
                "mallory",
                json!({"email": "alice@example.com", "preferred_username": "alice"}),
            ),
            (
                "mallory2",
                json!({"email": "alice@example.com", "upn": "alice", "oid": "alice"}),
            ),
        ],
    )
    .await;
}

async fn cve_2024_21632_an_unverified_address_is_not_that_user(on: Framework) {
    are_others(
        on,
        [
            (
                "mallory",
                json!({"email": "alice@example.com", "email_verified": false}),
            ),
            (
                "mallory2",
                json!({"email": "alice@example.com", "email_verified": "true"}),
            ),
            (
                "mallory3",
                json!({"email": "alice@example.com", "xms_edov": false}),
            ),
        ],
    )
    .await;
}

async fn ghsa_7rqj_j65f_68wh_a_homoglyph_is_nobody_else(on: Framework) {
    are_others(
        on,
        [
            ("mallory", json!({"email": "alice\u{ff20}example.com"})),
            ("mallory2", json!({"email": "\u{430}lice@example.com"})),
        ],
    )
    .await;
}

async fn a_user_with_another_address_and_name_is_the_same(on: Framework) {
    let mut world = World::new(on).await;
    for claims in [
        json!({"email": "alice@example.com"}),
        json!({"email": "bob@example.com", "name": "Bob", "preferred_username": "bob"}),
        json!({"name": null}),
    ] {
        world.visitor = Visitor::new();
        says(&world, claims.clone());
        world.expect_signed_in(&claims.to_string()).await;
    }
}

/// RFC 9700, section 4.15: what is issued to a client is no user's.
async fn a_user_named_like_the_client_is_only_a_user(on: Framework) {
    are_others(on, [("shop", json!({"azp": "shop", "client_id": "shop"}))]).await;
}

async fn a_subject_that_is_no_plain_text_signs_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    for (subject, code) in [
        (json!("\u{ff21}lice"), "token.subject"),
        (json!("alice\u{0}"), "token.subject"),
        (json!("alice\n"), "token.subject"),
        (json!("a".repeat(256)), "token.subject"),
        (json!(""), "token.subject"),
        (json!(null), "token.subject_missing"),
        (json!(["alice"]), "token.claim_type"),
        (json!(1), "token.claim_type"),
    ] {
        says(&world, json!({"sub": subject}));
        let page = world.sign_in().await;
        let context = subject.to_string();
        world.expect_refused(&context, &page, 502, code).await;
    }
    says(&world, json!({"sub": "a".repeat(255)}));
    world.sign_in().await;
    assert_eq!(world.who().await, user(&world, &"a".repeat(255)));
}

/// Alice is there; each of these subjects, with its claims, is another user.
async fn are_others<const N: usize>(on: Framework, others: [(&str, Value); N]) {
    let mut world = World::new(on).await;
    says(
        &world,
        json!({"email": "alice@example.com", "preferred_username": "alice"}),
    );
    world.expect_signed_in("alice").await;
    for (subject, mut claims) in others {
        world.visitor = Visitor::new();
        claims["sub"] = json!(subject);
        says(&world, claims);
        let page = world.sign_in().await;
        assert_eq!(page.status, 200, "{subject}: {page}");
        assert_eq!(world.who().await, user(&world, subject));
        assert_ne!(world.who().await, user(&world, "alice"));
    }
}
