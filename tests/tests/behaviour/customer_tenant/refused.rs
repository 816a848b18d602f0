//! Tenants that are refused on the wire.

use ciam_core::ConfigBuilder;
use ciam_tests::{Framework, Visitor, cases, told};

use super::{CUSTOM, GUID, OTHER, World};

cases! {
    at LocalTenant, because "it is the policy for customer tenants that refuses, and says which setting of theirs to change":
        a_custom_domain_without_the_tenants_id_is_told_to_set_it,
        a_tenant_that_is_not_the_configured_one_is_refused,
        a_tenant_without_the_right_certificate_is_not_asked_anything,
        a_loopback_tenant_under_another_name_is_refused;
}

/// Why the application is not ready, with the same code on the visitor's page.
async fn refusal(
    world: &World,
    authority: &str,
    configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> (u16, &'static str, String) {
    let site = world.site(authority, configure).await;
    let error = site.ciam.ready().await.expect_err(authority);
    let page = Visitor::new().go(site.url("/account")).await;
    assert_eq!(told(&page).0, error.code(), "{authority}");
    assert_eq!(page.url.path(), "/auth/login", "{authority}: {page}");
    (page.status.as_u16(), error.code(), error.to_string())
}

async fn a_custom_domain_without_the_tenants_id_is_told_to_set_it(on: Framework) {
    let world = World::tls(on).await;
    for (path, status, code) in [
        ("", 502, "metadata.status"),
        ("/", 502, "metadata.status"),
        ("/contoso.onmicrosoft.com", 502, "metadata.status"),
        ("/contoso.onmicrosoft.com/v2.0", 502, "metadata.issuer"),
        (&format!("/{GUID}"), 502, "metadata.status"),
        (&format!("/{GUID}/v2.0"), 502, "metadata.issuer"),
        (&format!("/{GUID}/v2.0/"), 502, "metadata.issuer"),
    ] {
        let authority = format!("https://{CUSTOM}{path}");
        let found = refusal(&world, &authority, |config| config).await;
        let (found_status, found_code, text) = found;
        assert_eq!(
            (found_status, found_code),
            (status, code),
            "{authority}: {text}"
        );
        assert!(text.contains("CIAM_TENANT_ID"), "{authority}: {text}");
        if code == "metadata.issuer" {
            assert!(text.contains("set CIAM_TENANT_ID"), "{authority}: {text}");
            let hosts = [CUSTOM, &format!("{GUID}.ciamlogin.com")];
            assert!(hosts.iter().all(|host| text.contains(host)), "{text}");
        }
    }
}

async fn a_tenant_that_is_not_the_configured_one_is_refused(on: Framework) {
    let world = World::tls(on).await;
    for authority in [
        "https://contoso.ciamlogin.com",
        "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0",
        &format!("https://{CUSTOM}/contoso.onmicrosoft.com"),
    ] {
        let other = |config: ConfigBuilder| config.with_tenant_id(OTHER);
        let (status, code, text) = refusal(&world, authority, other).await;
        assert_eq!((status, code), (502, "metadata.issuer"), "{authority}");
        for part in [GUID, OTHER, "CIAM_TENANT_ID", "CIAM_AUTHORITY"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    let unknown = format!("https://contoso.ciamlogin.com/{OTHER}");
    let (status, code, text) = refusal(&world, &unknown, |config| config).await;
    assert_eq!((status, code), (502, "metadata.status"), "{text}");
    let misspelt = "https://contoso.ciamlogin.com/contosso.onmicrosoft.com";
    let (_, code, text) = refusal(&world, misspelt, |config| config).await;
    assert_eq!(code, "metadata.status");
    assert!(text.contains("spelled as it is registered"), "{text}");
}

async fn a_tenant_without_the_right_certificate_is_not_asked_anything(on: Framework) {
    let world = World::tls(on).await;
    let stranger = World::tls(on).await;
    let address = world.tenant.address();
    let asked = world.tenant.requests();
    // The name is another tenant's, the machine is this one.
    let (status, code, text) = refusal(&world, "https://fabrikam.ciamlogin.com", |config| {
        config.with_resolve("fabrikam.ciamlogin.com", address)
    })
    .await;
    assert_eq!((status, code), (503, "transport.connect"), "{text}");
    assert!(text.contains("fabrikam.ciamlogin.com"), "{text}");
    // The name is right, and somebody else's CA says so.
    let ca = stranger.ca.as_ref().expect("TLS").path();
    let (status, code, text) = refusal(&world, "https://contoso.ciamlogin.com", |config| {
        config.with_ca_file(ca)
    })
    .await;
    assert_eq!((status, code), (503, "transport.connect"), "{text}");
    assert_eq!(world.tenant.requests(), asked);
}

async fn a_loopback_tenant_under_another_name_is_refused(on: Framework) {
    let world = World::plain(on).await;
    let port = world.tenant.address().port();
    let authority = format!("http://localhost:{port}/contoso.onmicrosoft.com");
    let (status, code, text) = refusal(&world, &authority, |config| config).await;
    assert_eq!((status, code), (502, "metadata.issuer"), "{text}");
    for part in ["localhost", "127.0.0.1", "CIAM_ISSUER"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
