//! What is protected stays so, however it is asked for.

use ciam_tests::{Framework, cases};

use super::super::provider_failures::World;
use super::{cookies, leads, raw, user};

cases! {
    at Misbehaving:
        cve_2025_54576_a_query_opens_no_protected_path,
        cve_2025_54576_only_the_callback_itself_takes_what_other_sites_send,
        cve_2026_40575_a_forwarded_address_opens_nothing,
        cve_2026_41059_an_encoded_fragment_opens_nothing,
        cve_2025_64484_underscored_identity_headers_are_nobody,
        cve_2017_6413_identity_headers_are_nobody,
        cve_2017_6062_identity_headers_of_a_protected_page_are_nobody,
        cve_2021_39206_a_fragment_opens_nothing,
        cve_2022_24797_the_library_opens_its_own_routes_only;
}

/// The login page that leads back to `/account`.
pub(super) const LOGIN: &str = "/auth/login?return_to=%2Faccount";

async fn cve_2025_54576_a_query_opens_no_protected_path(on: Framework) {
    are_closed(
        on,
        &[
            ("/account", "", LOGIN),
            (
                "/account?x=/auth/login",
                "",
                "/auth/login?return_to=%2Faccount%3Fx%3D%2Fauth%2Flogin",
            ),
            ("/account?/", "", "/auth/login?return_to=%2Faccount%3F%2F"),
            (
                "/account?/auth/signed-out",
                "",
                "/auth/login?return_to=%2Faccount%3F%2Fauth%2Fsigned-out",
            ),
            (
                "/account;/auth/login",
                "",
                "/auth/login?return_to=%2Faccount%3B%2Fauth%2Flogin",
            ),
            ("/auth/login/", "", "/auth/login"),
            (
                "/auth/callback/x",
                "",
                "/auth/login?return_to=%2Fauth%2Fcallback%2Fx",
            ),
            ("/auth/../account", "", "/auth/login"),
        ],
    )
    .await;
}

/// The one rule here that lets something through by its path.
async fn cve_2025_54576_only_the_callback_itself_takes_what_other_sites_send(on: Framework) {
    let mut world = World::new(on).await;
    world.expect_signed_in("who is to be misused").await;
    let own = cookies(&world.visitor);
    let foreign = format!("{own}sec-fetch-site: cross-site\r\ncontent-length: 0\r\n");
    for (target, more) in [
        ("/order", ""),
        ("/order?x=/auth/callback", ""),
        ("/order?/auth/callback", ""),
        ("/order#/auth/callback", ""),
        ("/order/auth/callback", ""),
        ("/order;/auth/callback", ""),
        ("/order%23/auth/callback", ""),
        ("/auth/callback/", ""),
        ("/auth/callback/../../order", ""),
        ("/auth/callback%2f..%2f..%2forder", ""),
        ("/auth/callback;/order", ""),
        ("//auth/callback", ""),
        ("/AUTH/CALLBACK", ""),
        ("/order", "x-forwarded-uri: /auth/callback\r\n"),
        ("/order", "x-original-url: /auth/callback\r\n"),
        ("/order", "x-http-method-override: GET\r\n"),
        ("/order", "x-forwarded-method: GET\r\n"),
    ] {
        let answer = raw(&world, "POST", target, &format!("{foreign}{more}")).await;
        answer.is(&format!("{target} {more}"), 403, "visit.cross_site");
    }
    // It does take it, and goes home: there is no attempt, and somebody is signed in.
    let answer = raw(&world, "POST", "/auth/callback", &foreign).await;
    assert_eq!(leads(&answer), (303, "/"));
    let own = format!("{own}sec-fetch-site: same-origin\r\ncontent-length: 0\r\n");
    let answer = raw(&world, "POST", "/order?x=/auth/callback", &own).await;
    let ordered = format!("ordered by {}", user(&world, "alice"));
    assert_eq!((answer.status, answer.body), (200, ordered));
}

async fn cve_2026_40575_a_forwarded_address_opens_nothing(on: Framework) {
    are_closed(
        on,
        &[
            ("/account", "x-forwarded-uri: /\r\n", LOGIN),
            ("/account", "x-original-url: /\r\n", LOGIN),
            ("/account", "x-rewrite-url: /\r\n", LOGIN),
            ("/account", "x-forwarded-path: /\r\n", LOGIN),
            ("/account", "x-original-uri: /\r\n", LOGIN),
            ("/account", "x-forwarded-prefix: /auth\r\n", LOGIN),
        ],
    )
    .await;
}

async fn cve_2026_41059_an_encoded_fragment_opens_nothing(on: Framework) {
    are_closed(
        on,
        &[
            (
                "/account%23/auth/login",
                "",
                "/auth/login?return_to=%2Faccount%2523%2Fauth%2Flogin",
            ),
            (
                "/account%2523/",
                "",
                "/auth/login?return_to=%2Faccount%252523%2F",
            ),
            (
                "/account%3f/",
                "",
                "/auth/login?return_to=%2Faccount%253f%2F",
            ),
        ],
    )
    .await;
}

async fn cve_2025_64484_underscored_identity_headers_are_nobody(on: Framework) {
    are_closed(
        on,
        &[
            ("/account", "X_Forwarded_User: mallory\r\n", LOGIN),
            ("/account", "X_Forwarded_Email: mallory\r\n", LOGIN),
            ("/account", "X_Auth_Request_User: mallory\r\n", LOGIN),
        ],
    )
    .await;
}

async fn cve_2017_6413_identity_headers_are_nobody(on: Framework) {
    are_closed(
        on,
        &[
            ("/account", "OIDC_CLAIM_sub: mallory\r\n", LOGIN),
            ("/account", "OIDC-CLAIM-sub: mallory\r\n", LOGIN),
            ("/account", "remote-user: mallory\r\n", LOGIN),
        ],
    )
    .await;
}

async fn cve_2017_6062_identity_headers_of_a_protected_page_are_nobody(on: Framework) {
    are_closed(
        on,
        &[
            ("/account", "x-forwarded-user: mallory\r\n", LOGIN),
            ("/account", "x-auth-request-user: mallory\r\n", LOGIN),
            ("/account", "x-ms-client-principal: mallory\r\n", LOGIN),
            ("/account", "x-remote-user: mallory\r\n", LOGIN),
            ("/account", "authorization: Bearer mallory\r\n", LOGIN),
            ("/account", "authorization: Basic bWFsbG9yeTo=\r\n", LOGIN),
        ],
    )
    .await;
}

async fn cve_2021_39206_a_fragment_opens_nothing(on: Framework) {
    are_closed(
        on,
        &[
            ("/account#/auth/login", "", LOGIN),
            ("/account#", "", LOGIN),
            (
                "/account?#/auth/callback",
                "",
                "/auth/login?return_to=%2Faccount%3F",
            ),
        ],
    )
    .await;
}

/// What is not in the list of its routes is the application's, which protects it here.
async fn cve_2022_24797_the_library_opens_its_own_routes_only(on: Framework) {
    are_closed(
        on,
        &[
            ("/metrics", "", "/auth/login?return_to=%2Fmetrics"),
            ("/debug/pprof", "", "/auth/login?return_to=%2Fdebug%2Fpprof"),
            ("/healthz", "", "/auth/login?return_to=%2Fhealthz"),
            ("/ping", "", "/auth/login?return_to=%2Fping"),
            (
                "/.well-known/openid-configuration",
                "",
                "/auth/login?return_to=%2F.well-known%2Fopenid-configuration",
            ),
            ("/auth", "", "/auth/login?return_to=%2Fauth"),
            (
                "/auth/metrics",
                "",
                "/auth/login?return_to=%2Fauth%2Fmetrics",
            ),
            (
                "/auth/debug/pprof",
                "",
                "/auth/login?return_to=%2Fauth%2Fdebug%2Fpprof",
            ),
            ("/auth/health", "", "/auth/login?return_to=%2Fauth%2Fhealth"),
            (
                "/auth/userinfo",
                "",
                "/auth/login?return_to=%2Fauth%2Fuserinfo",
            ),
            (
                "/auth/refresh",
                "",
                "/auth/login?return_to=%2Fauth%2Frefresh",
            ),
        ],
    )
    .await;
    let world = World::new(on).await;
    for (method, target, status) in [
        ("POST", "/auth/backchannel-logout", 404),
        ("GET", "/auth/callback", 400),
        ("GET", "/auth/frontchannel-logout", 404),
        ("GET", "/auth/login", 303),
        ("POST", "/auth/logout", 303),
        ("GET", "/auth/me", 401),
        ("GET", "/auth/signed-out", 200),
        ("GET", "/auth/signup", 303),
    ] {
        let answer = raw(&world, method, target, "").await;
        assert_eq!(answer.status, status, "{target}");
    }
    assert_eq!(world.site.ciam.route_paths().count(), 8, "these are all");
}

/// Each request is sent to sign in there; with a session it shows whose it is.
async fn are_closed(on: Framework, requests: &[(&str, &str, &str)]) {
    let mut world = World::new(on).await;
    for (target, headers, login) in requests {
        let answer = raw(&world, "GET", target, headers).await;
        assert_eq!(leads(&answer), (303, *login), "{target} {headers}");
        assert_eq!(answer.body, "", "{target} {headers}");
    }
    world.expect_signed_in("who may see it").await;
    let own = cookies(&world.visitor);
    for (target, headers, _) in requests {
        let answer = raw(&world, "GET", target, &format!("{own}{headers}")).await;
        assert_eq!(answer.status, 200, "{target} {headers}");
        assert!(
            answer.body.contains("\"sub\":\"alice\""),
            "{target}: {}",
            answer.body
        );
        assert!(
            !answer.body.contains("mallory"),
            "{target}: {}",
            answer.body
        );
    }
}
