//! What is answered to nobody, and where something is missing or wrong.

use ciam_core::{Config, ConfigBuilder};
use ciam_tests::scripted::{Fault, Place};
use ciam_tests::{Framework, Visitor, cases};
use serde_json::json;

use super::super::provider_failures::World;
use super::super::provider_failures::asking::Told;
use super::routes::LOGIN;
use super::{cookies, leads, raw, user};

cases! {
    at Misbehaving:
        cve_2025_31492_an_anonymous_answer_has_nothing_of_the_page,
        cve_2025_3891_an_empty_post_is_answered,
        cve_2026_73421_a_wrong_setting_lets_nobody_in;
}

async fn cve_2025_31492_an_anonymous_answer_has_nothing_of_the_page(on: Framework) {
    let mut world = World::new(on).await;
    let script = "sec-fetch-mode: cors\r\nsec-fetch-dest: empty\r\n";
    let frame = "sec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\n";
    let refused = (401, "", "{\"error\":\"visit.not_signed_in\"}");
    let rows = [
        ("GET", "/account", "", (303, LOGIN, "")),
        ("GET", "/account", script, refused),
        ("GET", "/account", frame, refused),
        (
            "POST",
            "/order",
            "content-length: 0\r\n",
            (303, "/auth/login", ""),
        ),
        ("POST", "/order", script, refused),
    ];
    for (method, target, headers, expected) in rows {
        let answer = raw(&world, method, target, headers).await;
        let (status, location) = leads(&answer);
        let found = (status, location, answer.body.as_str());
        assert_eq!(found, expected, "{method} {target} {headers}");
        assert!(answer.sets().is_empty(), "{method} {target} {headers}");
    }
    world.expect_signed_in("who may see it").await;
    let own = cookies(&world.visitor);
    for (method, target, headers, _) in rows {
        let answer = raw(&world, method, target, &format!("{own}{headers}")).await;
        assert_eq!(answer.status, 200, "{method} {target} {headers}");
        assert!(answer.body.contains("alice"), "{method} {target}");
    }
}

async fn cve_2025_3891_an_empty_post_is_answered(on: Framework) {
    let mut world = World::new(on).await;
    let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 0\r\n";
    let end = |answer: &Told| {
        leads(answer)
            .1
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let provider = format!("{}/logout", world.provider.issuer());
    for headers in ["content-length: 0\r\n", "", form] {
        world.visitor = Visitor::new();
        let order = raw(&world, "POST", "/order", headers).await;
        assert_eq!(leads(&order), (303, "/auth/login"), "{headers}");
        let answer = raw(&world, "POST", "/auth/callback", headers).await;
        answer.is(headers, 400, "callback.state_missing");
        let answer = raw(&world, "POST", "/auth/login", headers).await;
        answer.is(headers, 405, "request.method");
        let answer = raw(&world, "POST", "/auth/logout", headers).await;
        assert_eq!(
            (answer.status, end(&answer)),
            (303, provider.clone()),
            "{headers}"
        );

        world.expect_signed_in(headers).await;
        let own = format!("{}{headers}", cookies(&world.visitor));
        let order = raw(&world, "POST", "/order", &own).await;
        let ordered = format!("ordered by {}", user(&world, "alice"));
        assert_eq!((order.status, order.body), (200, ordered), "{headers}");
        let answer = raw(&world, "POST", "/auth/callback", &own).await;
        assert_eq!(leads(&answer), (303, "/"), "{headers}");
    }
}

async fn cve_2026_73421_a_wrong_setting_lets_nobody_in(on: Framework) {
    // What is seen at once makes no handle that could be asked who somebody is.
    let wrong = Config::web("http://provider.example", "", "nowhere", "short");
    let error = wrong.build().expect_err("nothing of it is right");
    assert_eq!(error.code(), "config.invalid");
    let problems: Vec<_> = error
        .problems()
        .iter()
        .map(|p| (p.setting(), p.code()))
        .collect();
    assert_eq!(
        problems,
        [
            ("CIAM_AUTHORITY", "config.url_scheme"),
            ("CIAM_CLIENT_ID", "config.missing"),
            ("CIAM_BASE_URL", "config.url_invalid"),
            ("CIAM_COOKIE_SECRET", "config.cookie_secret_invalid"),
        ]
    );

    // What the provider has to say is seen when somebody signs in.
    type Configure = fn(ConfigBuilder) -> ConfigBuilder;
    type Break = fn(&World);
    let rows: [(u16, &str, Configure, Break); 4] = [
        (
            502,
            "metadata.issuer",
            |c| c.with_issuer("https://issuer.example"),
            |_| {},
        ),
        (
            502,
            "token.alg_mismatch",
            |c| c.with_id_token_algorithm("RS256"),
            |_| {},
        ),
        (
            502,
            "token_endpoint.refused",
            |c| c,
            |world| {
                let refusal = json!({"error": "invalid_client"}).to_string();
                let answer = Fault::Answers(401, "application/json", refusal);
                world.provider.fail(Place::Token, answer);
            },
        ),
        (
            502,
            "metadata.status",
            |c| c,
            |world| {
                let page = Fault::Answers(404, "text/html", "<h1>Not Found</h1>".to_owned());
                world.provider.fail(Place::Metadata, page);
            },
        ),
    ];
    for (status, code, configure, break_it) in rows {
        let mut world = World::with(on, configure).await;
        break_it(&world);
        let page = world.sign_in().await;
        world.expect_refused(code, &page, status, code).await;
        let own = cookies(&world.visitor);
        let account = raw(&world, "GET", "/account", &own).await;
        assert_eq!(leads(&account), (303, LOGIN), "{code}");
        let order = format!("{own}content-length: 0\r\n");
        let order = raw(&world, "POST", "/order", &order).await;
        assert_eq!(leads(&order), (303, "/auth/login"), "{code}");
        let me = raw(&world, "GET", "/auth/me", &own).await;
        me.is(code, 401, "visit.not_signed_in");
    }
    World::new(on)
        .await
        .expect_signed_in("nothing is wrong")
        .await;
}
