use super::*;

const GUID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const OTHER_GUID: &str = "12345678-0000-cccc-1111-dddd2222eeee";

fn guid(text: &str) -> Guid {
    Guid::parse(text).expect("a GUID")
}

fn read(raw: &str, tenant: Option<&str>, issuer: Option<&str>) -> Result<Authority, Fault> {
    Authority::new(raw, tenant.map(guid), issuer, None)
}

fn tenant(id: Option<&str>) -> IssuerPolicy {
    IssuerPolicy::CustomerTenant {
        tenant_id: id.map(guid),
    }
}

fn exact(issuer: &str) -> IssuerPolicy {
    IssuerPolicy::Exact {
        issuer: issuer.to_owned(),
    }
}

fn local(authority: &str, id: Option<&str>) -> IssuerPolicy {
    IssuerPolicy::Loopback {
        authority: authority.to_owned(),
        tenant_id: id.map(guid),
    }
}

#[test]
fn customer_tenants() {
    let by_name = "https://contoso.ciamlogin.com/contoso.onmicrosoft.com";
    let by_id = format!("https://contoso.ciamlogin.com/{GUID}");
    let host_id = format!("https://{GUID}.ciamlogin.com/{GUID}");
    let host_id_and_name = format!("https://{GUID}.ciamlogin.com/contoso.onmicrosoft.com");
    let upper = format!("https://CONTOSO.ciamlogin.com/{}/V2.0", GUID.to_uppercase());
    for (raw, configured, base, pinned) in [
        ("https://contoso.ciamlogin.com", None, by_name, None),
        ("https://contoso.ciamlogin.com/", None, by_name, None),
        ("https://contoso.ciamlogin.com:443/", None, by_name, None),
        ("https://contoso.ciamlogin.com/v2.0", None, by_name, None),
        ("https://contoso.ciamlogin.com/v2.0/", None, by_name, None),
        ("HTTPS://Contoso.CiamLogin.com", None, by_name, None),
        (
            "https://contoso.ciamlogin.com",
            Some(GUID),
            by_name,
            Some(GUID),
        ),
        (by_name, None, by_name, None),
        (&format!("{by_name}/"), None, by_name, None),
        (&format!("{by_name}/v2.0"), None, by_name, None),
        (&format!("{by_name}/v2.0/"), None, by_name, None),
        (
            "https://contoso.ciamlogin.com/Contoso.OnMicrosoft.com",
            None,
            by_name,
            None,
        ),
        (&by_id, None, &by_id, Some(GUID)),
        (&format!("{by_id}/"), None, &by_id, Some(GUID)),
        (&format!("{by_id}/v2.0"), Some(GUID), &by_id, Some(GUID)),
        (&format!("{by_id}/v2.0/"), None, &by_id, Some(GUID)),
        (&upper, None, &by_id, Some(GUID)),
        (
            &format!("https://{GUID}.ciamlogin.com"),
            None,
            &host_id,
            Some(GUID),
        ),
        (
            &format!("https://{GUID}.ciamlogin.com/"),
            Some(GUID),
            &host_id,
            Some(GUID),
        ),
        (&format!("{host_id}/v2.0"), None, &host_id, Some(GUID)),
        (&host_id_and_name, None, &host_id_and_name, Some(GUID)),
    ] {
        let authority = read(raw, configured, None).expect(raw);
        let metadata_url = format!("{base}/v2.0/.well-known/openid-configuration");
        assert_eq!(authority.metadata_url(), metadata_url, "{raw}");
        assert_eq!(*authority.policy(), tenant(pinned), "{raw}");
        assert_eq!(authority.as_str(), raw);
        assert!(authority.is_microsoft(), "{raw}");
    }
}

#[test]
fn custom_domains_are_customer_tenants_when_the_tenant_is_configured() {
    let by_id = format!("https://login.contoso.com/{GUID}");
    let by_name = "https://login.contoso.com/contoso.onmicrosoft.com";
    for (raw, base) in [
        ("https://login.contoso.com", by_id.as_str()),
        ("https://login.contoso.com/", &by_id),
        ("https://login.contoso.com/v2.0", &by_id),
        (&by_id, &by_id),
        (&format!("{by_id}/v2.0/"), &by_id),
        (by_name, by_name),
        (&format!("{by_name}/v2.0"), by_name),
        (
            "https://login.contoso.com:8443",
            &format!("https://login.contoso.com:8443/{GUID}"),
        ),
    ] {
        let authority = read(raw, Some(GUID), None).expect(raw);
        let metadata_url = format!("{base}/v2.0/.well-known/openid-configuration");
        assert_eq!(authority.metadata_url(), metadata_url, "{raw}");
        assert_eq!(*authority.policy(), tenant(Some(GUID)), "{raw}");
        assert!(authority.is_microsoft(), "{raw}");
    }
}

#[test]
fn everything_else_is_exact_as_written() {
    let workforce = format!("https://login.microsoftonline.com/{GUID}/v2.0");
    for (raw, base) in [
        ("https://accounts.example", "https://accounts.example"),
        ("https://accounts.example/", "https://accounts.example"),
        ("https://Accounts.example", "https://accounts.example"),
        (
            "https://id.example/realms/shop",
            "https://id.example/realms/shop",
        ),
        (
            "https://id.example/realms/shop/",
            "https://id.example/realms/shop",
        ),
        ("https://id.example/a//", "https://id.example/a/"),
        (
            "https://login.contoso.com/contoso.onmicrosoft.com",
            "https://login.contoso.com/contoso.onmicrosoft.com",
        ),
        ("https://a.b.ciamlogin.com", "https://a.b.ciamlogin.com"),
        ("https://ciamlogin.com", "https://ciamlogin.com"),
        ("https://evilciamlogin.com", "https://evilciamlogin.com"),
        (
            "https://x.ciamlogin.com.evil.test",
            "https://x.ciamlogin.com.evil.test",
        ),
        (&workforce, &workforce),
    ] {
        let authority = read(raw, None, None).expect(raw);
        let metadata_url = format!("{base}/.well-known/openid-configuration");
        assert_eq!(authority.metadata_url(), metadata_url, "{raw}");
        assert_eq!(*authority.policy(), exact(raw), "{raw}");
        assert_eq!(authority.is_microsoft(), raw == workforce, "{raw}");
    }
}

#[test]
fn providers_on_this_machine() {
    let origin = "http://127.0.0.1:3001";
    let by_id = format!("{origin}/{GUID}");
    let by_name = format!("{origin}/contoso.onmicrosoft.com");
    let v2 = |base: &str| format!("{base}/v2.0");
    for (raw, configured, base, pinned) in [
        (origin, None, origin.to_owned(), None),
        (&format!("{origin}/"), None, origin.to_owned(), None),
        (
            "http://localhost:8080/realms/a/",
            None,
            "http://localhost:8080/realms/a".to_owned(),
            None,
        ),
        (
            "https://localhost:8443",
            None,
            "https://localhost:8443".to_owned(),
            None,
        ),
        (
            "http://[::1]:3001",
            None,
            "http://[::1]:3001".to_owned(),
            None,
        ),
        (
            "http://127.0.0.1:3001/common",
            None,
            format!("{origin}/common"),
            None,
        ),
        (&by_name, None, v2(&by_name), None),
        (&v2(&by_name), None, v2(&by_name), None),
        (&format!("{by_name}/"), None, v2(&by_name), None),
        (&by_name, Some(GUID), v2(&by_name), Some(GUID)),
        (&by_id, None, v2(&by_id), Some(GUID)),
        (
            &format!("{by_id}/v2.0/"),
            Some(GUID),
            v2(&by_id),
            Some(GUID),
        ),
        (origin, Some(GUID), v2(&by_id), Some(GUID)),
    ] {
        let authority = read(raw, configured, None).expect(raw);
        let metadata_url = format!("{base}/.well-known/openid-configuration");
        assert_eq!(authority.metadata_url(), metadata_url, "{raw}");
        assert_eq!(*authority.policy(), local(raw, pinned), "{raw}");
        assert!(!authority.is_microsoft(), "{raw}");
    }
}

#[test]
fn a_pinned_issuer_is_exact_for_any_host() {
    let pinned = "https://issuer.example/";
    let workforce = format!("https://login.microsoftonline.com/{GUID}");
    for (raw, base, is_microsoft) in [
        (
            "https://contoso.ciamlogin.com",
            "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0",
            true,
        ),
        ("https://id.example/a/", "https://id.example/a", false),
        ("http://localhost:3001", "http://localhost:3001", false),
        (&workforce, &workforce, true),
    ] {
        let authority = read(raw, None, Some(pinned)).expect(raw);
        let metadata_url = format!("{base}/.well-known/openid-configuration");
        assert_eq!(authority.metadata_url(), metadata_url, "{raw}");
        assert_eq!(*authority.policy(), exact(pinned), "{raw}");
        assert_eq!(authority.is_microsoft(), is_microsoft, "{raw}");
    }
}

#[test]
fn what_is_refused_has_a_code() {
    let metadata = format!("https://contoso.ciamlogin.com/a.onmicrosoft.com/v2.0{WELL_KNOWN}");
    let two = format!("https://{GUID}.ciamlogin.com/{OTHER_GUID}");
    let other = format!("https://contoso.ciamlogin.com/{OTHER_GUID}");
    let other_custom = format!("https://login.contoso.com/{OTHER_GUID}/v2.0");
    let other_local = format!("http://localhost:3001/{OTHER_GUID}");
    let v1 = format!("https://login.microsoftonline.com/{GUID}");
    let workforce = format!("{v1}/v2.0");
    for (raw, configured, code) in [
        (metadata.as_str(), None, "config.authority_is_metadata_url"),
        (
            &format!("{metadata}?appid=a"),
            None,
            "config.authority_is_metadata_url",
        ),
        ("contoso.ciamlogin.com", None, "config.url_invalid"),
        ("http://contoso.ciamlogin.com", None, "config.url_scheme"),
        ("https://contoso.ciamlogin.com.", None, "config.url_invalid"),
        ("https://contoso.ciamlogin.com?a", None, "config.url_query"),
        (
            "https://contoso.ciamlogin.com#a",
            None,
            "config.url_fragment",
        ),
        (
            "https://a@contoso.ciamlogin.com",
            None,
            "config.url_userinfo",
        ),
        (
            "https://contoso.ciamlogin.com:8443",
            None,
            "config.authority_port",
        ),
        (
            "https://contoso.ciamlogin.com/common",
            None,
            "config.authority_shared",
        ),
        (
            "https://contoso.ciamlogin.com/Organizations/v2.0",
            None,
            "config.authority_shared",
        ),
        (
            "https://contoso.ciamlogin.com/contoso.com",
            None,
            "config.authority_path",
        ),
        (
            "https://contoso.ciamlogin.com/a.b.onmicrosoft.com",
            None,
            "config.authority_path",
        ),
        (
            "https://contoso.ciamlogin.com/.onmicrosoft.com",
            None,
            "config.authority_path",
        ),
        (
            "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v1.0",
            None,
            "config.authority_path",
        ),
        (
            "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0/v2.0",
            None,
            "config.authority_path",
        ),
        (
            "https://contoso.ciamlogin.com//",
            None,
            "config.authority_path",
        ),
        (
            "https://login.contoso.com/realms/a",
            Some(GUID),
            "config.authority_path",
        ),
        (
            "https://login.contoso.com/common",
            Some(GUID),
            "config.authority_shared",
        ),
        (
            "http://localhost:3001/realms/a",
            Some(GUID),
            "config.authority_path",
        ),
        (&two, None, "config.tenant_conflict"),
        (&other, Some(GUID), "config.tenant_conflict"),
        (&other_custom, Some(GUID), "config.tenant_conflict"),
        (&other_local, Some(GUID), "config.tenant_conflict"),
        (
            "https://login.microsoftonline.com/common/v2.0",
            None,
            "config.authority_shared",
        ),
        (
            "https://login.microsoftonline.com/consumers",
            None,
            "config.authority_shared",
        ),
        (
            "https://login.microsoftonline.com",
            None,
            "config.authority_path",
        ),
        (&v1, None, "config.authority_path"),
        (
            "https://login.microsoftonline.com/a.onmicrosoft.com/v2.0",
            None,
            "config.authority_path",
        ),
        (&workforce, Some(GUID), "config.authority_tenant"),
    ] {
        assert_eq!(
            read(raw, configured, None).expect_err(raw).code,
            code,
            "{raw}"
        );
    }
}

#[test]
fn a_pasted_metadata_url_is_answered_with_the_value_to_use() {
    let value = "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0";
    let pasted = format!("{value}{WELL_KNOWN}?appid=a");
    let fault = read(&pasted, None, None).expect_err("a metadata URL");
    let shown = format!("{fault:?}");
    assert!(
        shown.contains(value) && !shown.contains(WELL_KNOWN),
        "{shown}"
    );
}

#[test]
fn a_tenant_id_is_a_guid() {
    assert_eq!(tenant_id(&GUID.to_uppercase()).expect("a GUID"), guid(GUID));
    let fault = tenant_id("contoso.onmicrosoft.com").expect_err("a name");
    assert_eq!(fault.code, "config.tenant_id_invalid");
}
