//! The refresh grant: every refresh token is good once, and used twice ends its sign-in
//! (RFC 9700, section 4.14.2).

use serde_json::{Map, Value, json};

use super::honest::{Issued, random};
use super::wire::{Answer, Asked};
use super::{Fault, Place, Script, Shared, changed, lock};

/// One answer to a refresh, and what an application makes of it.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // of the tests only
pub struct RefreshRow {
    /// The module of the suite for relying parties; empty where it has none.
    pub module: &'static str,
    /// What is special.
    pub what: &'static str,
    /// What comes of it.
    pub outcome: RefreshOutcome,
    /// Makes the provider answer like this.
    pub change: fn(&mut Script),
}

/// What an application makes of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::exhaustive_enums)] // tests name them all
pub enum RefreshOutcome {
    /// The refresh token is worth nothing any longer, nor is anything that hangs on it.
    Ended,
    /// The answer is not used; what was there stays.
    Failed,
    /// The new access token is used.
    Renewed,
}

impl Shared {
    pub(super) fn refresh(&self, asked: &Asked) -> Answer {
        let script = lock(&self.script);
        let mut issued = lock(&self.issued);
        let sent = asked.field("refresh_token").unwrap_or_default();
        let of_family = |issued: &&mut Issued| issued.refresh_tokens.contains(&sent);
        let Some(issued) = issued.iter_mut().find(of_family) else {
            return invalid_grant();
        };
        if issued.refresh_tokens.last() != Some(&sent) {
            issued.revoked = true;
        }
        if issued.revoked {
            return invalid_grant();
        }
        let now = script.now();
        // OpenID Connect Core, section 12.2: no nonce, and otherwise what it was.
        let mut claims = json!({
            "iss": self.origin(Place::Metadata),
            "aud": issued.client_id,
            "sub": "alice",
            "name": "Alice",
            "iat": now,
            "exp": now + 3600,
        });
        if script.sessions {
            claims["sid"] = json!(issued.sid);
        }
        let claims = changed(changed(claims, &script.claims), &script.refresh_claims);
        let id_token = self.signer.sign(&script, &claims);
        let access_token = random();
        let answer = json!({
            "id_token": id_token,
            "access_token": access_token,
            "refresh_token": random(),
            "token_type": "Bearer",
            "expires_in": 3600,
        });
        let answer = changed(answer, &script.refresh);
        // Whoever gets no new one keeps the old one.
        if let Some(new) = answer["refresh_token"].as_str() {
            issued.refresh_tokens.push(new.to_owned());
        }
        issued.id_tokens.push(id_token);
        issued.access_token = Some(access_token);
        Answer::json(200, answer)
    }
}

/// The modules about refresh tokens, and what providers answer beside.
pub const REFRESH_ROWS: &[RefreshRow] = &[
    row("refresh-token", "all new", RefreshOutcome::Renewed, |_| {}),
    row(
        "refresh-token-invalid-issuer",
        "another iss in the ID token",
        RefreshOutcome::Failed,
        |s| {
            set(
                &mut s.refresh_claims,
                json!({"iss": "https://issuer.example"}),
            )
        },
    ),
    row(
        "refresh-token-invalid-sub",
        "another sub in the ID token",
        RefreshOutcome::Failed,
        |s| set(&mut s.refresh_claims, json!({"sub": "mallory"})),
    ),
    row("", "no sub in the ID token", RefreshOutcome::Failed, |s| {
        set(&mut s.refresh_claims, json!({"sub": null}));
    }),
    row(
        "",
        "another aud in the ID token",
        RefreshOutcome::Failed,
        |s| {
            set(&mut s.refresh_claims, json!({"aud": "another"}));
        },
    ),
    row(
        "",
        "another nonce in the ID token",
        RefreshOutcome::Failed,
        |s| {
            set(&mut s.refresh_claims, json!({"nonce": "another"}));
        },
    ),
    row(
        "",
        "an ID token of yesterday",
        RefreshOutcome::Failed,
        |s| {
            let now = s.now();
            let times = json!({"iat": now - 90_000, "exp": now - 86_400});
            set(&mut s.refresh_claims, times);
        },
    ),
    row(
        "",
        "an ID token that is none",
        RefreshOutcome::Failed,
        |s| {
            set(&mut s.refresh, json!({"id_token": "e30.e30.AA"}));
        },
    ),
    row(
        "",
        "an ID token that is a number",
        RefreshOutcome::Failed,
        |s| {
            set(&mut s.refresh, json!({"id_token": 1}));
        },
    ),
    row(
        "",
        "a wrong bit in the ID token's signature",
        RefreshOutcome::Failed,
        |s| {
            s.corrupt = true;
        },
    ),
    row("", "no ID token", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"id_token": null}));
    }),
    row("", "no refresh token", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"refresh_token": null}));
    }),
    row("", "no expires_in", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"expires_in": null}));
    }),
    row("", "expires_in as a text", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"expires_in": "3600"}));
    }),
    row("", "expires_in is 0", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"expires_in": 0}));
    }),
    row("", "expires_in is negative", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"expires_in": -1}));
    }),
    row("", "expires_in is enormous", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"expires_in": u64::MAX}));
    }),
    row(
        "",
        "token_type in lower case",
        RefreshOutcome::Renewed,
        |s| {
            set(&mut s.refresh, json!({"token_type": "bearer"}));
        },
    ),
    row("", "no token_type", RefreshOutcome::Failed, |s| {
        set(&mut s.refresh, json!({"token_type": null}));
    }),
    row("", "another token_type", RefreshOutcome::Failed, |s| {
        set(&mut s.refresh, json!({"token_type": "DPoP"}));
    }),
    row("", "no access token", RefreshOutcome::Failed, |s| {
        set(&mut s.refresh, json!({"access_token": null}));
    }),
    row("", "an empty access token", RefreshOutcome::Failed, |s| {
        set(&mut s.refresh, json!({"access_token": ""}));
    }),
    row(
        "",
        "an access token of two megabytes",
        RefreshOutcome::Failed,
        |s| {
            set(&mut s.refresh, json!({"access_token": "a".repeat(2 << 20)}));
        },
    ),
    // RFC 6749, section 6: narrower than asked is the provider's right.
    row("", "a narrower scope", RefreshOutcome::Renewed, |s| {
        set(&mut s.refresh, json!({"scope": "openid"}));
    }),
    row("", "invalid_grant", RefreshOutcome::Ended, |s| {
        fail(s, Fault::Answers(400, JSON, INVALID_GRANT.to_owned()));
    }),
    row(
        "",
        "invalid_grant with status 401",
        RefreshOutcome::Ended,
        |s| {
            fail(s, Fault::Answers(401, JSON, INVALID_GRANT.to_owned()));
        },
    ),
    row(
        "",
        "invalid_grant with status 403",
        RefreshOutcome::Ended,
        |s| {
            fail(s, Fault::Answers(403, JSON, INVALID_GRANT.to_owned()));
        },
    ),
    row("", "invalid_client", RefreshOutcome::Failed, |s| {
        fail(
            s,
            Fault::Answers(401, JSON, r#"{"error":"invalid_client"}"#.to_owned()),
        );
    }),
    row("", "400 without a body", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Answers(400, JSON, String::new()));
    }),
    row("", "200 without a body", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Answers(200, JSON, String::new()));
    }),
    row("", "a page", RefreshOutcome::Failed, |s| {
        let page = "<!DOCTYPE html><title>Maintenance</title>";
        fail(s, Fault::Answers(200, "text/html", page.to_owned()));
    }),
    row("", "500", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Answers(500, "text/plain", "oops".to_owned()));
    }),
    row(
        "",
        "invalid_grant with status 500",
        RefreshOutcome::Failed,
        |s| {
            fail(s, Fault::Answers(500, JSON, INVALID_GRANT.to_owned()));
        },
    ),
    row("", "429 with Retry-After", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Throttles(429, "30"));
    }),
    row("", "503 with Retry-After", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Throttles(503, "Fri, 31 Dec 1999 23:59:59 GMT"));
    }),
    row("", "a redirect", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Redirects(307))
    }),
    row("", "silence", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Silent)
    }),
    row("", "an answer cut short", RefreshOutcome::Failed, |s| {
        fail(s, Fault::BreaksOff);
    }),
    row(
        "",
        "an answer without an end",
        RefreshOutcome::Failed,
        |s| {
            fail(s, Fault::Endless);
        },
    ),
    row("", "a closed connection", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Closes)
    }),
    row("", "another protocol", RefreshOutcome::Failed, |s| {
        fail(s, Fault::Garbage)
    }),
];

const fn row(
    module: &'static str,
    what: &'static str,
    outcome: RefreshOutcome,
    change: fn(&mut Script),
) -> RefreshRow {
    RefreshRow {
        module,
        what,
        outcome,
        change,
    }
}

fn fail(script: &mut Script, fault: Fault) {
    script.faults.insert(Place::Refresh, fault);
}

fn set(into: &mut Map<String, Value>, members: Value) {
    into.extend(super::members(&members).clone());
}

fn invalid_grant() -> Answer {
    Answer::json(400, INVALID_GRANT)
}

const JSON: &str = "application/json";
const INVALID_GRANT: &str = r#"{"error":"invalid_grant"}"#;
