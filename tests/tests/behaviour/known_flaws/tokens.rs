//! An ID token is for this client, of this issuer, and in answer to this attempt.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use base64_simd::URL_SAFE_NO_PAD;
use ciam_tests::scripted::{Signing, public_jwk};
use ciam_tests::{Framework, Visitor, cases};
use serde_json::{Value, json};

use super::super::provider_failures::World;
use super::{callback, says};

cases! {
    at Misbehaving:
        cve_2024_47806_an_id_token_for_another_client_signs_nobody_in,
        cve_2024_47807_an_id_token_of_another_issuer_signs_nobody_in,
        cve_2024_10318_another_nonce_signs_nobody_in,
        roadiz_openid_the_nonce_of_another_attempt_signs_nobody_in,
        cve_2026_28498_a_hash_is_compared_whatever_the_algorithm;
}

async fn cve_2024_47806_an_id_token_for_another_client_signs_nobody_in(on: Framework) {
    are_refused(
        on,
        &[
            (json!({"aud": "another"}), "token.audience"),
            (json!({"aud": ["another"]}), "token.audience"),
            (json!({"aud": "Shop"}), "token.audience"),
            (json!({"aud": "shop "}), "token.audience"),
            (json!({"aud": []}), "token.audience"),
            (json!({"aud": null}), "token.audience_missing"),
            (json!({"aud": {"shop": true}}), "token.claim_type"),
            (
                json!({"aud": ["another", "shop"]}),
                "token.authorized_party",
            ),
            (json!({"azp": "another"}), "token.authorized_party"),
        ],
    )
    .await;
}

async fn cve_2024_47807_an_id_token_of_another_issuer_signs_nobody_in(on: Framework) {
    are_refused(
        on,
        &[
            (json!({"iss": "https://evil.com"}), "token.issuer"),
            (json!({"iss": ""}), "token.issuer"),
            (json!({"iss": null}), "token.issuer_missing"),
            (json!({"iss": ["https://evil.com"]}), "token.claim_type"),
        ],
    )
    .await;
}

async fn cve_2024_10318_another_nonce_signs_nobody_in(on: Framework) {
    are_refused(
        on,
        &[
            (json!({"nonce": "another"}), "token.nonce"),
            (json!({"nonce": ""}), "token.nonce"),
            (json!({"nonce": null}), "token.nonce_missing"),
            (json!({"nonce": true}), "token.claim_type"),
        ],
    )
    .await;
}

async fn roadiz_openid_the_nonce_of_another_attempt_signs_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    let other_tab = callback(&mut world).await;
    let nonce = world.provider.issued()[0].nonce.clone();
    says(&world, json!({"nonce": nonce}));
    let page = world.sign_in().await;
    world
        .expect_refused("another tab's", &page, 502, "token.nonce")
        .await;
    // The tab that it was made for finishes with it.
    let page = world.visitor.go(other_tab).await;
    assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
    assert_eq!(page.status, 200, "{page}");
}

/// Names without digits, such as EdDSA, are those that a table of hashes lacks.
async fn cve_2026_28498_a_hash_is_compared_whatever_the_algorithm(on: Framework) {
    let half = |algorithm: &'static Algorithm, text: &str| {
        let hash = digest(algorithm, text.as_bytes());
        let hash = hash.as_ref();
        URL_SAFE_NO_PAD.encode_to_string(&hash[..hash.len() / 2])
    };
    let token = "the access token";
    let mut world = World::with(on, |config| config.with_id_token_algorithm("EdDSA")).await;
    for (claims, header, refused) in [
        (
            json!({"at_hash": "another"}),
            json!({}),
            Some("token.at_hash"),
        ),
        (json!({"at_hash": ""}), json!({}), Some("token.at_hash")),
        (
            json!({"at_hash": half(&SHA512, "another")}),
            json!({}),
            Some("token.at_hash"),
        ),
        (
            json!({"at_hash": half(&SHA256, token)}),
            json!({}),
            Some("token.at_hash"),
        ),
        (json!({"at_hash": 1}), json!({}), Some("token.claim_type")),
        (
            json!({"c_hash": "another"}),
            json!({}),
            Some("token.c_hash"),
        ),
        (
            json!({"c_hash": half(&SHA512, token)}),
            json!({}),
            Some("token.c_hash"),
        ),
        (
            json!({"at_hash": "another"}),
            json!({"alg": "XX999"}),
            Some("token.alg_unknown"),
        ),
        (
            json!({"at_hash": "another"}),
            json!({"alg": "EdDSA "}),
            Some("token.alg_unknown"),
        ),
        (
            json!({"at_hash": "another"}),
            json!({"alg": "none"}),
            Some("token.alg_none"),
        ),
        (json!({"at_hash": half(&SHA512, token)}), json!({}), None),
        (json!({}), json!({}), None),
    ] {
        world.visitor = Visitor::new();
        let context = format!("{claims} {header}");
        world.provider.script(|script| {
            let mut key = public_jwk("ed25519");
            key["kid"] = json!("one");
            script.key_set = Some(vec![key]);
            script.signing = Some(Signing::Key("ed25519", "EdDSA"));
            script.header = header.as_object().expect("an object").clone();
            script.token.insert("access_token".to_owned(), json!(token));
        });
        says(&world, claims);
        match refused {
            Some(code) => {
                let page = world.sign_in().await;
                world.expect_refused(&context, &page, 502, code).await;
            }
            None => world.expect_signed_in(&context).await,
        }
    }
}

/// Each of these claims, with its code; without them somebody is signed in.
async fn are_refused(on: Framework, rows: &[(Value, &str)]) {
    let mut world = World::new(on).await;
    for (claims, code) in rows {
        says(&world, claims.clone());
        let page = world.sign_in().await;
        let context = claims.to_string();
        world.expect_refused(&context, &page, 502, code).await;
    }
    world.provider.recover().await;
    world.expect_signed_in("without the change").await;
}
