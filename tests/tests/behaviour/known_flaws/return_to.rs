//! Where somebody is sent: always a page of this application.

use ciam_tests::{Framework, cases};
use url::form_urlencoded::byte_serialize;

use super::super::provider_failures::World;
use super::{callback, leads, links, raw};

cases! {
    at Misbehaving:
        cve_2022_24794_a_protected_address_with_two_slashes_stays_here,
        cve_2021_43812_a_return_to_elsewhere_is_not_followed,
        cve_2022_24858_a_prefix_of_the_own_origin_is_not_the_own_origin,
        cve_2022_29214_a_path_that_joins_the_host_stays_here,
        cve_2020_5233_a_backslash_is_no_path,
        cve_2020_11053_encoded_white_space_does_not_hide_a_slash,
        cve_2020_4037_mixed_slashes_and_white_space_stay_here,
        cve_2021_21291_a_host_that_ends_like_the_own_one_is_elsewhere,
        cve_2019_14857_slashes_after_the_first_are_counted,
        cve_2019_20479_a_slash_and_a_backslash_stay_here,
        cve_2021_32786_an_address_that_parsers_read_differently_stays_here,
        cve_2022_23527_a_tab_does_not_hide_a_slash,
        cve_2023_50771_an_absolute_address_is_not_followed,
        cve_2024_39694_control_characters_do_not_hide_a_slash,
        ghsa_vp58_j275_797x_what_looks_like_the_own_origin_is_elsewhere,
        unicode_dots_and_long_addresses_stay_here,
        cve_2021_39191_no_other_parameter_names_a_target,
        cve_2022_2237_a_silent_sign_in_stays_here,
        cve_2021_29652_a_callback_has_no_target_of_its_own,
        a_target_that_is_encoded_more_than_once_stays_here,
        a_very_long_target_is_the_front_page;
}

async fn cve_2022_24794_a_protected_address_with_two_slashes_stays_here(on: Framework) {
    stay_here(
        on,
        &[
            "//evil.com/%2e%2e",
            "//evil.com",
            "///evil.com/..",
            "/%2f/evil.com",
        ],
    )
    .await;
}

async fn cve_2021_43812_a_return_to_elsewhere_is_not_followed(on: Framework) {
    stay_here(
        on,
        &["https://evil.com", "http:evil.com", "javascript:alert(1)"],
    )
    .await;
}

async fn cve_2022_24858_a_prefix_of_the_own_origin_is_not_the_own_origin(on: Framework) {
    stay_here(
        on,
        &[
            "http://localhost.evil.com",
            "http://localhost@evil.com",
            "https://localhost:1.evil.com/",
        ],
    )
    .await;
}

async fn cve_2022_29214_a_path_that_joins_the_host_stays_here(on: Framework) {
    stay_here(
        on,
        &[".evil.com/x", "@evil.com", ":443@evil.com", "evil.com"],
    )
    .await;
}

async fn cve_2020_5233_a_backslash_is_no_path(on: Framework) {
    stay_here(
        on,
        &[
            "/\\evil.com",
            "\\/evil.com",
            "\\\\evil.com",
            "/%5cevil.com",
            "/%255cevil.com",
        ],
    )
    .await;
}

async fn cve_2020_11053_encoded_white_space_does_not_hide_a_slash(on: Framework) {
    stay_here(
        on,
        &[
            "/%09/evil.com",
            "/%0a/evil.com",
            "/%0d/evil.com",
            "/%2509/evil.com",
            "/%20/evil.com",
        ],
    )
    .await;
}

async fn cve_2020_4037_mixed_slashes_and_white_space_stay_here(on: Framework) {
    stay_here(
        on,
        &[
            "/\t/evil.com",
            "/\n/evil.com",
            "/%09\\evil.com",
            "/ /evil.com",
            "\t//evil.com",
        ],
    )
    .await;
}

async fn cve_2021_21291_a_host_that_ends_like_the_own_one_is_elsewhere(on: Framework) {
    stay_here(
        on,
        &[
            "http://badlocalhost/",
            "//badlocalhost",
            "http://evil-localhost:80/",
        ],
    )
    .await;
}

async fn cve_2019_14857_slashes_after_the_first_are_counted(on: Framework) {
    stay_here(on, &["///evil.com", "////evil.com", "/.//evil.com"]).await;
}

async fn cve_2019_20479_a_slash_and_a_backslash_stay_here(on: Framework) {
    stay_here(on, &["/\\/evil.com", "/\\\\evil.com", "\\//evil.com"]).await;
}

async fn cve_2021_32786_an_address_that_parsers_read_differently_stays_here(on: Framework) {
    stay_here(
        on,
        &[
            "http:/\\evil.com",
            "/\\@evil.com",
            "//localhost\\@evil.com",
            "//localhost#@evil.com",
            "//evil.com?@localhost",
        ],
    )
    .await;
}

async fn cve_2022_23527_a_tab_does_not_hide_a_slash(on: Framework) {
    stay_here(
        on,
        &[
            "/\t/evil.com",
            "/%09/evil.com",
            "\t/evil.com",
            "/\t\\evil.com",
        ],
    )
    .await;
}

async fn cve_2023_50771_an_absolute_address_is_not_followed(on: Framework) {
    stay_here(
        on,
        &["HTTPS://EVIL.COM/", "ftp://evil.com", "data:text/html,x"],
    )
    .await;
}

async fn cve_2024_39694_control_characters_do_not_hide_a_slash(on: Framework) {
    stay_here(
        on,
        &[
            "/\u{1}/evil.com",
            "/\u{0}/evil.com",
            "/\u{7f}/evil.com",
            "/%00/evil.com",
            "/%1f/evil.com",
        ],
    )
    .await;
}

async fn ghsa_vp58_j275_797x_what_looks_like_the_own_origin_is_elsewhere(on: Framework) {
    stay_here(
        on,
        &[
            "http://localhost:*/",
            "http://*.localhost/",
            "http://localhost%2eevil.com",
            "//localhost%00.evil.com",
        ],
    )
    .await;
}

async fn unicode_dots_and_long_addresses_stay_here(on: Framework) {
    stay_here(
        on,
        &[
            "/\u{2044}/evil.com",
            "/\u{ff0f}evil.com",
            "/%ef%bc%8fevil.com",
            "/%e2%80%a4%e2%80%a4//evil.com",
            "/a/../..//evil.com",
            "/%2e%2e//evil.com",
            "/%252e%252e/%252fevil.com",
        ],
    )
    .await;
}

async fn cve_2021_39191_no_other_parameter_names_a_target(on: Framework) {
    let mut world = World::new(on).await;
    for name in [
        "target_link_uri",
        "returnTo",
        "rd",
        "redirect_uri",
        "next",
        "callbackUrl",
    ] {
        let login = format!("/auth/login?{name}=https://evil.com");
        ends_at(&mut world, &login, "/").await;
        // A login that somebody else starts goes through the callback there.
        let issuer = world.provider.issuer();
        let page = format!("/auth/callback?iss={issuer}&{name}=https://evil.com");
        let answer = raw(&world, "GET", &page, "").await;
        answer.is(name, 400, "callback.state_missing");
        assert!(!answer.body.contains("evil"), "{name}: {}", answer.body);
    }
    ends_at(&mut world, "/auth/login?return_to=%2Faccount", "/account").await;
}

async fn cve_2022_2237_a_silent_sign_in_stays_here(on: Framework) {
    let mut world = World::new(on).await;
    // The address of a page is where a silent sign-in came back to.
    for page in [
        "//evil.com?error=login_required",
        "//evil.com/?error=login_required&state=x",
        "/\\evil.com?error=login_required",
    ] {
        let answer = raw(&world, "GET", page, "").await;
        assert_eq!(leads(&answer), (303, "/auth/login"), "{page}");
    }
    for (target, expected) in [("%2F%2Fevil.com", "/"), ("%2Faccount", "/account")] {
        let login = format!("/auth/login?prompt=none&return_to={target}");
        ends_at(&mut world, &login, expected).await;
        let asked = world
            .provider
            .asked(ciam_tests::scripted::Place::Authorization);
        let asked = asked.last().expect("a request");
        assert_eq!(asked.query("prompt").as_deref(), Some("none"));
    }
    world.visitor = ciam_tests::Visitor::new();
    world.provider.script(|script| {
        script.authorization = Some(vec![("error", "login_required".to_owned())]);
    });
    for (target, again) in [
        ("%2F%2Fevil.com", "/auth/login"),
        ("%2Faccount", "/auth/login?return_to=%2Faccount"),
    ] {
        let login = format!("/auth/login?prompt=none&return_to={target}");
        let page = world.visitor.go(world.site.url(&login)).await;
        world
            .expect_refused(target, &page, 400, "callback.provider")
            .await;
        assert_eq!(links(&page), [again, "/"], "{target}");
    }
}

async fn cve_2021_29652_a_callback_has_no_target_of_its_own(on: Framework) {
    let mut world = World::new(on).await;
    for target in [
        "return_to=https%3A%2F%2Fevil.com",
        "return_to=%2Forder",
        "pomerium_redirect_uri=https%3A%2F%2Fevil.com",
    ] {
        let answer = callback(&mut world).await;
        let page = world.visitor.go(format!("{answer}&{target}")).await;
        assert_eq!(page.url.as_str(), world.site.url("/account"), "{page}");
        assert_eq!(page.status, 200, "{page}");

        world.visitor = ciam_tests::Visitor::new();
        let answer = callback(&mut world).await;
        let denied = answer.replace("code=", "error=access_denied&old=");
        let page = world.visitor.go(format!("{denied}&{target}")).await;
        world
            .expect_refused(target, &page, 400, "callback.provider")
            .await;
        assert_eq!(links(&page), ["/auth/login?return_to=%2Faccount", "/"]);
    }
}

async fn a_target_that_is_encoded_more_than_once_stays_here(on: Framework) {
    let mut world = World::new(on).await;
    for target in [
        "%252F%252Fevil.com",
        "%25252F%25252Fevil.com",
        "%2F%252Fevil.com",
        "%2F%25252Fevil.com",
        "%2F%2525252Fevil.com",
        "%2F%25255Cevil.com",
        "%2F%252509%252Fevil.com",
        "https%253A%252F%252Fevil.com",
    ] {
        ends_at(&mut world, &format!("/auth/login?return_to={target}"), "/").await;
    }
    let sale = "/auth/login?return_to=%2Faccount%3Foff%3D50%2525";
    ends_at(&mut world, sale, "/account?off=50%25").await;
}

async fn a_very_long_target_is_the_front_page(on: Framework) {
    let mut world = World::new(on).await;
    for (length, is_kept) in [(2048, true), (2049, false), (4000, false)] {
        let path = format!("/{}", "a".repeat(length - 1));
        let login = format!("/auth/login?return_to={path}");
        ends_at(&mut world, &login, if is_kept { &path } else { "/" }).await;
    }
}

/// Each target through `login`, and as the address of a protected page.
async fn stay_here(on: Framework, targets: &[&str]) {
    let mut world = World::new(on).await;
    for target in targets {
        let encoded: String = byte_serialize(target.as_bytes()).collect();
        let login = format!("/auth/login?return_to={encoded}");
        ends_at(&mut world, &login, "/").await;

        if target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic()) {
            let answer = raw(&world, "GET", target, "").await;
            // Neither to the page itself nor back to it after signing in.
            assert_eq!(leads(&answer), (303, "/auth/login"), "{target}");
        }
    }
    // A page of this application is come back to, in both ways.
    let expected = "/auth/login?return_to=%2Faccount%3Fx%3D1";
    let answer = raw(&world, "GET", "/account?x=1", "").await;
    assert_eq!(leads(&answer), (303, expected));
    ends_at(&mut world, expected, "/account?x=1").await;
}

/// Whoever signs in there ends at this page of the application, and sees it.
async fn ends_at(world: &mut World, login: &str, expected: &str) {
    let page = world.visitor.go(world.site.url(login)).await;
    assert_eq!(page.url.as_str(), world.site.url(expected), "{login}");
    assert_eq!(page.status, 200, "{login}: {page}");
}
