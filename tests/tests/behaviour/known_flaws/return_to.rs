//! Where somebody is sent: always a page of this application.

use ciam_tests::{Framework, cases};
use http::StatusCode;
use url::form_urlencoded::byte_serialize;

use super::super::provider_failures::World;
use super::{location, raw};

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
        a_very_long_target_is_the_front_page,
        a_referer_elsewhere_is_no_target,
        signing_out_takes_no_target,
        another_host_is_moved_to_the_own_one_only;
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
        let login = world
            .site
            .url(&format!("/auth/login?{name}=https://evil.com"));
        let page = world.visitor.go(login).await;
        assert!(is_here(&world, page.url.as_str()), "{name}: {page}");
    }
}

async fn cve_2022_2237_a_silent_sign_in_stays_here(on: Framework) {
    let mut world = World::new(on).await;
    let login = "/auth/login?prompt=none&return_to=%2F%2Fevil.com";
    let page = world.visitor.go(world.site.url(login)).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
}

async fn cve_2021_29652_a_callback_has_no_target_of_its_own(on: Framework) {
    let mut world = World::new(on).await;
    world.provider.script(|script| {
        let code = ("error", "access_denied".to_owned());
        let target = ("return_to", "https://evil.com".to_owned());
        script.authorization = Some(vec![code, target]);
    });
    let page = world.sign_in().await;
    assert_eq!(page.url.path(), "/auth/callback", "{page}");
    assert!(!page.body.contains("evil.com"), "{page}");
}

async fn a_very_long_target_is_the_front_page(on: Framework) {
    let mut world = World::new(on).await;
    let long = format!("/auth/login?return_to=/{}", "a".repeat(4000));
    let page = world.visitor.go(world.site.url(&long)).await;
    assert_eq!(page.url.as_str(), world.site.url("/"), "{page}");
}

async fn a_referer_elsewhere_is_no_target(on: Framework) {
    let world = World::new(on).await;
    let own = world.site.url("");
    for referer in [
        "https://evil.com/x".to_owned(),
        format!("{own}//evil.com"),
        format!("{own}@evil.com/"),
        format!("{own}/%09/evil.com"),
        format!("{own}.evil.com/"),
    ] {
        let answer = raw(
            &world,
            "POST",
            "/order",
            &format!("referer: {referer}\r\ncontent-length: 0\r\n"),
        )
        .await;
        assert_eq!(
            location(&answer),
            Some("/auth/login"),
            "{referer}: {answer}"
        );
    }
}

async fn signing_out_takes_no_target(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("before").await;
    let headers = "content-length: 0\r\n";
    for name in ["return_to", "post_logout_redirect_uri", "rd"] {
        let target = format!("/auth/logout?{name}=https://evil.com");
        let answer = raw(&world, "POST", &target, headers).await;
        let location = location(&answer).expect("a redirect");
        assert!(!location.contains("evil"), "{answer}");
        assert!(location.starts_with(&world.provider.issuer()), "{answer}");
    }
}

async fn another_host_is_moved_to_the_own_one_only(on: Framework) {
    let world = World::new(on).await;
    let own = world.site.url("/");
    for (host, target) in [
        ("evil.com", "/auth/login?return_to=//evil.com"),
        ("evil.com", "/auth/login?x=@evil.com"),
        ("localhost.evil.com", "/auth/login"),
    ] {
        let answer = raw(&world, "GET", target, &format!("host: {host}\r\n")).await;
        let location = location(&answer).expect("a redirect");
        assert!(location.starts_with(&own), "{host} {target}: {answer}");
    }
}

/// Each target through `login`, and as the address of a protected page.
async fn stay_here(on: Framework, targets: &[&str]) {
    let mut world = World::new(on).await;
    for target in targets {
        let encoded: String = byte_serialize(target.as_bytes()).collect();
        let login = format!("/auth/login?return_to={encoded}");
        let page = world.visitor.go(world.site.url(&login)).await;
        assert!(is_here(&world, page.url.as_str()), "{target}: {page}");
        assert_eq!(page.url.path(), "/", "{target}: {page}");
        assert_eq!(page.status, StatusCode::OK, "{target}: {page}");

        if target.starts_with('/') && target.bytes().all(|b| b.is_ascii_graphic()) {
            let answer = raw(&world, "GET", target, "").await;
            // Neither to the page itself nor back to it after signing in.
            match location(&answer) {
                Some(location) => assert_eq!(location, "/auth/login", "{target}: {answer}"),
                None => assert!(answer.starts_with("HTTP/1.1 400"), "{target}: {answer}"),
            }
        }
    }
}

fn is_here(world: &World, address: &str) -> bool {
    address.starts_with(&world.site.url("/"))
}
