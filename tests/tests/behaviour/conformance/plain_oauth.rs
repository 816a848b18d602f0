//! Modules outside the certification plans that concern a client with a code flow: of
//! the comprehensive plan, and of FAPI 2.0 where neither DPoP nor mTLS is in it.

use ciam_core::ResponseMode;
use ciam_tests::scripted::{Place, Signing};
use ciam_tests::{Framework, cases};
use serde_json::json;

use super::{CLIENT_SECRET, Expect, Row, World, set, table, token};

cases! {
    at Misbehaving:
        each_module_that_concerns_a_plain_client_ends_as_it_must,
        an_algorithm_that_means_unsigned_is_refused_however_it_is_written,
        invalid_sig_es256_is_refused_where_the_client_is_registered_for_it;
}

async fn each_module_that_concerns_a_plain_client_ends_as_it_must(on: Framework) {
    table(on, ResponseMode::Query, ROWS, ALONE).await;
}

async fn an_algorithm_that_means_unsigned_is_refused_however_it_is_written(on: Framework) {
    let mut world = World::new(on, ResponseMode::Query).await;
    for (alg, code) in [
        ("none", "token.alg_none"),
        ("None", "token.alg_none"),
        ("NONE", "token.alg_none"),
        ("nOnE", "token.alg_none"),
        ("", "token.alg_unknown"),
    ] {
        world.begin().await;
        world.provider.script(|s| {
            s.signing = Some(Signing::Unsigned);
            set(&mut s.header, json!({"alg": alg}));
        });
        let row = Row {
            module: "invalid-null-alg",
            about: alg,
            change: |_| {},
            expect: token(code),
        };
        let before = world.counts();
        let page = world.visitor.go(world.site.url("/auth/login")).await;
        world.expect(&row, &page, before).await;
    }
}

async fn invalid_sig_es256_is_refused_where_the_client_is_registered_for_it(on: Framework) {
    let mut world = World::with(on, |config| config.with_id_token_algorithm("ES256")).await;
    for (corrupt, expect) in [(true, token("token.signature")), (false, Expect::SignedIn)] {
        world.begin().await;
        let kid = format!("{}-ec", world.generation);
        world.provider.script(|s| {
            s.signing = Some(Signing::Key("p256", "ES256"));
            s.corrupt = corrupt;
            set(&mut s.header, json!({"kid": kid}));
        });
        let row = Row {
            module: "invalid-sig-es256",
            about: "a wrong bit in the signature, then none",
            change: |_| {},
            expect,
        };
        let before = world.counts();
        let login = world.site.url("/auth/login?return_to=%2Faccount");
        let page = world.visitor.go(login).await;
        world.expect(&row, &page, before).await;
        assert_eq!(world.provider.asked(Place::Metadata).len(), 1);
    }
}

/// Those with other metadata.
const ALONE: &[&str] = &["remove-authorization-response-iss"];

/// Checked by cases of their own.
pub(super) const ELSEWHERE: &[&str] = &["invalid-null-alg", "invalid-sig-es256"];

pub(super) const ROWS: &[Row] = &[
    Row {
        module: "happy-path",
        about: "all correct",
        change: |_| {},
        expect: Expect::SignedIn,
    },
    Row {
        module: "missing-aud",
        about: "no aud",
        change: |s| set(&mut s.claims, json!({"aud": null})),
        expect: token("token.audience_missing"),
    },
    Row {
        module: "invalid-sig-hs256",
        about: "HS256 with the client's secret and a wrong bit: refused for the algorithm",
        change: |s| {
            s.signing = Some(Signing::Mac(CLIENT_SECRET.to_owned()));
            s.corrupt = true;
        },
        expect: token("token.alg_symmetric"),
    },
    Row {
        module: "userinfo-bearer-header",
        about: "the token in the header, which every row checks",
        change: |_| {},
        expect: Expect::SignedIn,
    },
    Row {
        module: "aggregated-claims",
        about: "claims of others inside: not followed, and in nobody's way",
        change: |s| {
            let sources = json!({
                "_claim_names": {"credit": "bank"},
                "_claim_sources": {"bank": {"JWT": "e30.e30.e30"}},
            });
            set(&mut s.userinfo, sources);
        },
        expect: Expect::SignedIn,
    },
    Row {
        module: "invalid-iss",
        about: "another issuer",
        change: |s| set(&mut s.claims, json!({"iss": "http://127.0.0.1:1/"})),
        expect: token("token.issuer"),
    },
    Row {
        module: "invalid-aud",
        about: "another audience",
        change: |s| set(&mut s.claims, json!({"aud": "shop1"})),
        expect: token("token.audience"),
    },
    Row {
        module: "invalid-secondary-aud",
        about: "a second audience that nobody knows, no azp",
        change: |s| set(&mut s.claims, json!({"aud": ["shop", "another"]})),
        expect: token("token.authorized_party"),
    },
    Row {
        module: "valid-aud-as-array",
        about: "aud is a list of one",
        change: |s| set(&mut s.claims, json!({"aud": ["shop"]})),
        expect: Expect::SignedIn,
    },
    Row {
        module: "invalid-alternate-alg",
        about: "PS256 with the key that is published, where the client has RS256",
        change: |s| {
            let Some(Signing::Key(name, _)) = s.signing else {
                panic!("a key signs");
            };
            s.signing = Some(Signing::Key(name, "PS256"));
        },
        expect: token("token.alg_mismatch"),
    },
    Row {
        module: "invalid-expired-exp",
        about: "expired years ago",
        change: |s| set(&mut s.claims, json!({"exp": 1_700_000_000})),
        expect: token("token.expired"),
    },
    Row {
        module: "invalid-missing-exp",
        about: "no exp",
        change: |s| set(&mut s.claims, json!({"exp": null})),
        expect: token("token.expiry_missing"),
    },
    Row {
        module: "invalid-missing-aud",
        about: "no aud",
        change: |s| set(&mut s.claims, json!({"aud": null})),
        expect: token("token.audience_missing"),
    },
    Row {
        module: "invalid-missing-iss",
        about: "no iss",
        change: |s| set(&mut s.claims, json!({"iss": null})),
        expect: token("token.issuer_missing"),
    },
    Row {
        module: "invalid-nonce",
        about: "another nonce",
        change: |s| set(&mut s.claims, json!({"nonce": "another"})),
        expect: token("token.nonce"),
    },
    Row {
        module: "invalid-missing-nonce",
        about: "no nonce, where one was sent",
        change: |s| set(&mut s.claims, json!({"nonce": null})),
        expect: token("token.nonce_missing"),
    },
    Row {
        module: "invalid-authorization-response-iss",
        about: "the answer is of another issuer: no token call",
        change: |s| s.response_iss = Some("http://127.0.0.1:1/".to_owned()),
        expect: Expect::Refused(502, "callback.issuer", 0, 0),
    },
    Row {
        module: "remove-authorization-response-iss",
        about: "announced, and left out: no token call",
        change: |s| {
            let announced = json!({"authorization_response_iss_parameter_supported": true});
            set(&mut s.metadata, announced);
        },
        expect: Expect::Refused(502, "callback.issuer_missing", 0, 0),
    },
    Row {
        module: "ensure-authorization-response-with-invalid-state-fails",
        about: "a state that was not made here",
        change: |s| s.state = Some(vec![("state", "another".to_owned())]),
        expect: Expect::Refused(400, "callback.state_missing", 0, 0),
    },
    Row {
        module: "ensure-authorization-response-with-invalid-missing-state-fails",
        about: "no state",
        change: |s| s.state = Some(Vec::new()),
        expect: Expect::Refused(400, "callback.state_missing", 0, 0),
    },
    Row {
        module: "token-endpoint-response-without-expires_in",
        about: "no expires_in",
        change: |s| set(&mut s.token, json!({"expires_in": null})),
        expect: Expect::SignedIn,
    },
    Row {
        module: "token-type-case-insensitivity",
        about: "bEARER",
        change: |s| set(&mut s.token, json!({"token_type": "bEARER"})),
        expect: Expect::SignedIn,
    },
];
