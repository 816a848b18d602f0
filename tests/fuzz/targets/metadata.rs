//! Metadata documents: a digit for the authority, one for the situation, then the body.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use ciam_core::fuzzing::{Accepted, metadata};
use ciam_core::{Authority, IssuerPolicy};
use ciam_fuzz::authorities::{AUTHORITIES, CASES};
use ciam_fuzz::choose;
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use url::{Host, Url};

fuzz_target!(|data: &[u8]| {
    let Some((case, rest)) = choose(data, CASES.len()) else {
        return;
    };
    let Some((situation, body)) = choose(rest, 4) else {
        return;
    };
    let (status, pinned) = match situation {
        0 => (200, None),
        1 => (200, Some(&HONEST[case])),
        2 => (404, None),
        _ => (302, None),
    };
    let authority = &AUTHORITIES[case];
    match metadata(&answer(status, body), authority, pinned) {
        Ok(accepted) => {
            assert_eq!(status, 200);
            assert_follows_policy(authority, &accepted);
            let document: Value = serde_json::from_slice(body).expect("it was read");
            assert_eq!(document["issuer"], accepted.issuer());
            if let Some(pinned) = pinned {
                assert_eq!(accepted.issuer(), pinned.issuer());
                assert_eq!(accepted.tenant_id(), pinned.tenant_id());
            }
        }
        Err(refusal) => {
            assert!(refusal.len() < 8000, "{refusal}");
            assert!(!refusal.contains(char::is_control), "{refusal:?}");
        }
    }
});

fn assert_follows_policy(authority: &Authority, accepted: &Accepted) {
    let issuer = accepted.issuer();
    match (authority.policy(), accepted.tenant_id()) {
        (IssuerPolicy::Exact { issuer: exact }, None) => assert_eq!(issuer, exact),
        (IssuerPolicy::CustomerTenant { tenant_id }, Some(tenant)) => {
            let expected = format!("https://{tenant}.ciamlogin.com/{tenant}/v2.0");
            assert_eq!(issuer, expected);
            assert_is_tenant(accepted, tenant);
            assert!(tenant_id.as_ref().is_none_or(|id| id.as_str() == tenant));
        }
        (
            IssuerPolicy::Loopback {
                authority: exact,
                tenant_id: None,
            },
            None,
        ) => assert_eq!(issuer, exact),
        (IssuerPolicy::Loopback { tenant_id, .. }, Some(tenant)) => {
            let metadata_url = address(authority.metadata_url());
            let origin = metadata_url.origin().ascii_serialization();
            assert_eq!(issuer, format!("{origin}/{tenant}/v2.0"));
            assert_is_tenant(accepted, tenant);
            assert!(tenant_id.as_ref().is_none_or(|id| id.as_str() == tenant));
        }
        (policy, tenant) => panic!("{policy:?} accepted the tenant {tenant:?}"),
    }
    let over_tls = address(authority.metadata_url()).scheme() == "https";
    for endpoint in accepted.endpoints() {
        let on_this_machine = endpoint.scheme() == "http" && is_loopback(endpoint);
        assert!(
            endpoint.scheme() == "https" || (on_this_machine && !over_tls),
            "{endpoint}"
        );
        assert!(endpoint.fragment().is_none(), "{endpoint}");
        assert!(
            endpoint.username().is_empty() && endpoint.password().is_none(),
            "{endpoint}"
        );
    }
}

/// The tenant is a GUID, and that of the endpoints that get the secrets.
fn assert_is_tenant(accepted: &Accepted, tenant: &str) {
    let lengths: Vec<usize> = tenant.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{tenant}");
    let digit = |c: char| matches!(c, '0'..='9' | 'a'..='f' | '-');
    assert!(tenant.chars().all(digit), "{tenant}");
    for endpoint in &accepted.endpoints()[..3] {
        let first = endpoint.path().split('/').nth(1).expect("a path");
        assert!(first.eq_ignore_ascii_case(tenant), "{endpoint}");
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn address(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

fn answer(status: u16, body: &[u8]) -> Response<Bytes> {
    let answer = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    answer
        .body(Bytes::copy_from_slice(body))
        .expect("a status and a header")
}

static HONEST: LazyLock<Vec<Accepted>> = LazyLock::new(|| {
    let both = AUTHORITIES.iter().zip(&CASES);
    both.map(|(authority, case)| {
        let honest = metadata(&answer(200, case.document().as_bytes()), authority, None);
        honest.expect("an honest document is accepted")
    })
    .collect()
});
