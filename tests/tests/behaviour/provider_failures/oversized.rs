//! Too much, broken or odd input: one status and code each, and nobody signed in.

use ciam_tests::wire::{abandon, write_then_read};
use ciam_tests::{Framework, cases};
use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, SET_COOKIE};

use super::World;
use super::asking::{FORM, Told, empty, request};

cases! {
    at Misbehaving:
        sixty_four_kilobytes_and_ten_thousand_cookies_are_nobodys,
        a_header_that_is_no_text_is_as_good_as_none,
        parameters_that_cannot_be_meant_are_refused,
        bodies_that_cannot_be_meant_are_refused,
        a_body_of_ten_megabytes_gets_its_answer,
        a_body_that_breaks_off_keeps_nobody_else_waiting,
        a_thousand_abandoned_sign_ins_leave_room_for_the_next;
    on Axum at Misbehaving, because "actix-web refuses so long a head itself":
        ten_thousand_attempts_are_nobodys;
}

async fn sixty_four_kilobytes_and_ten_thousand_cookies_are_nobodys(on: Framework) {
    let world = World::new(on).await;
    let suffix = suffix(&world).await;
    let long = format!("a={}", "x".repeat(64 * 1024));
    let many: Vec<_> = (0..10_000).map(|n| format!("c{n}=v")).collect();
    for (context, cookies) in [
        ("one long cookie", long),
        ("many cookies", many.join("; ")),
        ("many attempts", attempts(2_000, &suffix)),
        ("more attempts than are looked at", attempts(65, &suffix)),
    ] {
        are_nobodys(&world, context, &cookies).await;
    }
}

async fn ten_thousand_attempts_are_nobodys(on: Framework) {
    let world = World::new(on).await;
    let attempts = attempts(10_000, &suffix(&world).await);
    are_nobodys(&world, "ten thousand attempts", &attempts).await;
}

/// The end of the names of an application's cookies.
async fn suffix(world: &World) -> String {
    let login = world.ask(empty(request("GET", "/auth/login"))).await;
    let own = login.sets().remove(0);
    let name = own.split('=').next().unwrap_or_default();
    name.rsplit('-').next().expect("a suffix").to_owned()
}

/// The cookies of as many attempts to sign in.
fn attempts(count: usize, suffix: &str) -> String {
    let attempts = (0..count).map(|n| format!("ciam-transaction-{n}-{suffix}=v"));
    attempts.collect::<Vec<_>>().join("; ")
}

async fn are_nobodys(world: &World, context: &str, cookies: &str) {
    let with = |method, path| empty(request(method, path).header(COOKIE, cookies));
    world.ask(with("GET", "/")).await.is(context, 200, "");
    let account = world.ask(with("GET", "/account")).await;
    account.is(context, 303, "");
    assert_eq!(
        account.headers["location"],
        "/auth/login?return_to=%2Faccount"
    );
    let login = world.ask(with("GET", "/auth/login")).await;
    login.is(context, 303, "");
    assert_eq!(login.sets().len(), 1, "{context}: one attempt");
    assert!(
        login.headers.get_all(SET_COOKIE).iter().count() <= 65,
        "{context}"
    );
    let callback = with("GET", "/auth/callback?code=a&state=abcdefghijklmnop");
    let callback = world.ask(callback).await;
    callback.is(context, 400, "callback.transaction");
    let logout = world.ask(with("POST", "/auth/logout")).await;
    logout.is(context, 303, "");
    let me = world.ask(with("GET", "/auth/me")).await;
    me.is(context, 401, "visit.not_signed_in");
}

async fn a_header_that_is_no_text_is_as_good_as_none(on: Framework) {
    let world = World::new(on).await;
    let odd = HeaderValue::from_bytes(b"\xff\xfe\x80a=\xc3(").expect("obsolete, and allowed");
    let routes = [
        ("GET", "/", ""),
        ("GET", "/account", ""),
        ("GET", "/auth/login", ""),
        ("GET", "/auth/signup", ""),
        ("GET", "/auth/callback?code=a&state=abcdefghijklmnop", ""),
        ("GET", "/auth/me", ""),
        ("GET", "/auth/signed-out", ""),
        ("POST", "/auth/callback", "code=a&state=abcdefghijklmnop"),
        ("POST", "/auth/logout", ""),
        ("POST", "/order", ""),
    ];
    let names = [
        "accept",
        "connection",
        "content-type",
        "cookie",
        "forwarded",
        "host",
        "hx-request",
        "if-none-match",
        "origin",
        "purpose",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-purpose",
        "upgrade",
        "user-agent",
        "x-forwarded-host",
        "x-requested-with",
    ];
    let mut compared = 0;
    for (method, path, body) in routes {
        for name in names.map(HeaderName::from_static) {
            let build = |value: Option<&HeaderValue>| {
                let mut request = request(method, path).header(CONTENT_TYPE, FORM);
                let headers = request.headers_mut().expect("headers");
                headers.remove(&name);
                if let Some(value) = value {
                    headers.insert(name.clone(), value.clone());
                }
                request.body(body.into()).expect("a request")
            };
            let without = world.ask(build(None)).await;
            let with = world.ask(build(Some(&odd))).await;
            let context = format!("{method} {path} with {name}");
            // Who cannot be told from another site is another site.
            if path == "/auth/logout" && name == "sec-fetch-site" {
                with.is(&context, 403, "visit.cross_site");
            } else {
                with.is(&context, without.status, &without.code);
            }
            assert!(with.status < 500, "{context}");
            compared += 1;
        }
    }
    assert_eq!(compared, routes.len() * names.len());
}

async fn parameters_that_cannot_be_meant_are_refused(on: Framework) {
    let world = World::new(on).await;
    let state = "state=abcdefghijklmnop";
    let many: String = (0..50).map(|n| format!("&p{n}=1")).collect();
    let long = "a".repeat(60_000);
    for (query, status, code) in [
        ("", 400, "callback.state_missing"),
        ("state=", 400, "callback.state_missing"),
        ("code=a", 400, "callback.state_missing"),
        ("state=short&code=a", 400, "callback.state_missing"),
        (
            "state=%ff%fe%00%0d%0a%ff%ff%ff%ff%ff%ff%ff%ff",
            400,
            "callback.state_missing",
        ),
        (&format!("{state}&code=a"), 400, "callback.transaction"),
        (&format!("{state}&code={long}"), 400, "callback.transaction"),
        (
            &format!("{state}&code=a&code=b"),
            400,
            "request.duplicate_parameter",
        ),
        (
            &format!("{state}&{state}&code=a"),
            400,
            "request.duplicate_parameter",
        ),
        (
            &format!("{state}&code=a&%63ode=a"),
            400,
            "request.duplicate_parameter",
        ),
        (
            &format!("{state}&code=a{many}"),
            400,
            "request.too_many_parameters",
        ),
    ] {
        let context: String = query.chars().take(60).collect();
        let get = empty(request("GET", &format!("/auth/callback?{query}")));
        world.ask(get).await.is(&context, status, code);
        let post = request("POST", "/auth/callback")
            .header(CONTENT_TYPE, FORM)
            .body(query.into())
            .expect("a request");
        world.ask(post).await.is(&context, status, code);
    }
    for query in ["return_to=%2Fa&return_to=%2Fb", "prompt=login&prompt=none"] {
        let login = empty(request("GET", &format!("/auth/login?{query}")));
        world
            .ask(login)
            .await
            .is(query, 400, "request.duplicate_parameter");
    }
    let login = empty(request("GET", &format!("/auth/login?return_to=/{long}")));
    let login = world.ask(login).await;
    login.is("a long return_to", 303, "");
    assert!(login.sets()[0].len() < 2000, "it is not carried along");
}

async fn bodies_that_cannot_be_meant_are_refused(on: Framework) {
    let world = World::new(on).await;
    let good = "state=abcdefghijklmnop&code=a";
    for (content_type, code) in [
        (FORM, "callback.transaction"),
        (
            "Application/X-WWW-Form-URLEncoded; charset=utf-8",
            "callback.transaction",
        ),
        ("application/json", "callback.state_missing"),
        ("multipart/form-data; boundary=x", "callback.state_missing"),
        ("text/plain", "callback.state_missing"),
        ("", "callback.state_missing"),
    ] {
        let post = request("POST", "/auth/callback").header(CONTENT_TYPE, content_type);
        let post = post.body(good.into()).expect("a request");
        world.ask(post).await.is(content_type, 400, code);
    }
}

async fn a_body_of_ten_megabytes_gets_its_answer(on: Framework) {
    let world = World::new(on).await;
    let port = world.site.port();
    let size = 10 * 1024 * 1024;
    let length = format!("content-length: {size}\r\n\r\n");
    let chunked = format!("transfer-encoding: chunked\r\n\r\n{size:x}\r\n");
    for (context, framing) in [("announced", length), ("without an end", chunked)] {
        let mut post = post_callback(port, &framing).into_bytes();
        post.resize(post.len() + size, b'a');
        let answer = write_then_read(port, &post).await;
        let told = Told::of(answer.unwrap_or_else(|| panic!("{context}: no answer")));
        told.is(context, 413, "request.too_long");
        assert_eq!(told.headers["cache-control"], "no-store", "{context}");
    }
    // An end that never comes is not waited for.
    let stalled = format!("content-length: {size}\r\n\r\n{}", "a".repeat(70_000));
    let answer = write_then_read(port, post_callback(port, &stalled).as_bytes()).await;
    Told::of(answer.expect("an answer")).is("stalled", 413, "request.too_long");
}

async fn a_body_that_breaks_off_keeps_nobody_else_waiting(on: Framework) {
    let world = World::new(on).await;
    let port = world.site.port();
    let length = "content-length: 1000\r\n\r\nstate=abc";
    let chunk = "transfer-encoding: chunked\r\n\r\nffff\r\nstate=abc";
    // More than the workers and connections that a server has at once.
    for _ in 0..200 {
        abandon(port, post_callback(port, length).as_bytes()).await;
        abandon(port, post_callback(port, chunk).as_bytes()).await;
    }
    let home = world.ask(empty(request("GET", "/"))).await;
    home.is("the next visitor", 200, "");
    let post = request("POST", "/auth/callback").header(CONTENT_TYPE, FORM);
    let post = post.body("state=abc".into()).expect("a request");
    let callback = world.ask(post).await;
    callback.is("the next callback", 400, "callback.state_missing");
}

async fn a_thousand_abandoned_sign_ins_leave_room_for_the_next(on: Framework) {
    let mut world = World::new(on).await;
    let authorize = format!("{}/authorize", world.provider.issuer());
    let mut hasty = world.visitor.clone().stopping_before(&authorize);
    for n in 0..1000 {
        let login = world.site.url("/auth/login?return_to=%2Faccount");
        let page = hasty.go(login).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "sign-in {n}");
        let kept = hasty.cookies().len();
        assert!(kept <= 6, "{kept} cookies after sign-in {n}");
        let sent = hasty.history().last().expect("a request");
        let sent = sent.sent.get(COOKIE).map_or(0, HeaderValue::len);
        assert!(sent < 8 * 1024, "{sent} bytes of cookies");
    }
    assert_eq!(hasty.cookies().len(), 6);
    let attempts: Vec<_> = hasty.cookies().into_iter().cloned().collect();
    for kept in attempts {
        let set = format!("{}={}; Path=/", kept.cookie.name(), kept.cookie.value());
        let home = world.site.url("/");
        world.visitor.set_cookie(&home, &set).expect("a cookie");
    }
    world.expect_signed_in("the thousand and first").await;
}

/// The head of a callback up to what says how long its body is.
fn post_callback(port: u16, rest: &str) -> String {
    format!(
        "POST /auth/callback HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: {FORM}\r\n{rest}"
    )
}
