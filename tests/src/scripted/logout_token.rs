//! Logout tokens, honest and not (OpenID Connect Back-Channel Logout 1.0, section 2.4).

use serde_json::{Map, Value, json};

use super::honest::{Issued, random};
use super::{Script, Signing, sign_out};

/// A logout token that is not signed yet.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)] // of the tests only
pub struct LogoutToken {
    /// Its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
    /// How it is signed, in place of how ID tokens are.
    pub signing: Option<Signing>,
    /// Its signature has a wrong bit.
    pub corrupt: bool,
}

/// One way in which a logout token may be, and what the application answers to it.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // of the tests only
pub struct LogoutRow {
    /// The module of the suite for relying parties; empty where it has none.
    pub module: &'static str,
    /// What is special.
    pub what: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Makes the honest token one of these.
    pub change: fn(&mut LogoutToken),
}

impl LogoutToken {
    /// For this sign-in, as its ID token names it.
    pub(super) fn honest(script: &Script, issued: &Issued) -> Self {
        let id_token = issued.id_tokens.last().expect("the code was redeemed");
        let of_user = sign_out::claims(id_token);
        let now = script.now();
        let mut claims = json!({
            "iss": of_user["iss"],
            "sub": of_user["sub"],
            "aud": of_user["aud"],
            "iat": now,
            "exp": now + 120,
            "jti": random(),
            "events": {EVENT: {}},
            // Section 2.4: what is not understood is ignored.
            "ignored_claim": random(),
        });
        if let Some(sid) = of_user.get("sid") {
            claims["sid"] = sid.clone();
        }
        let alg = script.signing.as_ref().map_or("ES256", Signing::alg);
        let kid = script.header.get("kid").cloned();
        let header = json!({"alg": alg, "kid": kid.unwrap_or_else(|| "one".into())});
        Self {
            header: members(header),
            claims: members(claims),
            signing: None,
            corrupt: false,
        }
    }

    /// Replaces and adds claims; `null` removes.
    pub fn set(&mut self, claims: Value) {
        merge(&mut self.claims, claims);
    }

    /// The same with members of the header.
    pub fn set_header(&mut self, header: Value) {
        merge(&mut self.header, header);
    }

    /// Signs in another way, and says so in the header.
    pub fn sign_with(&mut self, signing: Signing, kid: &str) {
        self.set_header(json!({"alg": signing.alg(), "kid": kid}));
        self.signing = Some(signing);
    }

    fn append(&mut self, claim: &str) {
        let honest = self.claims[claim].as_str().expect("a text");
        self.claims[claim] = format!("{honest}1").into();
    }
}

/// Every module about logout tokens, and what the suite does not ask.
///
/// The application pins ES256; [`RSA_KID`] has to be published before the first sign-in
/// ([`Scripted::publish_rsa`](super::Scripted::publish_rsa)), so that the wrong algorithm
/// comes with a key that is really the provider's.
pub const LOGOUT_ROWS: &[LogoutRow] = &[
    row("rp-backchannel-rpinitlogout", "all correct", 200, |_| {}),
    row(
        "rp-backchannel-rpinitlogout-alg-none",
        "unsigned",
        400,
        |t| {
            t.signing = Some(Signing::Unsigned);
            t.set_header(json!({"alg": "none", "kid": null}));
        },
    ),
    row(
        "rp-backchannel-rpinitlogout-wrong-alg",
        "RS256, with a published key",
        400,
        |t| {
            t.sign_with(Signing::Key(RSA, "RS256"), RSA_KID);
        },
    ),
    row(
        "rp-backchannel-rpinitlogout-wrong-aud",
        "aud and 1",
        400,
        |t| t.append("aud"),
    ),
    row(
        "rp-backchannel-rpinitlogout-wrong-iss",
        "iss and 1",
        400,
        |t| t.append("iss"),
    ),
    row(
        "rp-backchannel-rpinitlogout-no-event",
        "no events",
        400,
        |t| {
            t.set(json!({"events": null}));
        },
    ),
    row(
        "rp-backchannel-rpinitlogout-wrong-event",
        "another event",
        400,
        |t| {
            t.set(json!({"events": {"http://schemas.openid.net/event/foobar": {}}}));
        },
    ),
    row(
        "rp-backchannel-rpinitlogout-with-nonce",
        "a nonce",
        400,
        |t| {
            t.set(json!({"nonce": "n"}));
        },
    ),
    // Section 2.4: required, each of them.
    row("", "no iss", 400, |t| t.set(json!({"iss": null}))),
    row("", "no aud", 400, |t| t.set(json!({"aud": null}))),
    row("", "no iat", 400, |t| t.set(json!({"iat": null}))),
    row("", "no exp", 400, |t| t.set(json!({"exp": null}))),
    row("", "no jti", 400, |t| t.set(json!({"jti": null}))),
    row("", "neither sub nor sid", 400, |t| {
        t.set(json!({"sub": null, "sid": null}))
    }),
    row("", "sub alone", 200, |t| t.set(json!({"sid": null}))),
    row("", "sid alone", 200, |t| t.set(json!({"sub": null}))),
    row("", "sub is a number", 400, |t| t.set(json!({"sub": 1}))),
    row("", "sid is a number", 400, |t| t.set(json!({"sid": 1}))),
    row("", "aud is a list of one", 200, |t| {
        let aud = t.claims["aud"].clone();
        t.set(json!({"aud": [aud]}));
    }),
    row("", "expired an hour ago", 400, |t| t.age(3600)),
    row("", "issued in an hour", 400, |t| {
        let iat = t.claims["iat"].as_u64().expect("a time") + 3600;
        t.set(json!({"iat": iat, "exp": iat + 120}));
    }),
    row("", "events is a list", 400, |t| {
        t.set(json!({"events": [EVENT]}))
    }),
    row("", "events is a text", 400, |t| {
        t.set(json!({"events": EVENT}))
    }),
    // "the value MUST be a JSON object"
    row("", "the event is null", 400, |t| t.set_event(Value::Null)),
    row("", "the event is a text", 400, |t| t.set_event("{}".into())),
    row("", "another event beside it", 200, |t| {
        t.set(json!({"events": {EVENT: {}, "urn:example:other": {}}}));
    }),
    // Section 2.4: recommended; other providers say nothing, or `JWT`.
    row("", "typ is logout+jwt", 200, |t| {
        t.set_header(json!({"typ": "logout+jwt"}))
    }),
    row("", "typ is JWT", 200, |t| {
        t.set_header(json!({"typ": "JWT"}))
    }),
    row("", "typ is at+jwt", 400, |t| {
        t.set_header(json!({"typ": "at+jwt"}))
    }),
    row("", "a crit that nobody knows", 400, |t| {
        t.set_header(json!({"crit": ["b64"], "b64": true}));
    }),
    row("", "a kid that nobody knows", 400, |t| {
        t.set_header(json!({"kid": "nobody's"}))
    }),
    row("", "a wrong bit in the signature", 400, |t| {
        t.corrupt = true
    }),
    row("", "HS256 with the client's secret", 400, |t| {
        t.sign_with(Signing::Mac("the client's secret".to_owned()), "one");
    }),
];

impl LogoutToken {
    fn age(&mut self, seconds: u64) {
        for claim in ["iat", "exp"] {
            let time = self.claims[claim].as_u64().expect("a time");
            self.claims[claim] = (time - seconds).into();
        }
    }

    fn set_event(&mut self, value: Value) {
        self.claims["events"][EVENT] = value;
    }
}

const fn row(
    module: &'static str,
    what: &'static str,
    status: u16,
    change: fn(&mut LogoutToken),
) -> LogoutRow {
    LogoutRow {
        module,
        what,
        status,
        change,
    }
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("no object: {other}"),
    }
}

fn merge(into: &mut Map<String, Value>, by: Value) {
    for (name, value) in members(by) {
        match value {
            Value::Null => into.remove(&name),
            value => into.insert(name, value),
        };
    }
}

/// Section 2.4.
pub(super) const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// A key of `vectors/keys` …
pub(super) const RSA: &str = "rsa";
/// … and what it is published as.
pub const RSA_KID: &str = "rsa";
