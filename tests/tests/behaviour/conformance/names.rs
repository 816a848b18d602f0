//! Every module of the suite for relying parties is a row of its plan, or is no business of
//! this library.

use std::collections::{BTreeMap, BTreeSet};

use ciam_tests::scripted::REFRESH_ROWS;
use ciam_tests::{Framework, cases};

use super::{Plan, basic, comprehensive, config, form_post, plain_oauth, sign_out};

cases! {
    on Axum at Misbehaving, because "it compares lists":
        every_module_is_a_row_of_its_plan_or_has_a_reason_why_not;
}

async fn every_module_is_a_row_of_its_plan_or_has_a_reason_why_not(_: Framework) {
    let mut why_not = BTreeMap::new();
    for (names, why) in OUT_OF_SCOPE {
        for name in names.split_whitespace() {
            assert_eq!(why_not.insert(name, *why), None, "{name} is listed twice");
        }
    }
    let mut without_row = BTreeSet::new();
    let mut count = 0;
    for (plan, modules, run) in PLANS {
        let mut rows: BTreeSet<_> = run
            .iter()
            .flat_map(|plan| plan.rows.iter().map(|row| row.module))
            .collect();
        if *plan == REFRESH {
            let modules = REFRESH_ROWS.iter().map(|row| row.module);
            rows.extend(modules.filter(|module| !module.is_empty()));
        }
        let modules: BTreeSet<_> = modules.split_whitespace().collect();
        for name in &modules {
            let (is_row, is_not) = (rows.contains(name), why_not.contains_key(name));
            assert!(is_row || is_not, "{plan}: {name} is nowhere");
            assert!(!(is_row && is_not), "{plan}: {name} is a row by now");
            if is_not {
                without_row.insert(*name);
            }
        }
        let invented: Vec<_> = rows.difference(&modules).collect();
        assert!(invented.is_empty(), "{plan} has no modules {invented:?}");
        count += rows.len();
    }
    let listed: BTreeSet<_> = why_not.keys().copied().collect();
    assert_eq!(without_row, listed, "reasons are for modules of the suite");
    println!("{count} modules are rows, {} are not", listed.len());
}

/// The plans: their name, the modules that no plan before has, or that are run in another
/// way there, and what runs them. The success case keeps its prefix.
const PLANS: &[(&str, &str, &[Plan])] = &[
    ("basic", BASIC, &[basic::PLAN]),
    ("form post", BASIC, &[form_post::PLAN]),
    (
        "config",
        "discovery-openid-config discovery-jwks-uri-keys discovery-issuer-mismatch
         idtoken-sig-none signing-key-rotation signing-key-rotation-just-before-signing",
        &[config::PLAN],
    ),
    (
        "comprehensive",
        "missing-aud invalid-sig-hs256 invalid-sig-es256 userinfo-bearer-header
         userinfo-bearer-body form-post-error aggregated-claims distributed-claims
         mtls-endpoint-aliases",
        &[comprehensive::PLAN, form_post::ERROR],
    ),
    (
        "implicit and hybrid",
        "nonce-unless-code-flow missing-chash invalid-chash missing-athash invalid-athash",
        &[],
    ),
    (
        "dynamic",
        "discovery-webfinger-acct discovery-webfinger-url dynamic-registration
         request-uri-signed-rs256 request-uri-signed-none userinfo-signed",
        &[],
    ),
    (
        "sign-out",
        "rp-init-logout rp-init-logout-other-state rp-init-logout-no-state
         rp-backchannel-rpinitlogout rp-backchannel-rpinitlogout-alg-none
         rp-backchannel-rpinitlogout-wrong-alg rp-backchannel-rpinitlogout-wrong-aud
         rp-backchannel-rpinitlogout-wrong-iss rp-backchannel-rpinitlogout-no-event
         rp-backchannel-rpinitlogout-wrong-event rp-backchannel-rpinitlogout-with-nonce
         rp-frontchannel-rpinitlogout rp-frontchannel-opinitlogout session-management",
        &[sign_out::PLAN],
    ),
    ("third party", "3rd-party-init-login", &[]),
    (
        REFRESH,
        "refresh-token refresh-token-invalid-issuer refresh-token-invalid-sub",
        &[],
    ),
    (
        "FAPI 2.0",
        "happy-path happy-path-no-dpop-nonce discovery-issuer-mismatch invalid-iss invalid-aud
         invalid-secondary-aud valid-aud-as-array invalid-null-alg invalid-alternate-alg
         invalid-expired-exp invalid-missing-exp invalid-missing-aud invalid-missing-iss
         invalid-nonce invalid-missing-nonce invalid-authorization-response-iss
         remove-authorization-response-iss
         ensure-authorization-response-with-invalid-state-fails
         ensure-authorization-response-with-invalid-missing-state-fails
         token-endpoint-response-without-expires_in token-type-case-insensitivity
         rs-dpop-auth-scheme-case-insensitivity invalid-openbanking-intent-id
         refresh-token-test
         ensure-jarm-without-iss ensure-jarm-invalid-iss ensure-jarm-invalid-aud
         ensure-jarm-without-exp ensure-jarm-expired-exp ensure-jarm-invalid-sig
         ensure-jarm-signature-is-not-none",
        &[plain_oauth::PLAN],
    ),
];

const BASIC: &str = "oidcc-client-test invalid-iss missing-sub invalid-aud missing-iat
    kid-absent-single-jwks kid-absent-multiple-jwks idtoken-sig-rs256 idtoken-sig-none
    invalid-sig-rs256 userinfo-invalid-sub nonce-invalid scope-userinfo-claims
    client-secret-basic";

/// Its rows are run where tokens are: after a sign-in, and with every store.
const REFRESH: &str = "refresh";

const OUT_OF_SCOPE: &[(&str, &str)] = &[
    (
        "refresh-token-test",
        "the same as `refresh-token`, with DPoP or a client certificate",
    ),
    (
        "nonce-unless-code-flow missing-chash invalid-chash missing-athash invalid-athash",
        "no implicit or hybrid flow",
    ),
    (
        "userinfo-bearer-body",
        "the header is chosen, and is what providers must take",
    ),
    (
        "userinfo-signed",
        "it is for clients registered dynamically",
    ),
    (
        "distributed-claims",
        "no address that a claim names is called",
    ),
    ("mtls-endpoint-aliases", "no client certificates"),
    (
        "discovery-webfinger-acct discovery-webfinger-url",
        "the provider is configured",
    ),
    (
        "dynamic-registration",
        "the client is registered by its operators",
    ),
    (
        "request-uri-signed-rs256 request-uri-signed-none",
        "no request objects",
    ),
    (
        "3rd-party-init-login",
        "no sign-in begins at a provider's wish",
    ),
    (
        "session-management",
        "no page of this library asks another site's frame whether a session goes on",
    ),
    (
        "happy-path-no-dpop-nonce rs-dpop-auth-scheme-case-insensitivity",
        "no DPoP",
    ),
    ("invalid-openbanking-intent-id", "no open banking"),
    (
        "ensure-jarm-without-iss ensure-jarm-invalid-iss ensure-jarm-invalid-aud
         ensure-jarm-without-exp ensure-jarm-expired-exp ensure-jarm-invalid-sig
         ensure-jarm-signature-is-not-none",
        "no JARM",
    ),
];
