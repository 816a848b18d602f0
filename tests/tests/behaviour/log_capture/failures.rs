//! Visits that fail: a line with code and reference each, and no secret in any.

use std::sync::Arc;

use ciam_tests::scripted::{Fault, Place};
use ciam_tests::visitor::{Page, query};
use ciam_tests::{Framework, Logs, Site, Visitor, cases, told};
use serde_json::{Value, json};

use super::{CLIENT_SECRET, World, add_cookies, stay_secret};

cases! {
    at Misbehaving:
        a_provider_that_repeats_what_it_was_sent_is_not_repeated,
        every_kind_of_failure_is_logged_without_secrets;
}

async fn a_provider_that_repeats_what_it_was_sent_is_not_repeated(on: Framework) {
    let mut world = World::new(on).await;
    for auth in ["client_secret_basic", "client_secret_post"] {
        let mut world = World::new(on).await;
        world.provider.script(|script| {
            let methods = json!([auth]);
            let name = "token_endpoint_auth_methods_supported".to_owned();
            script.metadata.insert(name, methods);
        });
        let echo = Fault::Tells(
            401,
            Arc::new(|asked| {
                let field = |name: &str| asked.field(name).unwrap_or_default();
                let description = format!(
                    "AADSTS7000215: {CLIENT_SECRET} for {} with {} is wrong",
                    field("code"),
                    field("code_verifier"),
                );
                json!({"error": "invalid_client", "error_description": description}).to_string()
            }),
        );
        world.provider.fail(Place::Token, echo);
        let page = world.sign_in().await;
        let line = line_of(&page, "token_endpoint.refused");
        for part in [
            "401 invalid_client",
            "AADSTS7000215: … for …",
            "value, not its id",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let echo = Fault::Tells(
            400,
            Arc::new(|asked| {
                let header = asked.header("authorization").unwrap_or_default();
                let description = format!("{header} {}", asked.body);
                json!({"error": asked.body, "error_description": description}).to_string()
            }),
        );
        world.provider.fail(Place::Token, echo);
        let page = world.sign_in().await;
        let line = line_of(&page, "token_endpoint.refused");
        assert!(line.contains("it repeats a secret"), "{line}");
        let secrets = world.secrets();
        assert!(secrets.found_in(&page.body).is_empty(), "{page}");
        stay_secret(&secrets);
    }

    let (state, nonce) = request_of(&mut world).await;
    let callback = |description: &str| {
        let mut url = url::Url::parse(&world.site.url("/auth/callback")).expect("an address");
        url.query_pairs_mut()
            .append_pair("state", &state)
            .append_pair("error", "server_error")
            .append_pair("error_description", description);
        url
    };
    let url = callback(&format!("{state} and {nonce} are not known"));
    let page = world.visitor.go(url).await;
    let line = line_of(&page, "callback.provider");
    assert!(
        line.contains("server_error: … and … are not known"),
        "{line}"
    );
    let mut secrets = world.secrets();
    secrets.add("state", &state);
    secrets.add("nonce", &nonce);
    stay_secret(&secrets);
}

async fn every_kind_of_failure_is_logged_without_secrets(on: Framework) {
    let mut world = World::new(on).await;
    for (claims, code) in [
        (
            json!({"nonce": "another-nonce-of-this-size"}),
            "token.nonce",
        ),
        (json!({"aud": "another"}), "token.audience"),
        (json!({"iss": "https://id.example"}), "token.issuer"),
        (json!({"exp": 1_000_000_000}), "token.expired"),
        (
            json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
            "token.at_hash",
        ),
        (json!({"sub": ""}), "token.subject"),
    ] {
        world.provider.script(|script| {
            script.claims = claims.as_object().expect("an object").clone();
        });
        let page = world.sign_in().await;
        line_of(&page, code);
    }
    world.provider.recover().await;
    for (token, code) in [
        (json!({"id_token": "e30.e30.e30"}), "token.alg_missing"),
        (json!({"id_token": null}), "token_endpoint.member"),
        (json!({"token_type": "MAC"}), "token_endpoint.token_type"),
    ] {
        world.provider.script(|script| {
            script.token = token.as_object().expect("an object").clone();
        });
        let page = world.sign_in().await;
        line_of(&page, code);
    }
    world.provider.recover().await;
    world.provider.script(|script| {
        script
            .userinfo
            .insert("sub".to_owned(), Value::from("mallory"));
    });
    let page = world.sign_in().await;
    line_of(&page, "userinfo.subject");
    world.provider.recover().await;
    world.provider.close(Place::Token).await;
    let page = world.sign_in().await;
    line_of(&page, "transport.connect");
    world.provider.recover().await;

    // Seals that do not open: of the attempt, then of the session.
    let authorize = format!("{}/authorize", world.provider.issuer());
    world.visitor = world.visitor.stopping_before(&authorize);
    let redirect = world.sign_in().await;
    tamper(&mut world.visitor, &world.site, "ciam-transaction");
    let state = query(&redirect.location().expect("a redirect"), "state");
    let state = state.expect("a state");
    let callback = format!("/auth/callback?code=the-authorization-code&state={state}");
    let page = world.visitor.go(world.site.url(&callback)).await;
    line_of(&page, "callback.transaction");
    assert!(
        !Logs::capture().own("code=seal.").is_empty(),
        "the seal's own line"
    );
    let mut secrets = world.secrets();
    secrets.add("code", "the-authorization-code");
    secrets.add("state", &state);

    let mut visitor = Visitor::new();
    let login = world.site.url("/auth/login?return_to=%2Faccount");
    assert_eq!(visitor.go(&login).await.url.path(), "/account");
    tamper(&mut visitor, &world.site, "ciam-session");
    assert_eq!(visitor.go(world.site.url("/")).await.body, "nobody");
    add_cookies(&mut secrets, &visitor);
    stay_secret(&secrets);
}

/// The one line with the reference of a page that tells this code.
fn line_of(page: &Page, code: &str) -> String {
    let (found, reference) = told(page);
    assert_eq!(found, code, "{page}");
    let lines = Logs::capture().own(&format!("correlation_id={reference} "));
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = lines[0].to_string();
    assert!(line.contains(&format!("code={code} ")), "{line}");
    line
}

/// `state` and `nonce` of a sign-in that the visitor begins now.
async fn request_of(world: &mut World) -> (String, String) {
    let authorize = format!("{}/authorize", world.provider.issuer());
    world.visitor = world.visitor.clone().stopping_before(&authorize);
    let location = world.sign_in().await.location().expect("a redirect");
    let parameter = |name| query(&location, name).expect("a parameter");
    (parameter("state"), parameter("nonce"))
}

/// Changes the last character of the cookie's value.
fn tamper(visitor: &mut Visitor, site: &Site, prefix: &str) {
    let kept = visitor.cookie(prefix).expect("a cookie").cookie.clone();
    let (rest, last) = kept.value().split_at(kept.value().len() - 1);
    let last = if last == "A" { "Q" } else { "A" };
    let set = format!("{}={rest}{last}; Path=/", kept.name());
    visitor.set_cookie(&site.url("/"), &set).expect("a cookie");
}
