//! What a caller is asked to prove, and when nothing would help: RFC 9470, section 3, and
//! Microsoft's claims challenge.

use ciam_tests::visitor::query;
use ciam_tests::{Backend, Framework, ProviderKind, Visitor, cases};
use http::Method;
use serde_json::{Value, json};

use super::{Scene, World, get};

cases! {
    at Misbehaving:
        whoever_only_has_to_prove_more_is_told_what,
        a_client_of_microsofts_is_told_what_it_says_it_understands,
        nothing_is_asked_of_whoever_lacks_more,
        with_two_ways_the_one_that_needs_only_a_proof_is_told,
        an_authentication_is_fresh_for_its_time_and_not_before_it;
    at LocalTenant and OidcProvider:
        a_person_who_lacks_a_proof_is_asked_for_it_where_that_would_help;
}

async fn whoever_only_has_to_prove_more_is_told_what(on: Framework) {
    let scene = Scene::new(on).await;
    for (path, asked) in [
        ("/api/proven", "acr_values=\"c1\""),
        ("/api/fresh", "max_age=\"300\""),
        ("/api/both", "acr_values=\"c1\", max_age=\"300\""),
    ] {
        for claims in [
            json!({}),
            json!({"acr": "c2"}),
            json!({"acr": "C1"}),
            json!({"acr": ["c2"], "acrs": "c11 c1"}),
            json!({"acr": 1, "auth_time": "now"}),
            // Of a user of Microsoft's only where both are there.
            json!({"tid": "a-tenant"}),
            json!({"oid": "an-object"}),
        ] {
            let answer = call(&scene, path, &claims).await;
            let error = "insufficient_user_authentication";
            let challenge = format!("Bearer error=\"{error}\", {asked}");
            answer.expect_challenge(401, &challenge, error);
            assert_eq!(answer.logged.len(), 0, "{answer:?}");
        }
    }
    for claims in [
        json!({"acr": "c1"}),
        json!({"acrs": "c1"}),
        json!({"acrs": ["c3", "c1"]}),
    ] {
        let answer = call(&scene, "/api/proven", &claims).await;
        answer.expect_ok("passed");
    }
}

async fn a_client_of_microsofts_is_told_what_it_says_it_understands(on: Framework) {
    let scene = Scene::new(on).await;
    let with = |xms_cc: Value| json!({"tid": "a-tenant", "oid": "an-object", "xms_cc": xms_cc});
    // The claims are `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`.
    let challenge = "Bearer error=\"insufficient_claims\", \
        claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19\", \
        cc_type=\"authcontext\"";
    for able in [json!(["cp1"]), json!(["cp2", "cp1"]), json!("cp1")] {
        for path in ["/api/proven", "/api/both"] {
            let answer = call(&scene, path, &with(able.clone())).await;
            answer.expect_challenge(401, challenge, "insufficient_claims");
        }
    }
    for unable in [
        json!(null),
        json!([]),
        json!(["cp2"]),
        json!(["CP1"]),
        json!("cp1 cp2"),
        json!({"cp1": true}),
        json!(1),
    ] {
        let answer = call(&scene, "/api/proven", &with(unable)).await;
        let challenge = "Bearer error=\"insufficient_scope\"";
        answer.expect_challenge(403, challenge, "insufficient_scope");
    }
    // `cp1` alone makes nobody a client of Microsoft's.
    let answer = call(&scene, "/api/proven", &json!({"xms_cc": ["cp1"]})).await;
    assert_eq!(
        answer.body,
        r#"{"error":"insufficient_user_authentication"}"#
    );
}

async fn nothing_is_asked_of_whoever_lacks_more(on: Framework) {
    let scene = Scene::new(on).await;
    let plain = "Bearer error=\"insufficient_scope\"";
    let write = "Bearer error=\"insufficient_scope\", scope=\"orders.write\"";
    let application = json!({"sub": "till", "scope": null});
    let able = json!({"tid": "a-tenant", "oid": "an-object", "xms_cc": ["cp1"]});
    for (path, claims, challenge) in [
        // A proof would not bring the scope, nor the role.
        ("/api/write-proven", json!({}), write),
        ("/api/write-proven", able.clone(), write),
        ("/api/write-proven", json!({"acr": "c1"}), write),
        ("/api/admin-proven", json!({}), plain),
        ("/api/admin-proven", able, plain),
        ("/api/admin-proven", json!({"acr": "c1"}), plain),
        // There is nobody behind an application who could prove anything.
        ("/api/proven", application.clone(), plain),
        ("/api/fresh", application.clone(), plain),
        ("/api/ways", application, plain),
    ] {
        let answer = call(&scene, path, &claims).await;
        answer.expect_challenge(403, challenge, "insufficient_scope");
    }
    let write = json!({"scope": "orders.write"});
    let answer = call(&scene, "/api/write-proven", &write).await;
    assert_eq!(answer.status, 401, "now only the proof: {answer:?}");
    let admin = json!({"roles": ["Admin"]});
    let answer = call(&scene, "/api/admin-proven", &admin).await;
    assert_eq!(answer.status, 401, "now only the proof: {answer:?}");
}

async fn with_two_ways_the_one_that_needs_only_a_proof_is_told(on: Framework) {
    let scene = Scene::new(on).await;
    let step_up = "Bearer error=\"insufficient_user_authentication\", acr_values=\"c1\"";
    for path in ["/api/ways", "/api/scope-or-proof", "/api/proof-or-scope"] {
        let answer = call(&scene, path, &json!({})).await;
        answer.expect_challenge(401, step_up, "insufficient_user_authentication");
        let answer = call(&scene, path, &json!({"acr": "c1"})).await;
        answer.expect_ok("passed");
    }
    let answer = call(&scene, "/api/ways", &json!({"roles": ["Admin"]})).await;
    answer.expect_ok("passed");
    let write = json!({"scope": "orders.write"});
    for path in ["/api/scope-or-proof", "/api/proof-or-scope"] {
        let answer = call(&scene, path, &write).await;
        answer.expect_ok("passed");
    }
    // Neither way needs a proof alone: the scope of the nearer one is named.
    let answer = call(&scene, "/api/no-way", &json!({})).await;
    let scope = "Bearer error=\"insufficient_scope\", scope=\"orders.write\"";
    answer.expect_challenge(403, scope, "insufficient_scope");
    let answer = call(&scene, "/api/no-way", &json!({"acr": "c1"})).await;
    answer.expect_challenge(403, scope, "insufficient_scope");
    let answer = call(&scene, "/api/no-way", &write).await;
    answer.expect_challenge(401, step_up, "insufficient_user_authentication");
}

async fn an_authentication_is_fresh_for_its_time_and_not_before_it(on: Framework) {
    let scene = Scene::new(on).await;
    let now = scene.provider.claims()["iat"].as_u64().expect("seconds");
    for (auth_time, status) in [
        (json!(now), 200),
        (json!(now - 240), 200),
        (json!(now - 360), 401),
        // The clocks may differ by a minute.
        (json!(now + 30), 200),
        (json!(now + 600), 401),
        (json!(0), 401),
        (json!(-1), 401),
        (json!(now.to_string()), 401),
        (json!(null), 401),
    ] {
        let answer = call(&scene, "/api/fresh", &json!({"auth_time": auth_time})).await;
        assert_eq!(answer.status, status, "{auth_time}: {answer:?}");
    }
}

async fn a_person_who_lacks_a_proof_is_asked_for_it_where_that_would_help(on: Backend) {
    let world = World::new(on).await;
    let mut visitor = Visitor::new();
    let page = visitor.go(world.site.url("/account")).await;
    let page = world.provider.sign_in(&mut visitor, page).await;
    assert_eq!(page.body, "a user", "{page}");

    // A script is told, a page leads to the provider, which is told too.
    let answer = visitor.fetch(&page, Method::GET, "/proven").await;
    let told = (answer.status.as_u16(), &*answer.body);
    assert_eq!(told, (401, r#"{"error":"visit.step_up"}"#));
    assert_eq!(answer.header("www-authenticate"), None, "no caller");
    let mut sent = visitor.clone();
    sent.go(world.site.url("/proven")).await;
    let asked = world.provider.authorization(&sent);
    let parameter = match on.provider {
        ProviderKind::LocalTenant => "claims",
        _ => "acr_values",
    };
    let value = query(&asked, parameter).unwrap_or_else(|| panic!("not asked: {asked}"));
    let of_microsoft = r#"{"id_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    assert!([of_microsoft, "c1"].contains(&value.as_str()), "{value}");

    // No proof makes a caller of a person.
    for path in ["/api/proven", "/api/ways"] {
        let answer = visitor.fetch(&page, Method::GET, path).await;
        let told = (answer.status.as_u16(), &*answer.body);
        assert_eq!(told, (403, r#"{"error":"visit.forbidden"}"#), "{path}");
        assert_eq!(answer.header("www-authenticate"), None, "{path}");
        let refused = visitor.go(world.site.url(path)).await;
        assert_eq!(refused.status, 403, "{refused}");
        assert_eq!(refused.url.path(), path, "nobody is sent away");
        assert!(refused.body.contains("You may not see this page"), "{path}");
    }
}

async fn call(scene: &Scene, path: &str, claims: &Value) -> super::Answer {
    let token = scene.provider.access_token(&json!({}), claims);
    get(&scene.site, path, &token).await
}
