//! Points of RFC 9700 and of OWASP's ASVS that no other case is about.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ciam_core::ResponseMode;
use ciam_tests::scripted::Place;
use ciam_tests::{Framework, Visitor, cases};
use http::Method;
use serde_json::json;

use super::super::provider_failures::World;
use super::{callback, cookies, raw, says, user};

cases! {
    at Misbehaving:
        the_challenge_is_s256_whatever_the_metadata_says,
        the_redirect_uri_is_the_same_in_both_requests,
        tokens_in_the_address_of_the_callback_sign_nobody_in,
        every_redirect_is_a_303_that_tells_no_address,
        no_token_leaves_the_server,
        an_endpoint_without_tls_is_never_asked,
        a_session_begins_where_a_visitor_goes_and_nowhere_else,
        an_authentication_may_be_as_old_as_is_asked_for,
        every_page_brings_the_headers_that_protect_it;
}

/// RFC 9700, section 2.1.1: S256 always, and a nonce, whoever announces what.
async fn the_challenge_is_s256_whatever_the_metadata_says(on: Framework) {
    for methods in [
        json!(null),
        json!([]),
        json!(["plain"]),
        json!(["S256", "plain"]),
    ] {
        let mut world = World::new(on).await;
        world.provider.script(|script| {
            let name = "code_challenge_methods_supported".to_owned();
            script.metadata.insert(name, methods.clone());
        });
        for _ in 0..2 {
            world.visitor = Visitor::new();
            world.expect_signed_in(&methods.to_string()).await;
        }
        let asked = world.provider.asked(Place::Authorization);
        let values = |name: &str| {
            let values = asked
                .iter()
                .map(|asked| asked.query(name).expect("it is there"));
            values.collect::<Vec<_>>()
        };
        assert_eq!(
            values("code_challenge_method"),
            ["S256", "S256"],
            "{methods}"
        );
        for fresh in ["code_challenge", "nonce", "state"] {
            let values = values(fresh);
            assert_eq!(values.iter().map(String::len).collect::<Vec<_>>(), [43, 43]);
            assert_ne!(values[0], values[1], "{fresh}");
        }
        // The provider compares the challenge with the verifier's SHA-256.
        let issued = world.provider.issued();
        assert!(issued.iter().all(|issued| issued.code_verifier.is_some()));
    }
}

async fn the_redirect_uri_is_the_same_in_both_requests(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("an honest sign-in").await;
    let expected = Some(world.site.url("/auth/callback"));
    let asked = world.provider.asked(Place::Authorization);
    assert_eq!(asked[0].query("redirect_uri"), expected);
    let asked = world.provider.asked(Place::Token);
    assert_eq!(asked[0].field("redirect_uri"), expected);
}

/// RFC 9700, section 2.1.2: no implicit grant, and no token out of an address.
async fn tokens_in_the_address_of_the_callback_sign_nobody_in(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("to have a good token").await;
    let asked = world.provider.asked(Place::Authorization);
    assert_eq!(asked[0].query("response_type").as_deref(), Some("code"));
    let issued = world.provider.issued().remove(0);
    let id_token = issued.id_token.expect("it was issued");
    let access_token = issued.access_token.expect("it was issued");
    for tokens in [
        format!("id_token={id_token}"),
        format!("access_token={access_token}&token_type=Bearer"),
        format!("id_token={id_token}&access_token={access_token}"),
    ] {
        world.visitor = Visitor::new();
        let answer = callback(&mut world).await;
        let (before, state) = answer.split_once("code=").expect("a code");
        let state = state.split_once("&state=").expect("a state").1;
        let page = world
            .visitor
            .go(format!("{before}{tokens}&state={state}"))
            .await;
        world
            .expect_refused(&tokens, &page, 502, "callback.code_missing")
            .await;
        let headers = format!("authorization: Bearer {id_token}\r\n");
        let home = raw(&world, "GET", &format!("/?{tokens}"), &headers).await;
        assert_eq!((home.status, home.body.as_str()), (200, "nobody"));
    }
    assert_eq!(
        world.provider.asked(Place::Token).len(),
        1,
        "the honest one"
    );
}

/// RFC 9700, section 4.12, and 4.2: after a POST as well.
async fn every_redirect_is_a_303_that_tells_no_address(on: Framework) {
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        // Over plain http no browser keeps the cookie that crosses sites: by hand.
        let mut world = World::with(on, |config| config.with_response_mode(mode)).await;
        let login = raw(&world, "GET", "/auth/login", "").await;
        let mut answers = vec![("login", login)];
        let attempt = answers[0].1.sets().remove(0);
        let attempt = attempt.split(';').next().expect("a value").to_owned();
        let to = answers[0].1.headers["location"]
            .to_str()
            .expect("ASCII")
            .to_owned();
        let page = Visitor::new()
            .stopping_before(&world.site.url("/"))
            .go(to)
            .await;
        let (method, target, body) = if mode == ResponseMode::FormPost {
            let form = page.form_to("/auth/callback");
            let state = form.value("state").expect("a state");
            let code = form.value("code").expect("a code");
            let fields = [("code", code), ("state", state)];
            let body: String = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish();
            ("POST", "/auth/callback".to_owned(), body)
        } else {
            let to = page.location().expect("the callback");
            (
                "GET",
                to.as_str().replace(&world.site.url(""), ""),
                String::new(),
            )
        };
        let headers = format!(
            "cookie: {attempt}\r\nsec-fetch-site: cross-site\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n",
            body.len()
        );
        let callback = super::raw_form(&world, method, &target, &headers, &body).await;
        let session = callback.sets();
        assert!(session[0].starts_with("ciam-session"), "{session:?}");
        for cookie in &session {
            let home = world.site.url("/auth/");
            world.visitor.set_cookie(&home, cookie).expect("a cookie");
        }
        assert_eq!(world.who().await, user(&world, "alice"));
        answers.push(("callback", callback));
        let own = cookies(&world.visitor);
        for (name, method, target, headers) in [
            ("callback again", "GET", target.as_str(), own.as_str()),
            ("protected", "GET", "/account", ""),
            ("protected form", "POST", "/order", "content-length: 0\r\n"),
            ("host", "GET", "/auth/login", "host: evil.com\r\n"),
            ("logout", "POST", "/auth/logout", "content-length: 0\r\n"),
            (
                "logout with a session",
                "POST",
                "/auth/logout",
                own.as_str(),
            ),
        ] {
            answers.push((name, raw(&world, method, target, headers).await));
        }
        for (name, answer) in answers {
            assert_eq!(answer.status, 303, "{name}");
            assert_eq!(answer.headers["cache-control"], "no-store", "{name}");
            assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{name}");
            assert_eq!(answer.body, "", "{name}");
            let location = answer.headers["location"].to_str().expect("ASCII");
            let at_provider = location.starts_with(&world.provider.issuer());
            let ours = !location.contains("code=") && !location.contains("state=");
            assert!(at_provider || ours, "{name}: {location}");
        }
    }
}

/// ASVS 10.1.1, and RFC 9700's "access token only in a header".
async fn no_token_leaves_the_server(on: Framework) {
    let mut world = World::with(on, ciam_core::ConfigBuilder::with_userinfo).await;
    world.expect_signed_in("an honest sign-in").await;
    let home = world.visitor.go(world.site.url("/account")).await;
    let me = world.visitor.go(world.site.url("/auth/me")).await;
    assert_eq!((home.status.as_u16(), me.status.as_u16()), (200, 200));
    let issued = world.provider.issued().remove(0);
    let secrets = [
        issued.access_token.expect("it was issued"),
        issued.id_token.expect("it was issued"),
        issued.code_verifier.expect("it was sent"),
    ];
    let userinfo = world.provider.asked(Place::Userinfo);
    let bearer = format!("Bearer {}", secrets[0]);
    assert_eq!(userinfo[0].header("authorization"), Some(bearer.as_str()));
    assert_eq!(
        (userinfo[0].target.as_str(), userinfo[0].body.as_str()),
        ("/userinfo", "")
    );
    for secret in &secrets {
        assert!(!home.body.contains(secret) && !me.body.contains(secret));
        for exchange in world.visitor.history() {
            let head = format!(
                "{} {:?} {:?}",
                exchange.url, exchange.sent, exchange.received
            );
            assert!(!head.contains(secret), "{}", exchange.url);
        }
    }
    // The one address that has an ID token is the provider's own, to sign out.
    let out = world
        .visitor
        .fetch(&home, Method::POST, "/auth/logout")
        .await;
    let out = out.location().expect("the provider");
    assert_eq!(
        ciam_tests::visitor::query(&out, "id_token_hint"),
        Some(secrets[1].clone())
    );
}

async fn an_endpoint_without_tls_is_never_asked(on: Framework) {
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
    ] {
        let mut world = World::new(on).await;
        world.provider.script(|script| {
            let address = json!("http://provider.example/here");
            script.metadata.insert(endpoint.to_owned(), address);
        });
        let page = world.sign_in().await;
        let line = world
            .expect_refused(endpoint, &page, 502, "metadata.insecure_endpoint")
            .await;
        assert!(line.contains(endpoint), "{line}");
        assert_eq!(world.provider.asked(Place::Authorization).len(), 0);
        // https, or this machine.
        world.provider.recover().await;
        World::new(on).await.expect_signed_in("as it was").await;
    }
}

/// ASVS 7.6.2: what no visitor sees, such as a picture or a prefetch, signs nobody in.
async fn a_session_begins_where_a_visitor_goes_and_nowhere_else(on: Framework) {
    let mut world = World::new(on).await;
    for headers in [
        "sec-fetch-mode: no-cors\r\nsec-fetch-dest: image\r\n",
        "sec-fetch-mode: cors\r\nsec-fetch-dest: empty\r\n",
        "sec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\n",
        "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nsec-purpose: prefetch\r\n",
        "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nsec-purpose: prefetch;prerender\r\n",
        "purpose: prefetch\r\n",
        "x-requested-with: XMLHttpRequest\r\n",
    ] {
        for route in ["/auth/login", "/auth/signup", "/auth/login?prompt=none"] {
            let answer = raw(&world, "GET", route, headers).await;
            answer.is(headers, 401, "login.not_a_navigation");
            assert!(answer.sets().is_empty(), "{headers}");
        }
    }
    assert_eq!(world.provider.asked(Place::Authorization).len(), 0);
    let headers = "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n";
    let answer = raw(&world, "GET", "/auth/login", headers).await;
    assert_eq!((answer.status, answer.sets().len()), (303, 1));
    world.expect_signed_in("by going there").await;
}

/// ASVS 7.6.1: how long ago the provider asked who it is.
async fn an_authentication_may_be_as_old_as_is_asked_for(on: Framework) {
    let five_minutes = Duration::from_secs(300);
    let mut world = World::with(on, |config| config.with_max_age(five_minutes)).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("after 1970").as_secs();
    for (auth_time, code) in [
        (json!(null), "token.auth_time_missing"),
        (json!(now - 3600), "token.auth_time"),
        (json!(now + 3600), "token.auth_time"),
        (json!(now.to_string()), "token.claim_type"),
    ] {
        says(&world, json!({"auth_time": auth_time}));
        let page = world.sign_in().await;
        let context = auth_time.to_string();
        world.expect_refused(&context, &page, 502, code).await;
    }
    says(&world, json!({"auth_time": now - 60}));
    world.expect_signed_in("a minute ago").await;
    let asked = world.provider.asked(Place::Authorization);
    let asked = asked.iter().map(|asked| asked.query("max_age"));
    assert!(asked.into_iter().all(|age| age.as_deref() == Some("300")));
}

/// ASVS 3.4, for the pages and answers of the library; the others are the application's.
async fn every_page_brings_the_headers_that_protect_it(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("whom another site would use").await;
    let own = cookies(&world.visitor);
    let foreign = format!("{own}sec-fetch-site: cross-site\r\ncontent-length: 0\r\n");
    let script = "sec-fetch-mode: cors\r\nsec-fetch-dest: empty\r\n";
    for (is_page, status, method, target, headers) in [
        (true, 400, "GET", "/auth/callback", ""),
        (true, 400, "GET", "/auth/login?prompt=create", ""),
        (true, 200, "GET", "/auth/signed-out", ""),
        (true, 403, "POST", "/order", foreign.as_str()),
        (true, 403, "POST", "/auth/logout", foreign.as_str()),
        (false, 401, "GET", "/account", script),
        (false, 401, "GET", "/auth/login", script),
        (false, 401, "GET", "/auth/me", ""),
        (false, 405, "GET", "/auth/logout", ""),
    ] {
        let answer = raw(&world, method, target, headers).await;
        let header = |name: &str| {
            let value = answer.headers.get(name);
            value.map(|value| value.to_str().expect("ASCII"))
        };
        assert_eq!(answer.status, status, "{method} {target}");
        assert_eq!(
            header("x-content-type-options"),
            Some("nosniff"),
            "{target}"
        );
        assert_eq!(header("referrer-policy"), Some("no-referrer"), "{target}");
        assert_eq!(header("cache-control"), Some("no-store"), "{target}");
        assert_eq!(header("access-control-allow-origin"), None, "{target}");
        let kind = if is_page {
            "text/html; charset=utf-8"
        } else {
            "application/json"
        };
        assert_eq!(header("content-type"), Some(kind), "{target}");
        if is_page {
            let policy = header("content-security-policy").expect("a policy");
            for part in [
                "default-src 'none'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(policy.contains(part), "{target}: {policy}");
            }
            assert!(!policy.contains("script-src"), "{target}: {policy}");
            assert_eq!(header("x-frame-options"), Some("DENY"), "{target}");
            assert!(!answer.body.contains("<script"), "{target}");
        }
    }
    // The application's own page is as the application made it.
    let account = raw(&world, "GET", "/account", &own).await;
    assert_eq!(account.status, 200);
    assert!(!account.headers.contains_key("content-security-policy"));
}
