//! Metadata documents that must be refused, one row per lie.

use std::sync::Arc;

use ciam_core::{Ciam, Config, ConfigBuilder};
use http::StatusCode;
use serde_json::{Value, json};

use super::memory::{Memory, document, login, tenant_document};
use super::{CUSTOM, GUID, OTHER, issuer_of};

const NAMED: &str = "https://contoso.ciamlogin.com";
const EXACT: &str = "https://id.example.test/Tenant";

/// An authority, the tenant id beside it, and its honest document.
struct Setting {
    authority: String,
    tenant_id: Option<&'static str>,
    honest: Value,
}

impl Setting {
    fn named() -> Self {
        Self {
            authority: NAMED.to_owned(),
            tenant_id: None,
            honest: tenant_document(NAMED, GUID),
        }
    }

    fn with_id() -> Self {
        Self {
            tenant_id: Some(GUID),
            ..Self::named()
        }
    }

    fn custom() -> Self {
        let origin = format!("https://{CUSTOM}");
        Self {
            honest: tenant_document(&origin, GUID),
            authority: origin,
            tenant_id: Some(GUID),
        }
    }

    fn exact() -> Self {
        Self {
            authority: EXACT.to_owned(),
            tenant_id: None,
            honest: document(EXACT, EXACT),
        }
    }

    fn config(&self, client: &Arc<Memory>) -> ConfigBuilder {
        let config = Config::web(&self.authority, "shop", "http://localhost:3000", "")
            .with_http_client(client.clone());
        match self.tenant_id {
            Some(tenant_id) => config.with_tenant_id(tenant_id),
            None => config,
        }
    }

    fn host(&self) -> String {
        let url = url::Url::parse(&self.authority).expect("an authority");
        url.host_str().expect("a host").to_owned()
    }
}

/// A provider that tells this lie is refused with the code, and the message has
/// all of these; honest again, it is accepted without a restart.
async fn is_refused(setting: &Setting, lie: Value, code: &str, says: &[&str]) {
    let context = format!("{} says {lie}", setting.authority);
    let memory = Memory::new(lie);
    let ciam = Ciam::new(setting.config(&memory).build().expect("good settings"));
    let error = ciam.ready().await.expect_err(&context);
    let text = error.to_string();
    assert_eq!(error.code(), code, "{context}: {text}");
    for part in says.iter().chain(&["CIAM_"]) {
        assert!(text.contains(part), "{part:?} in {text:?}: {context}");
    }
    assert_eq!(memory.asked().len(), 1, "{context}: nothing else is asked");
    assert_eq!(ciam.health().metadata.last_error, Some(code), "{context}");

    let response = login(&ciam).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "{context}");
    assert!(!response.headers().contains_key("set-cookie"), "{context}");
    let page = std::str::from_utf8(response.body()).expect("a text");
    assert!(
        page.contains(&format!("<dd>{code}</dd>")),
        "{context}: {page}"
    );
    assert!(!page.contains("CIAM_") && !page.contains("evil"), "{page}");

    memory.publish(setting.honest.clone());
    let ready = ciam.ready().await;
    ready.unwrap_or_else(|error| panic!("{context}: still {error}"));
    assert_eq!(login(&ciam).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_issuer_that_is_not_the_tenants_is_refused() {
    let host = |guid: &str| format!("{guid}.ciamlogin.com");
    let own = issuer_of(GUID);
    let path = format!("{GUID}/v2.0");
    let upper = GUID.to_uppercase();
    for setting in [Setting::named(), Setting::with_id(), Setting::custom()] {
        for (issuer, issuer_host) in [
            // Another tenant.
            (issuer_of(OTHER), host(OTHER)),
            (format!("https://{}/{OTHER}/v2.0", host(GUID)), host(GUID)),
            (format!("https://{}/{path}", host(OTHER)), host(OTHER)),
            (
                format!("https://contoso.ciamlogin.com/{path}"),
                "contoso.ciamlogin.com".into(),
            ),
            // Hosts that look like it.
            (
                format!("https://contoso.ciamlogin.com.evil.test/{path}"),
                "contoso.ciamlogin.com.evil.test".into(),
            ),
            (
                format!("https://evilciamlogin.com/{path}"),
                "evilciamlogin.com".into(),
            ),
            (
                format!("https://{GUID}.evilciamlogin.com/{path}"),
                format!("{GUID}.evilciamlogin.com"),
            ),
            (
                format!("https://{}.evil.test/{path}", host(GUID)),
                format!("{}.evil.test", host(GUID)),
            ),
            (
                format!("https://evil.{}/{path}", host(GUID)),
                format!("evil.{}", host(GUID)),
            ),
            (
                format!("https://evil.test/{}/{path}", host(GUID)),
                "evil.test".into(),
            ),
            (
                format!("https://{}\\@evil.test/{path}", host(GUID)),
                host(GUID),
            ),
            (
                format!("https://{}./{path}", host(GUID)),
                format!("{}.", host(GUID)),
            ),
            // The right host, and something else.
            (own.replace("https", "http"), host(GUID)),
            (format!("https://a@{}/{path}", host(GUID)), host(GUID)),
            (format!("https://a:b@{}/{path}", host(GUID)), host(GUID)),
            (format!("https://{}:443/{path}", host(GUID)), host(GUID)),
            (format!("https://{}:8443/{path}", host(GUID)), host(GUID)),
            (own.to_uppercase(), host(GUID)),
            (own.replace("https", "HTTPS"), host(GUID)),
            (own.replace("ciamlogin", "CIAMLogin"), host(GUID)),
            (own.replace(GUID, &upper), host(GUID)),
            (own.replace("/v2.0", "/V2.0"), host(GUID)),
            (own.replace("/v2.0", "/v1.0"), host(GUID)),
            (own.replace("/v2.0", ""), host(GUID)),
            (format!("{own}/"), host(GUID)),
            (format!("{own}?"), host(GUID)),
            (format!("{own}#"), host(GUID)),
            (format!(" {own}"), host(GUID)),
            (own.replace("/v2.0", "//v2.0"), host(GUID)),
            (own.replace("/v2.0", "/%762.0"), host(GUID)),
            (
                format!("https://login.microsoftonline.com/{path}"),
                "login.microsoftonline.com".into(),
            ),
            (format!("https://{}", host(GUID)), host(GUID)),
            ("not an address".into(), "no host".into()),
        ] {
            let mut lie = setting.honest.clone();
            lie["issuer"] = json!(issuer);
            let hosts = [setting.host(), issuer_host];
            let says = [&*hosts[0], &*hosts[1]];
            is_refused(&setting, lie, "metadata.issuer", &says).await;
        }
    }
}

#[tokio::test]
async fn endpoints_that_are_not_the_tenants_are_refused() {
    let other = format!("{NAMED}/{OTHER}/x");
    let none = format!("{NAMED}/contoso.onmicrosoft.com/x");
    let later = format!("{NAMED}/x/{GUID}");
    let slashes = format!("{NAMED}//{GUID}/x");
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for endpoint in [&other, &none, &later, &slashes] {
            let learnt = Setting::named();
            let mut lie = learnt.honest.clone();
            lie[member] = json!(endpoint);
            let says = ["contoso.ciamlogin.com", GUID, "set CIAM_TENANT_ID"];
            is_refused(&learnt, lie.clone(), "metadata.issuer", &says).await;
            let says = ["contoso.ciamlogin.com", GUID, "check CIAM_AUTHORITY"];
            is_refused(&Setting::with_id(), lie, "metadata.tenant", &says).await;
        }
    }
    // All endpoints are another tenant's, the issuer is the right one.
    let mut lie = tenant_document(NAMED, OTHER);
    lie["issuer"] = json!(issuer_of(GUID));
    let says = [OTHER, GUID, "check CIAM_AUTHORITY"];
    is_refused(&Setting::named(), lie.clone(), "metadata.issuer", &says).await;
    is_refused(&Setting::with_id(), lie, "metadata.tenant", &says).await;
    // All of it is another tenant's.
    let lie = tenant_document(NAMED, OTHER);
    is_refused(&Setting::with_id(), lie, "metadata.issuer", &says).await;
}

#[tokio::test]
async fn an_exact_issuer_differs_in_nothing() {
    let setting = Setting::exact();
    for (issuer, host, says) in [
        (
            format!("{EXACT}/"),
            "id.example.test",
            "letters and slashes count",
        ),
        (
            EXACT.to_lowercase(),
            "id.example.test",
            "letters and slashes count",
        ),
        (
            EXACT.to_uppercase(),
            "id.example.test",
            "letters and slashes count",
        ),
        (
            format!("{EXACT}//"),
            "id.example.test",
            "letters and slashes count",
        ),
        (format!("{EXACT}/a"), "id.example.test", "CIAM_ISSUER"),
        (
            "https://id.example.test".into(),
            "id.example.test",
            "CIAM_ISSUER",
        ),
        (
            EXACT.replace("https", "http"),
            "id.example.test",
            "CIAM_ISSUER",
        ),
        (
            EXACT.replace("id.", "a@id."),
            "id.example.test",
            "CIAM_ISSUER",
        ),
        (
            EXACT.replace(".test", ".test:443"),
            "id.example.test",
            "CIAM_ISSUER",
        ),
        (
            EXACT.replace(".test", ".test.evil.test"),
            "id.example.test.evil.test",
            "CIAM_ISSUER",
        ),
        (issuer_of(GUID), "ciamlogin.com", "set CIAM_TENANT_ID"),
        (
            "https://login.microsoftonline.com/{tenantid}/v2.0".into(),
            "login.microsoftonline.com",
            "CIAM_AUTHORITY",
        ),
    ] {
        let mut lie = setting.honest.clone();
        lie["issuer"] = json!(issuer);
        let says = ["id.example.test", host, says];
        is_refused(&setting, lie, "metadata.issuer", &says).await;
    }
}

#[tokio::test]
async fn a_document_with_a_bad_member_is_refused() {
    for setting in [
        Setting::named(),
        Setting::with_id(),
        Setting::custom(),
        Setting::exact(),
    ] {
        let endpoints = [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "end_session_endpoint",
        ];
        for member in endpoints {
            let honest = setting.honest[member].as_str().expect("an endpoint");
            for (endpoint, code) in [
                (
                    honest.replace("https", "http"),
                    "metadata.insecure_endpoint",
                ),
                (
                    format!("http://127.0.0.1:8080/{GUID}/x"),
                    "metadata.insecure_endpoint",
                ),
                (
                    format!("http://localhost/{GUID}/x"),
                    "metadata.insecure_endpoint",
                ),
                (
                    format!("ftp://contoso.ciamlogin.com/{GUID}/x"),
                    "metadata.insecure_endpoint",
                ),
                (format!("{honest}#fragment"), "metadata.member"),
                (format!("{honest}#"), "metadata.member"),
                (
                    honest.replace("https://", "https://a:b@"),
                    "metadata.member",
                ),
                (format!("/{GUID}/x"), "metadata.member"),
                (format!("{honest}?{}", "a".repeat(3000)), "metadata.member"),
            ] {
                let mut lie = setting.honest.clone();
                lie[member] = json!(endpoint);
                is_refused(&setting, lie, code, &[member]).await;
            }
        }
        for member in [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
        ] {
            for value in [
                Value::Null,
                json!(""),
                json!(1),
                json!([setting.honest[member]]),
            ] {
                let mut lie = setting.honest.clone();
                lie[member] = value;
                is_refused(&setting, lie, "metadata.member", &[member]).await;
            }
            let mut lie = setting.honest.clone();
            lie.as_object_mut().expect("an object").remove(member);
            is_refused(&setting, lie, "metadata.member", &[member]).await;
        }
        for lie in [
            json!([setting.honest]),
            json!({"a": 1}).to_string().into(),
            json!(null),
        ] {
            is_refused(&setting, lie, "metadata.not_json", &["JSON object"]).await;
        }
    }
}
