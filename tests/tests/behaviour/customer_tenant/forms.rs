//! Every form of the authority that is accepted: a whole sign-in with each.

use ciam_core::ResponseMode;
use ciam_core::{Config, ConfigBuilder};
use ciam_tests::{Framework, Site, cases};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{CUSTOM, EMAIL, GUID, World, issuer_of, sign_in};

cases! {
    at LocalTenant, because "only a customer tenant has a name, a GUID and a domain, and an issuer that is none of its addresses":
        a_tenant_under_its_name_signs_in_however_it_is_written,
        a_tenant_under_its_guid_signs_in_however_it_is_written,
        a_tenant_under_a_domain_of_its_own_signs_in_with_its_id,
        a_tenant_on_loopback_signs_in_as_over_tls,
        a_pinned_issuer_signs_in_at_any_address,
        settings_of_a_file_sign_in_by_form_post_with_userinfo_and_sign_out;
}

/// With each of the ways to write the same.
fn written(authority: &str) -> [String; 4] {
    ["", "/", "/v2.0", "/v2.0/"].map(|end| format!("{authority}{end}"))
}

async fn signs_in(world: &World, authority: &str, tenant_id: Option<&str>) {
    let context = format!("{authority} with {tenant_id:?}");
    let site = world
        .site(authority, |config| match tenant_id {
            Some(tenant_id) => config.with_tenant_id(tenant_id),
            None => config,
        })
        .await;
    let before = world.tenant.requests();
    site.ciam
        .ready()
        .await
        .unwrap_or_else(|error| panic!("{context}: {error}"));
    assert!(site.ciam.health().is_ready(), "{context}");
    is_signed_in(world, &site, &context).await;
    let after = world.tenant.requests();
    assert_eq!(after.discovery - before.discovery, 1, "{context}");
    assert_eq!(after.keys - before.keys, 1, "{context}");
    assert_eq!(after.token - before.token, 1, "{context}");
}

async fn is_signed_in(world: &World, site: &Site, context: &str) {
    let mut visitor = world.visitor();
    let account = sign_in(&mut visitor, site).await;
    assert_eq!(
        account.url.as_str(),
        site.url("/account"),
        "{context}: {account}"
    );
    assert_eq!(account.status, StatusCode::OK, "{context}");
    let claims = &account.json::<Value>()["claims"];
    assert_eq!(claims["iss"], world.tenant.issuer(), "{context}");
    assert_eq!(claims["tid"], GUID, "{context}");
    assert_eq!(claims["email"], EMAIL, "{context}");
    let home = visitor.go(site.url("/")).await;
    let id = format!("{}#", world.tenant.issuer());
    assert!(home.body.starts_with(&id), "{context}: {home}");
}

async fn a_tenant_under_its_name_signs_in_however_it_is_written(on: Framework) {
    let world = World::tls(on).await;
    assert_eq!(world.tenant.issuer(), issuer_of(GUID));
    let mut forms = 0;
    for path in ["", "/contoso.onmicrosoft.com", &format!("/{GUID}")] {
        for authority in written(&format!("https://contoso.ciamlogin.com{path}")) {
            signs_in(&world, &authority, None).await;
            forms += 1;
        }
    }
    let upper = GUID.to_uppercase();
    for authority in [
        "HTTPS://Contoso.CiamLogin.COM:443".to_owned(),
        "https://contoso.ciamlogin.com/Contoso.OnMicrosoft.com/V2.0".to_owned(),
        format!("https://contoso.ciamlogin.com/{upper}"),
    ] {
        signs_in(&world, &authority, None).await;
        signs_in(&world, &authority, Some(&upper)).await;
        forms += 2;
    }
    assert_eq!(forms, 18);
}

async fn a_tenant_under_its_guid_signs_in_however_it_is_written(on: Framework) {
    let world = World::tls(on).await;
    for path in ["", &format!("/{GUID}")] {
        for authority in written(&format!("https://{GUID}.ciamlogin.com{path}")) {
            signs_in(&world, &authority, None).await;
        }
    }
    let by_name = format!("https://{GUID}.ciamlogin.com/contoso.onmicrosoft.com");
    signs_in(&world, &by_name, None).await;
    signs_in(&world, &by_name, Some(GUID)).await;
}

async fn a_tenant_under_a_domain_of_its_own_signs_in_with_its_id(on: Framework) {
    let world = World::tls(on).await;
    for path in ["", "/contoso.onmicrosoft.com", &format!("/{GUID}")] {
        for authority in written(&format!("https://{CUSTOM}{path}")) {
            signs_in(&world, &authority, Some(GUID)).await;
        }
    }
}

async fn a_tenant_on_loopback_signs_in_as_over_tls(on: Framework) {
    let world = World::plain(on).await;
    let origin = format!("http://{}", world.tenant.address());
    assert_eq!(world.tenant.issuer(), format!("{origin}/{GUID}/v2.0"));
    for path in ["/contoso.onmicrosoft.com", &format!("/{GUID}")] {
        for authority in written(&format!("{origin}{path}")) {
            signs_in(&world, &authority, None).await;
        }
    }
    for authority in written(&origin) {
        signs_in(&world, &authority, Some(GUID)).await;
    }
    signs_in(&world, &world.tenant.authority(), Some(GUID)).await;
}

async fn a_pinned_issuer_signs_in_at_any_address(on: Framework) {
    let world = World::tls(on).await;
    let issuer = issuer_of(GUID);
    for authority in [
        "https://contoso.ciamlogin.com".to_owned(),
        format!("https://{CUSTOM}/{GUID}/v2.0"),
    ] {
        let pinned = |config: ConfigBuilder| config.with_issuer(&issuer);
        let site = world.site(&authority, pinned).await;
        is_signed_in(&world, &site, &authority).await;
    }
}

async fn settings_of_a_file_sign_in_by_form_post_with_userinfo_and_sign_out(on: Framework) {
    let world = World::tls(on).await;
    let ca = world.ca.as_ref().expect("TLS").path().display();
    let site = Site::start(on, async |base_url| {
        let shop = world.register(base_url);
        let toml = format!(
            "authority = 'https://{CUSTOM}'\nclient_id = '{}'\nclient_secret = '{}'\n\
             base_url = '{base_url}'\ntenant_id = '{GUID}'\nca_file = '{ca}'\n\
             userinfo = true\n",
            shop.client_id,
            shop.client_secret.expect("a secret"),
        );
        let config = Config::from_toml(&toml).with_response_mode(ResponseMode::FormPost);
        config.with_resolve(CUSTOM, world.tenant.address())
    })
    .await;
    let mut visitor = world.visitor();
    let account = sign_in(&mut visitor, &site).await;
    assert_eq!(account.url.path(), "/account", "{account}");
    let posted = visitor
        .history()
        .iter()
        .any(|exchange| exchange.method == Method::POST && exchange.url.path() == "/auth/callback");
    assert!(posted, "the answer came by POST");
    assert_eq!(world.tenant.requests().userinfo, 1);

    let home = visitor.go(site.url("/")).await;
    let logout = visitor.fetch(&home, Method::POST, "/auth/logout").await;
    let end = logout.location().expect("a redirect");
    assert_eq!(end.host_str(), Some(CUSTOM));
    assert_eq!(end.path(), format!("/{GUID}/oauth2/v2.0/logout"));
    let signed_out = visitor.go_from(&home, end.as_str()).await;
    assert_eq!(signed_out.url.path(), "/auth/signed-out", "{signed_out}");
    assert_eq!(visitor.go(site.url("/")).await.body, "nobody");
    assert_eq!(world.tenant.requests().logout, 1);
    let form = visitor.go(site.url("/account")).await;
    assert_eq!(form.url.host_str(), Some(CUSTOM), "the tenant asks again");
}
