//! One answer for one attempt of one browser, and one user for one `iss` and `sub`.

use ciam_tests::{Framework, Visitor, cases, told};
use serde_json::{Value, json};

use super::super::provider_failures::World;

cases! {
    at Misbehaving:
        cve_2024_47806_an_id_token_for_another_client_signs_nobody_in,
        cve_2024_47807_an_id_token_of_another_issuer_signs_nobody_in,
        cve_2024_10318_another_nonce_signs_nobody_in,
        roadiz_openid_an_id_token_without_nonce_signs_nobody_in,
        cve_2026_28498_a_wrong_at_hash_signs_nobody_in,
        cve_2023_27490_an_answer_without_its_state_or_cookie_signs_nobody_in,
        cve_2026_41425_another_browser_cannot_finish,
        cve_2025_24399_names_that_differ_in_case_are_two_users,
        cve_2026_40574_an_address_with_two_at_signs_is_nobody_else,
        cve_2026_53516_the_same_address_is_not_the_same_user,
        cve_2023_3128_an_address_of_another_is_not_that_user,
        cve_2024_21632_an_unverified_address_is_not_that_user,
        ghsa_7rqj_j65f_68wh_a_homoglyph_is_nobody_else,
        userinfo_of_another_subject_signs_nobody_in,
        mix_up_an_answer_of_another_issuer_signs_nobody_in,
        cve_2021_32702_an_error_is_never_markup;
}

async fn cve_2024_47806_an_id_token_for_another_client_signs_nobody_in(on: Framework) {
    is_refused(on, json!({"aud": "another"})).await;
}

async fn cve_2024_47807_an_id_token_of_another_issuer_signs_nobody_in(on: Framework) {
    is_refused(on, json!({"iss": "https://evil.com"})).await;
}

async fn cve_2024_10318_another_nonce_signs_nobody_in(on: Framework) {
    is_refused(on, json!({"nonce": "another"})).await;
}

async fn roadiz_openid_an_id_token_without_nonce_signs_nobody_in(on: Framework) {
    is_refused(on, json!({"nonce": null})).await;
}

async fn cve_2026_28498_a_wrong_at_hash_signs_nobody_in(on: Framework) {
    is_refused(on, json!({"at_hash": "another"})).await;
}

async fn cve_2025_24399_names_that_differ_in_case_are_two_users(on: Framework) {
    is_somebody_else(on, json!({"sub": "Alice"}), "Alice").await;
}

async fn cve_2026_40574_an_address_with_two_at_signs_is_nobody_else(on: Framework) {
    is_somebody_else(
        on,
        json!({"sub": "mallory", "email": "alice@evil.com@example.com"}),
        "mallory",
    )
    .await;
}

async fn cve_2026_53516_the_same_address_is_not_the_same_user(on: Framework) {
    is_somebody_else(
        on,
        json!({"sub": "mallory", "email": "alice@example.com"}),
        "mallory",
    )
    .await;
}

async fn cve_2023_3128_an_address_of_another_is_not_that_user(on: Framework) {
    is_somebody_else(
        on,
        json!({"sub": "mallory", "email": "alice@example.com", "preferred_username": "alice"}),
        "mallory",
    )
    .await;
}

async fn cve_2024_21632_an_unverified_address_is_not_that_user(on: Framework) {
    is_somebody_else(
        on,
        json!({"sub": "mallory", "email": "alice@example.com", "email_verified": false}),
        "mallory",
    )
    .await;
}

async fn ghsa_7rqj_j65f_68wh_a_homoglyph_is_nobody_else(on: Framework) {
    is_somebody_else(
        on,
        json!({"sub": "mallory", "email": "alice\u{ff20}example.com"}),
        "mallory",
    )
    .await;
}

async fn cve_2023_27490_an_answer_without_its_state_or_cookie_signs_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    let url = callback(&mut world).await;
    let without_state = url.split("&state=").next().expect("a beginning").to_owned();
    let page = world.visitor.go(without_state).await;
    assert_eq!(told(&page).0, "callback.state_missing");
    let kept = world.visitor.cookies()[0].cookie.name().to_owned();
    world.visitor.forget_cookie(&kept);
    let page = world.visitor.go(url).await;
    assert_eq!(told(&page).0, "callback.transaction");
    assert_eq!(world.who().await, "nobody");
}

async fn cve_2026_41425_another_browser_cannot_finish(on: Framework) {
    let mut world = World::new(on).await;
    let url = callback(&mut world).await;
    let page = Visitor::new().go(&url).await;
    assert_eq!(told(&page).0, "callback.transaction");
    let page = world.visitor.go(&url).await;
    assert_eq!(page.url.path(), "/account", "{page}");
}

async fn userinfo_of_another_subject_signs_nobody_in(on: Framework) {
    let mut world = World::with(on, ciam_core::ConfigBuilder::with_userinfo).await;
    world.expect_signed_in("the same subject").await;
    world.visitor = Visitor::new();
    world.provider.script(|script| {
        script.userinfo.insert("sub".to_owned(), json!("mallory"));
    });
    let page = world.sign_in().await;
    assert!(told(&page).0.starts_with("userinfo."), "{page}");
    assert_eq!(world.who().await, "nobody");
}

async fn mix_up_an_answer_of_another_issuer_signs_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    let url = callback(&mut world).await;
    let page = world
        .visitor
        .go(format!("{url}&iss=https://evil.com"))
        .await;
    assert_eq!(told(&page).0, "callback.issuer");
    assert_eq!(world.who().await, "nobody");
}

async fn cve_2021_32702_an_error_is_never_markup(on: Framework) {
    let mut world = World::new(on).await;
    let script = "<script>alert(1)</script>";
    world.provider.script(|s| {
        let error = ("error", script.to_owned());
        let description = ("error_description", script.to_owned());
        s.authorization = Some(vec![error, description]);
    });
    let page = world.sign_in().await;
    assert_eq!(told(&page).0, "callback.provider");
    assert!(!page.body.contains("alert"), "{page}");
    let state = world
        .site
        .url("/auth/callback?code=x&state=%3Cscript%3Ealert(1)");
    let page = world.visitor.go(state).await;
    assert!(page.status.is_client_error(), "{page}");
    assert!(!page.body.contains("alert"), "{page}");
}

async fn is_refused(on: Framework, claims: Value) {
    let mut world = World::new(on).await;
    says(&world, &claims);
    let page = world.sign_in().await;
    assert!(told(&page).0.starts_with("token."), "{page}");
    assert_eq!(world.who().await, "nobody");
    world.provider.recover().await;
    world.expect_signed_in("without the change").await;
}

async fn is_somebody_else(on: Framework, claims: Value, subject: &str) {
    let mut world = World::new(on).await;
    says(&world, &claims);
    world.sign_in().await;
    let expected = format!("{}#{subject}", world.provider.issuer());
    assert_eq!(world.who().await, expected);
}

fn says(world: &World, claims: &Value) {
    let claims = claims.as_object().expect("an object").clone();
    world.provider.script(|script| script.claims = claims);
}

/// The address that the provider sends the visitor back to, not yet loaded.
async fn callback(world: &mut World) -> String {
    let mut caught = world
        .visitor
        .clone()
        .stopping_before(&world.site.url("/auth/callback"));
    let page = caught
        .go(world.site.url("/auth/login?return_to=%2Faccount"))
        .await;
    for kept in caught.cookies() {
        let set = format!("{}={}; Path=/", kept.cookie.name(), kept.cookie.value());
        let home = world.site.url("/");
        world.visitor.set_cookie(&home, &set).expect("a cookie");
    }
    page.location().expect("a redirect").into()
}
