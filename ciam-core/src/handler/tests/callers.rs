//! Callers with access tokens: who is let in, and what the others are told.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use serde_json::{Value, json};

use super::bench::{Bench, Browser, NAVIGATION, text};
use crate::{Ciam, Guard, Incoming, auth_context, caller, fresh, role, scope, signed_in, tenant};

/// One request, and what came of it: the caller's subject, or the refusal's status,
/// challenge and body.
pub(super) async fn call(
    ciam: &Ciam,
    headers: &HeaderMap,
    guard: Option<&Guard>,
) -> Result<String, Refusal> {
    call_at(ciam, "/api/orders", headers, guard).await
}

async fn call_at(
    ciam: &Ciam,
    uri: &str,
    headers: &HeaderMap,
    guard: Option<&Guard>,
) -> Result<String, Refusal> {
    let uri: Uri = uri.parse().expect("an address");
    let incoming = Incoming {
        method: &Method::GET,
        uri: &uri,
        headers,
    };
    let visit = ciam.visit(incoming)?;
    if guard.is_none_or(|guard| visit.is_for_callers(guard))
        && let Some(pending) = visit.pending_caller(
            headers
                .get_all("authorization")
                .iter()
                .map(HeaderValue::as_bytes),
            uri.query(),
        )
    {
        pending.await;
    }
    if let Some(guard) = guard {
        visit.require(guard, incoming)?;
    }
    Ok(visit.require_caller()?.id().subject().to_owned())
}

#[derive(Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) challenge: Option<String>,
    pub(super) body: String,
}

impl From<crate::Rejection> for Refusal {
    fn from(rejection: crate::Rejection) -> Self {
        let response = rejection.into_response();
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().expect("ASCII").to_owned());
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            status: response.status().as_u16(),
            challenge,
            body: text(&response).to_owned(),
        }
    }
}

pub(super) fn refusal(status: u16, error: &str) -> Result<String, Refusal> {
    Err(Refusal {
        status,
        challenge: Some(format!("Bearer error=\"{error}\"")),
        body: format!("{{\"error\":\"{error}\"}}"),
    })
}

pub(super) fn bearer(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header value");
    headers.insert("authorization", value);
    headers
}

pub(super) fn token(bench: &Bench, claims: &Value) -> HeaderMap {
    bearer(&bench.provider.access_token(&json!({}), claims))
}

pub(super) fn requests(bench: &Bench) -> usize {
    bench.provider.state().requests.len()
}

#[tokio::test]
async fn a_token_for_this_api_lets_its_caller_in() {
    let bench = Bench::new();
    for claims in [
        json!({}),
        json!({"scp": null, "scope": "orders.read profile"}),
        json!({"aud": ["other", "client"]}),
        json!({"azp": null, "appid": "spa"}),
        json!({"scp": null, "azpacr": "1", "roles": ["Orders.Read.All"]}),
        json!({"nbf": 1_800_000_000}),
    ] {
        let found = call(&bench.ciam, &token(&bench, &claims), None).await;
        assert_eq!(found, Ok("alice".to_owned()), "{claims}");
    }
    let typed = bench.provider.access_token(
        &json!({"typ": "at+jwt"}),
        &json!({"scp": null, "azp": null, "client_id": "spa"}),
    );
    assert_eq!(
        call(&bench.ciam, &bearer(&typed), None).await,
        Ok("alice".to_owned())
    );
}

#[tokio::test]
async fn what_is_no_access_token_for_this_api_is_refused() {
    let bench = Bench::new();
    for claims in [
        // ID tokens: with and without a nonce, with and without `azp`.
        json!({"scp": null, "azp": null}),
        json!({"scp": null, "azp": null, "nonce": "n"}),
        json!({"scp": null, "azp": "client"}),
        json!({"scp": null, "azp": "client", "nonce": "n"}),
        json!({"scp": null, "at_hash": "h"}),
        json!({"nonce": "n"}),
        json!({"at_hash": "h"}),
        json!({"c_hash": "h"}),
        json!({"s_hash": "h"}),
        json!({"typ": "ID"}),
        json!({"typ": "Refresh"}),
        json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
        // Of others, for others, of other times.
        json!({"iss": "https://issuer.example/"}),
        json!({"iss": null}),
        json!({"aud": "other"}),
        json!({"aud": "client2"}),
        json!({"aud": []}),
        json!({"aud": null}),
        json!({"exp": 1_799_999_940}),
        json!({"exp": null}),
        json!({"nbf": 1_800_000_061}),
        json!({"iat": 1_800_000_061}),
        json!({"sub": null}),
        json!({"sub": ""}),
        // Bound to a key.
        json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}),
        // Of another type.
        json!({"aud": 7}),
        json!({"exp": "1800003600"}),
        json!({"iss": ["https://issuer.example"]}),
        json!({"scp": {"orders.read": true}}),
    ] {
        let found = call(&bench.ciam, &token(&bench, &claims), None).await;
        assert_eq!(found, refusal(401, "invalid_token"), "{claims}");
    }
    for header in [
        json!({"typ": "logout+jwt"}),
        json!({"typ": "dpop+jwt"}),
        json!({"alg": "none"}),
        json!({"alg": "RS256"}),
        json!({"alg": "HS256"}),
        json!({"crit": ["exp"]}),
        json!({"nonce": "Microsoft Graph's"}),
    ] {
        let token = bench.provider.access_token(&header, &json!({}));
        let found = call(&bench.ciam, &bearer(&token), None).await;
        assert_eq!(found, refusal(401, "invalid_token"), "{header}");
    }
    let strict = Bench::with(|config| config.with_rfc9068());
    let found = call(&strict.ciam, &token(&strict, &json!({})), None).await;
    assert_eq!(found, refusal(401, "invalid_token"));
}

#[tokio::test]
async fn no_credentials_and_two_of_them_are_told_apart() {
    let bench = Bench::new();
    let nobody = Err(Refusal {
        status: 401,
        challenge: Some("Bearer".to_owned()),
        body: r#"{"error":"visit.no_token"}"#.to_owned(),
    });
    assert_eq!(call(&bench.ciam, &HeaderMap::new(), None).await, nobody);
    let both = token(&bench, &json!({}));
    let uri = "/api/orders?access_token=a.b.c";
    let found = call_at(&bench.ciam, uri, &both, None).await;
    assert_eq!(found, refusal(400, "invalid_request"));
    assert_eq!(
        call_at(&bench.ciam, uri, &HeaderMap::new(), None).await,
        nobody
    );

    let mut with_session = bench.signed_in().await.headers(&[]);
    with_session.extend(token(&bench, &json!({})));
    let found = call(&bench.ciam, &with_session, None).await;
    assert_eq!(found, refusal(400, "invalid_request"));
}

#[tokio::test]
async fn a_guard_is_for_callers_only_where_it_says_so() {
    let bench = Bench::new();
    let headers = token(&bench, &json!({"roles": ["Admin"]}));
    // A page for people: a token with the same role opens nothing.
    let refused = call(&bench.ciam, &headers, Some(&role("Admin"))).await;
    assert_eq!(refused.expect_err("a token is no session").status, 401);
    let refused = call(&bench.ciam, &headers, Some(&signed_in())).await;
    assert_eq!(refused.expect_err("a token is no session").status, 401);
    let guard = caller() & role("Admin");
    assert_eq!(
        call(&bench.ciam, &headers, Some(&guard)).await,
        Ok("alice".to_owned())
    );

    // The same route for people and callers.
    let either = signed_in() | scope("orders.read");
    assert_eq!(
        call(&bench.ciam, &headers, Some(&either)).await,
        Ok("alice".to_owned())
    );
    let mut people = bench.signed_in().await.headers(&NAVIGATION);
    let found = call(&bench.ciam, &people, Some(&either)).await;
    // It let the user pass; there is no caller.
    assert_eq!(
        found.expect_err("no token").body,
        r#"{"error":"visit.no_token"}"#
    );
    people.clear();
    people.insert("accept", HeaderValue::from_static("text/html"));
    let sent = call(&bench.ciam, &people, Some(&either)).await;
    assert_eq!(sent.expect_err("to sign in").status, 303);
}

#[tokio::test]
async fn who_lacks_something_is_told_what_to_get() {
    let bench = Bench::new();
    let challenged = async |claims: &Value, guard: &Guard| {
        let refusal = call(&bench.ciam, &token(&bench, claims), Some(guard)).await;
        let refusal = refusal.expect_err("something is lacking");
        (refusal.status, refusal.challenge.unwrap_or_default())
    };
    let write = caller() & scope("orders.write");
    assert_eq!(
        challenged(&json!({}), &write).await,
        (
            403,
            r#"Bearer error="insufficient_scope", scope="orders.write""#.to_owned()
        )
    );
    let admin = caller() & role("Admin");
    assert_eq!(
        challenged(&json!({}), &admin).await,
        (403, r#"Bearer error="insufficient_scope""#.to_owned())
    );
    // RFC 9470.
    let step_up = caller() & auth_context("urn:mfa") & fresh(Duration::from_secs(300));
    let expected =
        r#"Bearer error="insufficient_user_authentication", acr_values="urn:mfa", max_age="300""#;
    assert_eq!(
        challenged(&json!({}), &step_up).await,
        (401, expected.to_owned())
    );
    let met = json!({"acr": "urn:mfa", "auth_time": 1_799_999_700});
    let found = call(&bench.ciam, &token(&bench, &met), Some(&step_up)).await;
    assert_eq!(found, Ok("alice".to_owned()));
    let stale = json!({"acr": "urn:mfa", "auth_time": 1_799_999_699});
    assert_eq!(challenged(&stale, &step_up).await.0, 401);
    let future = json!({"acr": "urn:mfa", "auth_time": 1_800_000_061});
    assert_eq!(challenged(&future, &step_up).await.0, 401);
    // Microsoft's clients say whether they can act on a challenge.
    let context = caller() & auth_context("c1");
    let able = json!({"tid": "t", "oid": "o", "xms_cc": ["cp1"]});
    let (status, header) = challenged(&able, &context).await;
    assert_eq!(status, 401);
    assert!(
        header.contains("error=\"insufficient_claims\", claims=\"eyJ"),
        "{header}"
    );
    let unable = json!({"tid": "t", "oid": "o"});
    assert_eq!(challenged(&unable, &context).await.0, 403);
    // Nobody is behind an application who could prove more.
    let daemon = json!({"idtyp": "app", "scp": null, "azpacr": "1"});
    assert_eq!(challenged(&daemon, &step_up).await.0, 403);
    // One of two ways is open.
    let ways = (caller() & role("Admin")) | (caller() & auth_context("urn:mfa"));
    assert_eq!(challenged(&json!({}), &ways).await.0, 401);
    let elsewhere = caller() & tenant("aaaabbbb-0000-cccc-1111-dddd2222eeee");
    assert_eq!(
        challenged(&json!({"tid": "other"}), &elsewhere).await.0,
        403
    );
}

#[tokio::test]
async fn an_api_has_no_sessions_and_no_pages() {
    let web = Bench::new();
    let cookies = web.signed_in().await.headers(&NAVIGATION);
    let api = web.restarted(super::bench::SECRET, |config| config.as_api());
    let refused = call(&api.ciam, &cookies, Some(&signed_in())).await;
    let refused = refused.expect_err("no session");
    let metadata = "https://shop.example/.well-known/oauth-protected-resource";
    let challenge = format!("Bearer resource_metadata=\"{metadata}\"");
    assert_eq!((refused.status, refused.challenge), (401, Some(challenge)));

    // RFC 9728: the one route there is.
    let paths: Vec<String> = api.ciam.route_paths().collect();
    assert_eq!(paths, ["/.well-known/oauth-protected-resource"]);
    let found = Browser::default().go(&api, &paths[0]).await;
    assert_eq!(found.status(), 200);
    assert_eq!(found.headers()["access-control-allow-origin"], "*");
    let found: Value = serde_json::from_slice(found.body()).expect("JSON");
    assert_eq!(
        found,
        json!({
            "resource": "https://shop.example",
            "authorization_servers": ["https://issuer.example"],
            "bearer_methods_supported": ["header"],
        })
    );
    assert_eq!(
        Browser::default().go(&api, "/auth/login").await.status(),
        404
    );
}

#[tokio::test]
async fn an_api_of_many_tenants_takes_those_it_names() {
    const ONE: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
    const OTHER: &str = "12345678-0000-cccc-1111-dddd2222eeee";
    let web = Bench::new();
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    web.provider.state().metadata = json!({ "issuer": template });
    let of = |tenant: &str, changes: Value| {
        let mut claims = json!({"iss": template.replace("{tenantid}", tenant), "tid": tenant});
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        token(&web, &claims)
    };
    let named = web.api_of_many(|config| config.with_tenants([ONE]));
    let any = web.api_of_many(|config| config.with_any_tenant());
    for (claims, by_named, by_any) in [
        (of(ONE, json!({})), true, true),
        (of(OTHER, json!({})), false, true),
        (of(ONE, json!({"tid": OTHER})), false, false),
        (of(ONE, json!({"tid": null})), false, false),
        (of("{tenantid}", json!({})), false, false),
        (of(ONE, json!({"iss": template})), false, false),
        (of(&format!("{ONE}/../{OTHER}"), json!({})), false, false),
    ] {
        for (ciam, expected) in [(&named, by_named), (&any, by_any)] {
            let found = call(ciam, &claims, None).await;
            assert_eq!(found.is_ok(), expected, "{found:?}");
        }
    }
    // A key that signs for one tenant signs for no other.
    let mut key = web.provider.state().jwk();
    key["kid"] = json!("bound");
    key["issuer"] = json!(template.replace("{tenantid}", OTHER));
    web.provider.state().published = Some(vec![key]);
    let bound = web.api_of_many(|config| config.with_any_tenant());
    for (tenant, expected) in [(ONE, false), (OTHER, true)] {
        let claims = json!({"iss": template.replace("{tenantid}", tenant), "tid": tenant});
        let token = web.provider.access_token(&json!({"kid": "bound"}), &claims);
        let found = call(&bound, &bearer(&token), None).await;
        assert_eq!(found.is_ok(), expected, "{found:?}");
    }
}

#[tokio::test]
async fn an_api_of_several_providers_holds_each_token_to_its_own() {
    let bench = Bench::with(|config| {
        let config = config.as_api();
        config.with_api_provider("https://partner.example", "api://partner")
    });
    let ours = token(&bench, &json!({}));
    let theirs = json!({"iss": "https://partner.example", "aud": "api://partner"});
    assert!(call(&bench.ciam, &ours, None).await.is_ok());
    assert!(
        call(&bench.ciam, &token(&bench, &theirs), None)
            .await
            .is_ok()
    );
    for claims in [
        // The audience of one with the issuer of the other.
        json!({"iss": "https://partner.example"}),
        json!({"aud": "api://partner"}),
        json!({"iss": "https://nobody.example", "aud": "api://partner"}),
    ] {
        let before = requests(&bench);
        let found = call(&bench.ciam, &token(&bench, &claims), None).await;
        let refused = found.expect_err("of nobody's");
        assert_eq!(refused.body, r#"{"error":"invalid_token"}"#, "{claims}");
        assert_eq!(requests(&bench), before, "{claims}");
    }
}
