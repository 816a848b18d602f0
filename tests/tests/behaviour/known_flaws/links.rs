//! Other ways to a page elsewhere: links, hosts, `Referer`, sign-out, and an
//! application that has a path of its own.

use ciam_core::Config;
use ciam_tests::scripted::Scripted;
use ciam_tests::{Framework, Logs, Site, Visitor, cases};
use http::Method;

use super::super::provider_failures::World;
use super::{cookies, leads, links, raw, raw_form};

cases! {
    at Misbehaving:
        the_links_of_a_page_lead_to_this_application,
        a_referer_elsewhere_is_no_target,
        signing_out_takes_no_target,
        another_host_is_moved_to_the_own_one_only,
        forwarded_headers_name_no_host,
        an_application_under_a_path_stays_on_its_host;
}

async fn the_links_of_a_page_lead_to_this_application(on: Framework) {
    let mut world = World::new(on).await;
    world.provider.script(|script| {
        script.authorization = Some(vec![("error", "access_denied".to_owned())]);
    });
    for (address, code, again) in [
        // The provider says no, on the way to a page of this application or not.
        (
            "/auth/login?return_to=%2Faccount",
            "callback.provider",
            "/auth/login?return_to=%2Faccount",
        ),
        (
            "/auth/login?return_to=%2Faccount%3Fa%3D%27%26b%3D%28%29",
            "callback.provider",
            "/auth/login?return_to=%2Faccount%3Fa%3D%27%26b%3D%28%29",
        ),
        (
            "/auth/login?return_to=%2F%2Fevil.com",
            "callback.provider",
            "/auth/login",
        ),
        (
            "/auth/login?return_to=%2F%22%3E%3Ca%20href%3D%22%2F%2Fevil.com",
            "callback.provider",
            "/auth/login",
        ),
        (
            "/auth/login?return_to=javascript%3Aalert(1)",
            "callback.provider",
            "/auth/login",
        ),
        // No attempt began.
        (
            "/auth/login?prompt=create&return_to=%2F%2Fevil.com",
            "login.hint",
            "/auth/login",
        ),
        (
            "/auth/login?return_to=%2Faccount&return_to=%2F%2Fevil.com",
            "request.duplicate_parameter",
            "/auth/login",
        ),
        (
            "/auth/callback?return_to=%2F%2Fevil.com",
            "callback.state_missing",
            "/auth/login",
        ),
        (
            "/auth/callback?code=a&state=abcdefghijklmnop&return_to=%2F%2Fevil.com",
            "callback.transaction",
            "/auth/login",
        ),
    ] {
        let page = world.visitor.go(world.site.url(address)).await;
        world.expect_refused(address, &page, 400, code).await;
        assert_eq!(links(&page), [again, "/"], "{address}");
    }
    let targets = "return_to=%2F%2Fevil.com&post_logout_redirect_uri=https%3A%2F%2Fevil.com";
    let signed_out = world.site.url(&format!("/auth/signed-out?{targets}"));
    let page = world.visitor.go(signed_out).await;
    assert_eq!(page.status, 200, "{page}");
    assert_eq!(links(&page), ["/", "/auth/login"]);

    world.provider.recover().await;
    let page = world.visitor.follow(&page, "Sign in again").await;
    assert_eq!(page.url.as_str(), world.site.url("/"));
    assert_eq!(page.body, super::user(&world, "alice"));
    // Whoever is signed in is not where another site led.
    let order = world.site.url("/order?return_to=%2F%2Fevil.com");
    let headers = format!("{}sec-fetch-site: cross-site\r\n", cookies(&world.visitor));
    let target = order.replace(&world.site.url(""), "");
    let page = raw(&world, "POST", &target, &headers).await;
    page.is("from another site", 403, "visit.cross_site");
    assert!(
        page.body.contains("<a class=\"first\" href=\"/\">"),
        "{}",
        page.body
    );
    assert_eq!(page.body.matches("href=").count(), 1, "{}", page.body);
}

async fn a_referer_elsewhere_is_no_target(on: Framework) {
    let world = World::new(on).await;
    let own = world.site.url("");
    for (referer, expected) in [
        (format!("{own}/account"), "/auth/login?return_to=%2Faccount"),
        (
            format!("{own}/account?x=1#there"),
            "/auth/login?return_to=%2Faccount%3Fx%3D1",
        ),
        (format!("{own}/"), "/auth/login"),
        ("https://evil.com/x".to_owned(), "/auth/login"),
        (format!("{own}//evil.com"), "/auth/login"),
        (format!("{own}/%2Fevil.com"), "/auth/login"),
        (format!("{own}/%252Fevil.com"), "/auth/login"),
        (format!("{own}@evil.com/"), "/auth/login"),
        (format!("{own}/%09/evil.com"), "/auth/login"),
        (format!("{own}/\\evil.com"), "/auth/login"),
        (format!("{own}.evil.com/"), "/auth/login"),
        (format!("{own}/auth/logout"), "/auth/login"),
        (own.replace("http:", "https:") + "/account", "/auth/login"),
        ("/account".to_owned(), "/auth/login"),
        ("null".to_owned(), "/auth/login"),
    ] {
        let headers = format!("referer: {referer}\r\ncontent-length: 0\r\n");
        let answer = raw(&world, "POST", "/order", &headers).await;
        assert_eq!(leads(&answer), (303, expected), "{referer}");
        // A page that can be asked for again is come back to, wherever it was linked.
        let answer = raw(&world, "GET", "/account", &headers).await;
        let itself = "/auth/login?return_to=%2Faccount";
        assert_eq!(leads(&answer), (303, itself), "{referer}");
    }
}

async fn signing_out_takes_no_target(on: Framework) {
    let mut world = World::new(on).await;
    let home = world.site.url("/auth/signed-out");
    let evil = "https://evil.com";
    for (context, query, headers, body) in [
        ("nothing", "", String::new(), String::new()),
        (
            "return_to",
            "?return_to=https://evil.com",
            String::new(),
            String::new(),
        ),
        (
            "post_logout_redirect_uri",
            "?post_logout_redirect_uri=https://evil.com",
            String::new(),
            String::new(),
        ),
        ("rd", "?rd=//evil.com", String::new(), String::new()),
        (
            "a form",
            "",
            String::new(),
            format!("return_to={evil}&post_logout_redirect_uri={evil}"),
        ),
        (
            "a Referer",
            "",
            format!("referer: {evil}/\r\n"),
            String::new(),
        ),
        (
            "a host",
            "",
            "x-forwarded-host: evil.com\r\n".to_owned(),
            String::new(),
        ),
    ] {
        world.visitor = Visitor::new();
        world.expect_signed_in(context).await;
        let headers = format!(
            "{}{headers}content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
            cookies(&world.visitor),
            body.len(),
        );
        let target = format!("/auth/logout{query}");
        let answer = raw_form(&world, "POST", &target, &headers, &body).await;
        let (status, location) = leads(&answer);
        assert_eq!(status, 303, "{context}");
        let to = url::Url::parse(location).expect("an address");
        let end = format!("{}/logout?", world.provider.issuer());
        assert!(location.starts_with(&end), "{context}: {location}");
        let back = ciam_tests::visitor::query(&to, "post_logout_redirect_uri");
        assert_eq!(back.as_deref(), Some(home.as_str()), "{context}");
        assert!(!location.contains("evil"), "{context}: {location}");
        let cleared = answer.headers.get_all("set-cookie").iter();
        let cleared = cleared.filter(|c| c.as_bytes().starts_with(b"ciam-session"));
        let cleared: Vec<_> = cleared.map(|c| c.to_str().expect("ASCII")).collect();
        assert_eq!(cleared.len(), 1, "{context}: a session ended");
        assert!(cleared[0].contains("Max-Age=0"), "{context}: {cleared:?}");
    }
}

async fn another_host_is_moved_to_the_own_one_only(on: Framework) {
    let mut world = World::new(on).await;
    let own = world.site.url("");
    for (host, target, moved, end) in [
        (
            "evil.com",
            "/auth/login?return_to=%2Faccount",
            "/auth/login?return_to=%2Faccount&moved=1",
            "/account",
        ),
        (
            "evil.com",
            "/auth/login?return_to=//evil.com",
            "/auth/login?return_to=//evil.com&moved=1",
            "/",
        ),
        (
            "evil.com",
            "/auth/login?x=@evil.com",
            "/auth/login?x=@evil.com&moved=1",
            "/",
        ),
        (
            "localhost.evil.com",
            "/auth/login",
            "/auth/login?moved=1",
            "/",
        ),
        (
            "localhost@evil.com",
            "/auth/login",
            "/auth/login?moved=1",
            "/",
        ),
        ("127.0.0.1", "/auth/signup", "/auth/signup?moved=1", "/"),
    ] {
        let answer = raw(&world, "GET", target, &format!("host: {host}\r\n")).await;
        let expected = format!("{own}{moved}");
        assert_eq!(leads(&answer), (303, expected.as_str()), "{host} {target}");
        world.visitor = Visitor::new();
        let page = world.visitor.go(&expected).await;
        assert_eq!(page.url.as_str(), world.site.url(end), "{host} {target}");
        assert_eq!(page.status, 200, "{page}");
    }
    // A protected page names no host at all.
    let answer = raw(&world, "GET", "/account", "host: evil.com\r\n").await;
    assert_eq!(leads(&answer), (303, "/auth/login?return_to=%2Faccount"));
}

async fn forwarded_headers_name_no_host(on: Framework) {
    let mut world = World::new(on).await;
    let own = world.site.url("/auth/callback");
    for header in [
        "",
        "x-forwarded-host: evil.com\r\n",
        "x-forwarded-proto: https\r\nx-forwarded-port: 443\r\n",
        "x-forwarded-prefix: /evil\r\n",
        "x-original-host: evil.com\r\n",
        "forwarded: host=evil.com;proto=https\r\n",
        "x-host: evil.com\r\n",
    ] {
        let answer = raw(&world, "GET", "/auth/login", header).await;
        let (status, location) = leads(&answer);
        assert_eq!(status, 303, "{header}");
        let to = url::Url::parse(location).expect("an address");
        let back = ciam_tests::visitor::query(&to, "redirect_uri");
        assert_eq!(back.as_deref(), Some(own.as_str()), "{header}");
        let page = raw(&world, "GET", "/account", header).await;
        let here = "/auth/login?return_to=%2Faccount";
        assert_eq!(leads(&page), (303, here), "{header}");
    }
    world.expect_signed_in("with none of them").await;
}

async fn an_application_under_a_path_stays_on_its_host(on: Framework) {
    let mut world = under_a_path(on).await;
    let own = world.site.url("");
    // What a proxy leaves of an address whose path it took away, or keeps.
    for (target, expected) in [
        ("/account", "/shop/auth/login?return_to=%2Fshop%2Faccount"),
        (
            "/shop/account",
            "/shop/auth/login?return_to=%2Fshop%2Faccount",
        ),
        (
            "//evil.com",
            "/shop/auth/login?return_to=%2Fshop%2F%2Fevil.com",
        ),
        (
            "/shop//evil.com",
            "/shop/auth/login?return_to=%2Fshop%2F%2Fevil.com",
        ),
        (
            "/shop@evil.com",
            "/shop/auth/login?return_to=%2Fshop%2Fshop%40evil.com",
        ),
        ("/..//evil.com", "/shop/auth/login"),
        ("/%2e%2e//evil.com", "/shop/auth/login"),
        ("/shop/..//evil.com", "/shop/auth/login"),
        ("/shop/%252e%252e//evil.com", "/shop/auth/login"),
        ("/\\evil.com", "/shop/auth/login"),
    ] {
        let answer = raw(&world, "GET", target, "").await;
        assert_eq!(leads(&answer), (303, expected), "{target}");
    }
    for (target, end) in [
        ("%2Fshop%2Faccount", "/shop/account"),
        ("%2F%2Fevil.com", "/shop/"),
        ("%2F%5Cevil.com", "/shop/"),
        ("%2Fshop%2F..%2F%2Fevil.com", "/shop/"),
        ("%2Fshop%2F%252e%252e%2F%2Fevil.com", "/shop/"),
        ("https%3A%2F%2Fevil.com", "/shop/"),
        (".evil.com", "/shop/"),
        ("@evil.com", "/shop/"),
    ] {
        // The proxy, by hand: the callback's path is its own.
        world.visitor = Visitor::new().stopping_before(&world.site.url("/shop/"));
        let login = world.site.url(&format!("/auth/login?return_to={target}"));
        let answer = world.visitor.go(login).await.location();
        let answer = answer.expect("back from the provider").to_string();
        let callback = answer.replace("/shop/auth/callback", "/auth/callback");
        assert_ne!(callback, answer);
        let page = world.visitor.go(callback).await;
        assert_eq!(page.status, 303, "{target}: {page}");
        let location = page.location().expect("somewhere");
        assert_eq!(location.as_str(), format!("{own}{end}"), "{target}");
    }
    let page = world.visitor.go(world.site.url("/")).await;
    let out = world
        .visitor
        .fetch(&page, Method::POST, "/auth/logout")
        .await;
    let back = out.location().expect("the provider");
    let back = ciam_tests::visitor::query(&back, "post_logout_redirect_uri");
    assert_eq!(back, Some(format!("{own}/shop/auth/signed-out")));
}

async fn under_a_path(on: Framework) -> World {
    Logs::capture();
    let provider = Scripted::start().await;
    let issuer = provider.issuer();
    let site = Site::start(on, async move |base_url| {
        Config::web(issuer, "shop", format!("{base_url}/shop"), "")
            .with_client_secret("the client's secret")
    })
    .await;
    World {
        provider,
        site,
        visitor: Visitor::new(),
    }
}
