use http::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::config::Config;

const GUID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const OTHER: &str = "12345678-0000-cccc-1111-dddd2222eeee";
const NAMED: &str = "https://contoso.ciamlogin.com";
const CUSTOM: &str = "https://login.contoso.test";
const LOCAL: &str = "http://127.0.0.1:3001";

/// An authority with the settings beside it.
#[derive(Clone, Copy, Debug)]
struct Set<'a>(&'a str, Option<&'a str>, Option<&'a str>);

impl Set<'_> {
    fn authority(self) -> Authority {
        let Self(authority, tenant_id, issuer) = self;
        let mut config = Config::web(authority, "client", "http://localhost:3000", "");
        if let Some(tenant_id) = tenant_id {
            config = config.with_tenant_id(tenant_id);
        }
        if let Some(issuer) = issuer {
            config = config.with_issuer(issuer);
        }
        config.build().expect(authority).authority().clone()
    }
}

fn issuer_of(guid: &str) -> String {
    format!("https://{guid}.ciamlogin.com/{guid}/v2.0")
}

/// A document of this issuer with endpoints under `base`.
fn document(issuer: &str, base: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
    })
}

fn answer(body: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(body.into())
}

fn judge(set: Set<'_>, document: &Value) -> Result<Metadata, MetadataError> {
    metadata_response(&answer(document.to_string()), &set.authority(), None)
}

#[test]
fn the_issuer_of_a_customer_tenant_is_accepted_under_every_address() {
    let by_id = format!("{NAMED}/{GUID}");
    let host_id = format!("https://{GUID}.ciamlogin.com");
    let local = format!("{LOCAL}/{GUID}/v2.0");
    let ciamlogin = issuer_of(GUID);
    for (set, base, issuer) in [
        (Set(NAMED, None, None), NAMED, &ciamlogin),
        (Set(NAMED, Some(GUID), None), NAMED, &ciamlogin),
        (Set(&by_id, None, None), NAMED, &ciamlogin),
        (Set(&host_id, None, None), &host_id, &ciamlogin),
        (Set(CUSTOM, Some(GUID), None), CUSTOM, &ciamlogin),
        // A front door may hand out addresses of the tenant's other names.
        (Set(CUSTOM, Some(GUID), None), NAMED, &ciamlogin),
        (Set(LOCAL, Some(GUID), None), LOCAL, &local),
        (Set(&format!("{LOCAL}/{GUID}"), None, None), LOCAL, &local),
        (
            Set(&format!("{LOCAL}/contoso.onmicrosoft.com"), None, None),
            LOCAL,
            &local,
        ),
        (Set(LOCAL, None, None), LOCAL, &local),
    ] {
        let document = document(issuer, &format!("{base}/{GUID}"));
        let metadata = judge(set, &document).unwrap_or_else(|e| panic!("{set:?}: {e}"));
        assert_eq!(metadata.issuer(), issuer, "{set:?}");
        assert_eq!(metadata.tenant_id(), Some(GUID), "{set:?}");
    }
}

#[test]
fn a_guid_in_capitals_is_the_same_in_settings_and_endpoints_but_not_in_the_issuer() {
    let upper = GUID.to_uppercase();
    let base = format!("{NAMED}/{upper}");
    let metadata = judge(
        Set(NAMED, Some(&upper), None),
        &document(&issuer_of(GUID), &base),
    );
    assert_eq!(metadata.expect("accepted").tenant_id(), Some(GUID));
    let refused = judge(Set(NAMED, None, None), &document(&issuer_of(&upper), &base));
    assert_eq!(refused.expect_err("refused").code(), "metadata.issuer");
}

#[test]
fn any_other_issuer_is_the_authority_or_the_configured_one() {
    let pinned = "https://id.example/tenants/a/";
    for (set, issuer) in [
        (Set("https://id.example", None, None), "https://id.example"),
        (
            Set("https://id.example/", None, None),
            "https://id.example/",
        ),
        (
            Set("https://id.example/a/B", None, None),
            "https://id.example/a/B",
        ),
        (Set("https://id.example", None, Some(pinned)), pinned),
        (Set(NAMED, None, Some(pinned)), pinned),
        (Set(LOCAL, None, None), LOCAL),
        (Set(LOCAL, None, Some(pinned)), pinned),
    ] {
        let document = document(issuer, "https://id.example//x");
        let metadata = judge(set, &document).unwrap_or_else(|e| panic!("{set:?}: {e}"));
        assert_eq!(metadata.issuer(), issuer, "{set:?}");
        assert_eq!(metadata.tenant_id(), None, "{set:?}");
    }
}

#[test]
fn an_issuer_that_is_refused_comes_with_what_to_set() {
    let own = format!("{NAMED}/{GUID}");
    let exact = "https://id.example/a";
    let named = Set(NAMED, None, None);
    let accept = "check CIAM_AUTHORITY; set CIAM_ISSUER only if that issuer is yours";
    for (set, base, issuer, code, says) in [
        (
            named,
            &own,
            issuer_of(OTHER),
            "metadata.issuer",
            "check CIAM_AUTHORITY",
        ),
        (
            Set(NAMED, Some(OTHER), None),
            &own,
            issuer_of(GUID),
            "metadata.issuer",
            "CIAM_TENANT_ID",
        ),
        (
            Set(NAMED, Some(OTHER), None),
            &own,
            issuer_of(OTHER),
            "metadata.tenant",
            "CIAM_TENANT_ID",
        ),
        (
            named,
            &format!("{NAMED}/contoso.onmicrosoft.com"),
            issuer_of(GUID),
            "metadata.issuer",
            "set CIAM_TENANT_ID",
        ),
        (
            named,
            &own,
            issuer_of(GUID).replace("https", "http"),
            "metadata.issuer",
            accept,
        ),
        (
            named,
            &own,
            issuer_of(GUID) + "/",
            "metadata.issuer",
            accept,
        ),
        (
            named,
            &own,
            issuer_of(GUID).replace("/v2.0", ""),
            "metadata.issuer",
            accept,
        ),
        (
            named,
            &own,
            format!("{NAMED}/{GUID}/v2.0"),
            "metadata.issuer",
            accept,
        ),
        (
            Set(CUSTOM, None, None),
            &own,
            issuer_of(GUID),
            "metadata.issuer",
            "set CIAM_TENANT_ID to the tenant's GUID",
        ),
        (
            Set(exact, None, None),
            &own,
            "https://id.example/A".to_owned(),
            "metadata.issuer",
            "letters and slashes count",
        ),
        (
            Set(exact, None, None),
            &own,
            "https://id.example/a/".to_owned(),
            "metadata.issuer",
            "exactly https://id.example/a/",
        ),
        (
            Set(exact, None, None),
            &own,
            "https://login.example/{tenantid}/v2.0".to_owned(),
            "metadata.issuer",
            "put your tenant's id into CIAM_AUTHORITY",
        ),
        (
            Set(exact, None, None),
            &own,
            "https://other.example".to_owned(),
            "metadata.issuer",
            "CIAM_ISSUER if the document is found elsewhere",
        ),
        (
            Set(LOCAL, None, None),
            &format!("{LOCAL}/{GUID}"),
            issuer_of(GUID),
            "metadata.issuer",
            accept,
        ),
    ] {
        let error = judge(set, &document(&issuer, base)).expect_err("refused");
        assert_eq!(error.code(), code, "{set:?} {issuer}: {error}");
        assert!(
            error.to_string().contains(says),
            "{set:?} {issuer}: {error}"
        );
    }
}

#[test]
fn endpoints_of_two_tenants_are_those_of_none() {
    for member in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let mut mixed = document(&issuer_of(GUID), &format!("{NAMED}/{GUID}"));
        mixed[member] = json!(format!("{NAMED}/{OTHER}/x"));
        let learnt = judge(Set(NAMED, None, None), &mixed).expect_err(member);
        assert_eq!(learnt.code(), "metadata.issuer", "{member}");
        let configured = judge(Set(NAMED, Some(GUID), None), &mixed).expect_err(member);
        assert_eq!(configured.code(), "metadata.tenant", "{member}");
        assert!(configured.to_string().contains("none or several"));
    }
}

#[test]
fn a_pinned_issuer_stays() {
    let authority = Set(NAMED, None, None).authority();
    let read = |guid: &str, pinned| {
        let document = document(&issuer_of(guid), &format!("{NAMED}/{guid}"));
        metadata_response(&answer(document.to_string()), &authority, pinned)
    };
    let first = read(GUID, None).expect("accepted");
    assert!(read(GUID, Some(&first.issuer)).is_ok());
    let error = read(OTHER, Some(&first.issuer)).expect_err("another tenant");
    assert_eq!(error.code(), "metadata.issuer_changed");
    let text = error.to_string();
    assert!(
        text.contains(GUID) && text.contains(OTHER) && text.contains("restart"),
        "{text}"
    );
}

#[test]
fn a_document_is_read_leniently_where_nothing_depends_on_it() {
    let mut odd = document("https://id.example", "https://id.example");
    odd["userinfo_endpoint"] = Value::Null;
    odd["end_session_endpoint"] = json!("");
    odd["id_token_signing_alg_values_supported"] = json!(["ES256", 7, null]);
    odd["token_endpoint_auth_methods_supported"] = json!("client_secret_post");
    odd["authorization_response_iss_parameter_supported"] = json!("True");
    odd["somebody's extension"] = json!({"deep": [[[{}]]]});
    let metadata = judge(Set("https://id.example", None, None), &odd).expect("accepted");
    let document = metadata.document();
    assert!(document.userinfo_endpoint.is_none() && document.end_session_endpoint.is_none());
    assert_eq!(document.id_token_signing_algs, ["ES256"]);
    assert_eq!(document.token_endpoint_auth_methods, None);
    assert!(document.iss_parameter_supported);
}

#[test]
fn a_document_is_refused_where_something_depends_on_it() {
    let set = Set("https://id.example", None, None);
    let good = document("https://id.example", "https://id.example");
    let long = format!("https://id.example/{}", "a".repeat(2048));
    let mut refused = Vec::new();
    for (member, value, code) in [
        ("issuer", json!(null), "metadata.member"),
        ("issuer", json!(["https://id.example"]), "metadata.member"),
        ("issuer", json!(""), "metadata.member"),
        ("issuer", json!(long), "metadata.member"),
        ("token_endpoint", json!(null), "metadata.member"),
        ("token_endpoint", json!("/token"), "metadata.member"),
        (
            "token_endpoint",
            json!("https://id.example/#a"),
            "metadata.member",
        ),
        (
            "jwks_uri",
            json!("https://a@id.example/"),
            "metadata.member",
        ),
        (
            "jwks_uri",
            json!("https://:b@id.example/"),
            "metadata.member",
        ),
        (
            "jwks_uri",
            json!("http://id.example/"),
            "metadata.insecure_endpoint",
        ),
        (
            "token_endpoint",
            json!("http://127.0.0.1/"),
            "metadata.insecure_endpoint",
        ),
        (
            "authorization_endpoint",
            json!("javascript:alert(1)"),
            "metadata.insecure_endpoint",
        ),
        (
            "userinfo_endpoint",
            json!("http://id.example/"),
            "metadata.insecure_endpoint",
        ),
        ("end_session_endpoint", json!(7), "metadata.member"),
    ] {
        let mut document = good.clone();
        document[member] = value;
        refused.push((document.to_string(), code));
    }
    for member in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
    ] {
        let mut document = good.clone();
        document.as_object_mut().expect("an object").remove(member);
        refused.push((document.to_string(), "metadata.member"));
    }
    let twice = good
        .to_string()
        .replacen('{', r#"{"issuer":"https://id.example","#, 1);
    let deep = format!("{}{}", r#"{"a":"#.repeat(500), "}".repeat(500));
    for body in ["", "[]", "null", "<!DOCTYPE html>", "{", &twice, &deep] {
        refused.push((body.to_owned(), "metadata.not_json"));
    }
    refused.push((format!("[{good}]"), "metadata.not_json"));
    for (body, code) in refused {
        let error = metadata_response(&answer(body.clone()), &set.authority(), None);
        assert_eq!(error.expect_err(&body).code(), code, "{body:.200}");
    }
}

#[test]
fn an_answer_that_is_no_document_comes_with_what_to_look_at() {
    let own_domain = "A customer tenant under a domain of its own needs CIAM_TENANT_ID";
    for (set, status, code, says) in [
        (
            Set(NAMED, None, None),
            404,
            "metadata.status",
            "spelled as it is registered",
        ),
        (Set(CUSTOM, None, None), 404, "metadata.status", own_domain),
        (Set(CUSTOM, None, None), 500, "metadata.status", own_domain),
        (Set(CUSTOM, None, None), 204, "metadata.status", own_domain),
        (
            Set(CUSTOM, None, None),
            307,
            "metadata.redirect",
            "set CIAM_AUTHORITY to the address it leads to",
        ),
    ] {
        let body = document(CUSTOM, CUSTOM).to_string();
        let mut response = answer(body);
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        let error = metadata_response(&response, &set.authority(), None).expect_err("refused");
        assert_eq!(error.code(), code, "{set:?} {status}");
        assert!(
            error.to_string().contains(says),
            "{set:?} {status}: {error}"
        );
    }
}
