//! What providers in the wild do: accepted where nothing depends on it, refused
//! where something does.

use std::time::{SystemTime, UNIX_EPOCH};

use ciam_core::ConfigBuilder;
use ciam_tests::scripted::{Fault, Place, Script};
use ciam_tests::{Framework, cases};
use serde_json::{Map, Value, json};

use super::World;

cases! {
    at Misbehaving:
        what_is_only_odd_is_accepted_and_what_is_wrong_is_not,
        an_endpoint_with_two_slashes_is_asked_as_it_is_written,
        an_answer_of_the_provider_that_signs_nobody_in_is_told;
}

/// What an odd provider changes, and what comes of it: nothing, or status and code.
type Row = (&'static str, fn(&mut Script), Option<(u16, &'static str)>);

fn set(members: &mut Map<String, Value>, changes: Value) {
    let changes = changes.as_object().expect("an object").clone();
    members.extend(changes);
}

fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs_f64()
}

fn answers(script: &mut Script, status: u16, body: &str) {
    let fault = Fault::Answers(status, "application/json", body.to_owned());
    script.faults.insert(Place::Token, fault);
}

async fn what_is_only_odd_is_accepted_and_what_is_wrong_is_not(on: Framework) {
    let rows: &[Row] = &[
        (
            "token_type in lower case",
            |s| set(&mut s.token, json!({"token_type": "bearer"})),
            None,
        ),
        (
            "expires_in as a text",
            |s| set(&mut s.token, json!({"expires_in": "3600"})),
            None,
        ),
        (
            "no expires_in",
            |s| set(&mut s.token, json!({"expires_in": null})),
            None,
        ),
        (
            "no access token",
            |s| set(&mut s.token, json!({"access_token": null})),
            None,
        ),
        (
            "a WWW-Authenticate's worth of members",
            |s| {
                set(
                    &mut s.token,
                    json!({"ext_expires_in": 1, "x": [{}], "refresh_token": "r"}),
                )
            },
            None,
        ),
        (
            "no token_type",
            |s| set(&mut s.token, json!({"token_type": null})),
            Some((502, "token_endpoint.member")),
        ),
        (
            "another token_type",
            |s| set(&mut s.token, json!({"token_type": "DPoP"})),
            Some((502, "token_endpoint.token_type")),
        ),
        (
            "no ID token",
            |s| set(&mut s.token, json!({"id_token": null})),
            Some((502, "token_endpoint.member")),
        ),
        (
            "an error with 401",
            |s| answers(s, 401, r#"{"error":"invalid_client"}"#),
            Some((502, "token_endpoint.refused")),
        ),
        (
            "an error with 403",
            |s| answers(s, 403, r#"{"error":"invalid_grant"}"#),
            Some((502, "token_endpoint.refused")),
        ),
        (
            "an error with 200",
            |s| answers(s, 200, r#"{"error":"invalid_grant"}"#),
            Some((502, "token_endpoint.refused")),
        ),
        (
            "an error without a body",
            |s| answers(s, 400, ""),
            Some((502, "token_endpoint.refused")),
        ),
        (
            "too many requests",
            |s| answers(s, 429, ""),
            Some((503, "token_endpoint.refused")),
        ),
        (
            "a key with use and alg",
            |s| set(&mut s.key, json!({"use": "sig", "alg": "ES256"})),
            None,
        ),
        (
            "a key for encryption",
            |s| set(&mut s.key, json!({"use": "enc"})),
            Some((502, "key_set.unusable")),
        ),
        (
            "a key of another algorithm",
            |s| set(&mut s.key, json!({"alg": "ES384"})),
            Some((502, "key_set.unusable")),
        ),
        (
            "an ID token without kid",
            |s| set(&mut s.header, json!({"kid": null})),
            None,
        ),
        (
            "neither key nor token with kid",
            |s| {
                set(&mut s.header, json!({"kid": null}));
                set(&mut s.key, json!({"kid": null}));
            },
            None,
        ),
        (
            "a token that names a key without a name",
            |s| set(&mut s.key, json!({"kid": null})),
            Some((502, "key.unknown_kid")),
        ),
        (
            "auth_time as a float",
            |s| set(&mut s.claims, json!({"auth_time": now() - 7.5})),
            None,
        ),
        (
            "auth_time 0",
            |s| set(&mut s.claims, json!({"auth_time": 0})),
            None,
        ),
        (
            "auth_time as a text",
            |s| set(&mut s.claims, json!({"auth_time": "1"})),
            Some((502, "token.claim_type")),
        ),
        (
            "exp as a float",
            |s| set(&mut s.claims, json!({"exp": now() + 60.5})),
            None,
        ),
        (
            "aud as a list of one",
            |s| set(&mut s.claims, json!({"aud": ["shop"]})),
            None,
        ),
        (
            "aud as a list, with azp",
            |s| {
                set(
                    &mut s.claims,
                    json!({"aud": ["shop", "api"], "azp": "shop"}),
                )
            },
            None,
        ),
        (
            "aud as a list, without azp",
            |s| set(&mut s.claims, json!({"aud": ["shop", "api"]})),
            Some((502, "token.authorized_party")),
        ),
        (
            "aud of somebody else",
            |s| set(&mut s.claims, json!({"aud": "api"})),
            Some((502, "token.audience")),
        ),
        (
            "an ID token of another issuer",
            |s| set(&mut s.claims, json!({"iss": "https://id.example"})),
            Some((502, "token.issuer")),
        ),
        (
            "an ID token for another sign-in",
            |s| set(&mut s.claims, json!({"nonce": "another"})),
            Some((502, "token.nonce")),
        ),
        (
            "an ID token that has expired",
            |s| set(&mut s.claims, json!({"exp": 1_000_000_000})),
            Some((502, "token.expired")),
        ),
        (
            "no algorithms announced, so RS256",
            |s| {
                set(
                    &mut s.metadata,
                    json!({"id_token_signing_alg_values_supported": null}),
                )
            },
            Some((502, "token.alg_mismatch")),
        ),
    ];
    for (context, change, refused) in rows {
        let mut world = World::new(on).await;
        world.provider.script(change);
        match refused {
            None => world.expect_signed_in(context).await,
            Some((status, code)) => {
                let page = world.sign_in().await;
                world.expect_refused(context, &page, *status, code).await;
                world.provider.recover().await;
                // Metadata is kept; whatever was refused is not.
                if !context.contains("announced") {
                    world.expect_signed_in(context).await;
                }
            }
        }
    }
}

async fn an_endpoint_with_two_slashes_is_asked_as_it_is_written(on: Framework) {
    let mut world = World::with(on, ConfigBuilder::with_userinfo).await;
    for (place, member) in [
        (Place::Keys, "jwks_uri"),
        (Place::Token, "token_endpoint"),
        (Place::Userinfo, "userinfo_endpoint"),
    ] {
        let url = world.provider.url(place);
        let (origin, path) = url.rsplit_once('/').expect("a path");
        let url = json!(format!("{origin}//v1//{path}?tenant=a%20b"));
        world.provider.script(|script| {
            script.metadata.insert(member.to_owned(), url);
        });
    }
    world.expect_signed_in("two slashes").await;
    for (place, target) in [
        (Place::Keys, "//v1//keys?tenant=a%20b"),
        (Place::Token, "//v1//token?tenant=a%20b"),
        (Place::Userinfo, "//v1//userinfo?tenant=a%20b"),
    ] {
        assert_eq!(world.provider.asked(place)[0].target, target);
    }
}

async fn an_answer_of_the_provider_that_signs_nobody_in_is_told(on: Framework) {
    for (authorization, announced, status, code, says) in [
        (
            vec![("error", "access_denied")],
            false,
            400,
            "callback.provider",
            "access_denied",
        ),
        (
            vec![("error", "server_error")],
            true,
            400,
            "callback.provider",
            "server_error",
        ),
        (
            vec![
                ("error", "invalid_request"),
                ("error_description", "AADSTS65004: no"),
            ],
            false,
            400,
            "callback.provider",
            "the user declined to consent",
        ),
        (
            vec![("error", "x"), ("code", "y")],
            false,
            400,
            "callback.provider",
            "answers x",
        ),
        (
            vec![],
            false,
            502,
            "callback.code_missing",
            "neither code nor error",
        ),
        (
            vec![("code", "")],
            false,
            502,
            "callback.code_missing",
            "neither code nor error",
        ),
        (
            vec![("code", "a")],
            true,
            502,
            "callback.issuer_missing",
            "no iss parameter",
        ),
        (
            vec![("code", "a"), ("iss", "https://id.example")],
            false,
            502,
            "callback.issuer",
            "id.example",
        ),
    ] {
        let mut world = World::new(on).await;
        let context = format!("{authorization:?}");
        world.provider.script(|script| {
            let announced = json!({"authorization_response_iss_parameter_supported": announced});
            set(&mut script.metadata, announced);
            let owned = authorization.iter().map(|(n, v)| (*n, (*v).to_owned()));
            script.authorization = Some(owned.collect());
        });
        let page = world.sign_in().await;
        let line = world.expect_refused(&context, &page, status, code).await;
        assert!(line.contains(says), "{context}: {line}");
        assert_eq!(world.provider.asked(Place::Token).len(), 0, "{context}");
    }
}
