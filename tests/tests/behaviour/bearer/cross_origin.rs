//! Scripts of another origin, where the application has a CORS layer outside of ours:
//! `fetch` shows them an answer only with its headers, and of its headers only those
//! that are exposed.

use ciam_tests::{Browser, Echo, Framework, cases};
use serde_json::json;
use url::form_urlencoded;

use super::{ALONE, Answer, CROSS_ORIGIN, ORIGIN, Scene, ask};

cases! {
    at Misbehaving:
        a_preflight_is_answered_without_a_token,
        a_script_of_an_allowed_origin_reads_each_challenge,
        a_script_of_another_origin_reads_nothing,
        the_description_is_everybodys,
        a_browser_shows_a_challenge_to_a_script;
}

async fn a_preflight_is_answered_without_a_token(on: Framework) {
    let scene = scene(on).await;
    for path in ["/api/orders", "/api/read"] {
        for (method, headers) in [("GET", "authorization"), ("POST", "authorization")] {
            let preflight: [(&str, &[u8]); 3] = [
                ("origin", ORIGIN.as_bytes()),
                ("access-control-request-method", method.as_bytes()),
                ("access-control-request-headers", headers.as_bytes()),
            ];
            let answer = ask(&scene.site, "OPTIONS", path, &preflight).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            expect_readable(&answer);
            let lists = |name: &str, value: &str| {
                let listed = answer.header(name).unwrap_or_default();
                let mut listed = listed.split(',').map(str::trim);
                listed.any(|one| one.eq_ignore_ascii_case(value))
            };
            assert!(lists("access-control-allow-methods", method), "{answer:?}");
            assert!(lists("access-control-allow-headers", headers), "{answer:?}");
            assert_eq!(answer.logged.len(), 0, "{answer:?}");
        }
    }
}

async fn a_script_of_an_allowed_origin_reads_each_challenge(on: Framework) {
    let scene = scene(on).await;
    let token = scene.provider.access_token(&json!({}), &json!({}));
    for (method, path, token, challenge) in [
        ("GET", "/api/orders", None, (401, "", "visit.no_token")),
        ("POST", "/api/orders", None, (401, "", "visit.no_token")),
        ("GET", "/api/read", None, (401, "", "visit.no_token")),
        (
            "GET",
            "/api/orders",
            Some("no.such.token"),
            (401, ", error=\"invalid_token\"", "invalid_token"),
        ),
        (
            "POST",
            "/api/write",
            Some("no.such.token"),
            (401, ", error=\"invalid_token\"", "invalid_token"),
        ),
        (
            "GET",
            "/api/orders",
            Some("a token"),
            (400, ", error=\"invalid_request\"", "invalid_request"),
        ),
        (
            "POST",
            "/api/write",
            Some(&token),
            (
                403,
                ", error=\"insufficient_scope\", scope=\"orders.write\"",
                "insufficient_scope",
            ),
        ),
        (
            "GET",
            "/api/proven",
            Some(&token),
            (
                401,
                ", error=\"insufficient_user_authentication\", acr_values=\"c1\"",
                "insufficient_user_authentication",
            ),
        ),
    ] {
        let answer = from(&scene, ORIGIN, method, path, token).await;
        let (status, error, code) = challenge;
        let challenge = format!("Bearer resource_metadata=\"{DOCUMENT}\"{error}");
        answer.expect_challenge(status, &challenge, code);
        expect_readable(&answer);
    }
    for (method, path) in [("GET", "/api/orders"), ("POST", "/api/read")] {
        let answer = from(&scene, ORIGIN, method, path, Some(&token)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        expect_readable(&answer);
    }
}

async fn a_script_of_another_origin_reads_nothing(on: Framework) {
    let scene = scene(on).await;
    let token = scene.provider.access_token(&json!({}), &json!({}));
    for token in [None, Some(&*token)] {
        let answer = from(&scene, "https://evil.test", "GET", "/api/orders", token).await;
        let allowed = answer.header("access-control-allow-origin");
        assert_ne!(allowed, Some("https://evil.test"), "{answer:?}");
        assert_ne!(allowed, Some("*"), "{answer:?}");
    }
}

async fn the_description_is_everybodys(on: Framework) {
    let scene = scene(on).await;
    let path = "/.well-known/oauth-protected-resource";
    let answer = ask(&scene.site, "GET", path, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // One value: browsers take several for none.
    let answer = from(&scene, ORIGIN, "GET", path, None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let allowed = answer.header("access-control-allow-origin");
    assert!([Some("*"), Some(ORIGIN)].contains(&allowed), "{answer:?}");
}

/// Chromium itself, with a preflight before each request for its `Authorization`.
async fn a_browser_shows_a_challenge_to_a_script(on: Framework) {
    let scene = scene(on).await;
    let without_cors = Scene::new(on).await;
    let (browser, elsewhere) = (Browser::start().await, Echo::start().await);
    let read = scene.provider.access_token(&json!({}), &json!({}));
    let ours = without_cors.provider.access_token(&json!({}), &json!({}));
    let named = format!("Bearer resource_metadata=\"{DOCUMENT}\"");
    let _alone = ALONE.lock().await;
    for (api, path, token, told) in [
        (
            &scene,
            "/api/orders",
            &*read,
            "200 null user at till: orders.read;".to_owned(),
        ),
        (
            &scene,
            "/api/orders",
            "no.such.token",
            format!("401 {named}, error=\"invalid_token\" {{\"error\":\"invalid_token\"}}"),
        ),
        (
            &scene,
            "/api/write",
            &read,
            format!(
                "403 {named}, error=\"insufficient_scope\", scope=\"orders.write\" \
                 {{\"error\":\"insufficient_scope\"}}"
            ),
        ),
        (&without_cors, "/api/orders", &*ours, "TypeError".to_owned()),
    ] {
        let html = format!(
            "<pre id=told></pre><script>(async () => {{\
             let text;\
             try {{ const answer = await fetch('{}', {{headers: {{authorization: 'Bearer {token}'}}}});\
             text = `${{answer.status}} ${{answer.headers.get('www-authenticate')}} ${{await answer.text()}}`;\
             }} catch (error) {{ text = error.name; }}\
             told.textContent = text; told.id = 'answered'; }})()</script>",
            api.site.url(path)
        );
        let page: String = form_urlencoded::Serializer::new(String::from("/?"))
            .append_pair("html", &html)
            .finish();
        browser.go(elsewhere.url("127.0.0.1", &page)).await;
        assert_eq!(browser.text_of("#answered").await.trim(), told, "{path}");
    }
}

async fn scene(on: Framework) -> Scene {
    Scene::serving(on, CROSS_ORIGIN, |config| {
        config.with_base_url("https://api.example")
    })
    .await
}

async fn from(
    scene: &Scene,
    origin: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("origin", origin.as_bytes()),
        ("sec-fetch-site", b"cross-site"),
        ("sec-fetch-mode", b"cors"),
    ];
    headers.extend(
        bearer
            .iter()
            .map(|value| ("authorization", value.as_bytes())),
    );
    ask(&scene.site, method, path, &headers).await
}

/// What `fetch` wants of an answer, and that no cache gives it to another origin.
fn expect_readable(answer: &Answer) {
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some(ORIGIN), "{answer:?}");
    let exposed = answer.header("access-control-expose-headers");
    let is_preflight = answer.header("access-control-allow-methods").is_some();
    assert!(
        is_preflight || exposed.is_some_and(|names| names.eq_ignore_ascii_case("www-authenticate")),
        "{answer:?}"
    );
    let vary = answer.values("vary").join(",").to_ascii_lowercase();
    assert!(
        vary.split(',').any(|name| name.trim() == "origin"),
        "{answer:?}"
    );
}

const DOCUMENT: &str = "https://api.example/.well-known/oauth-protected-resource";
