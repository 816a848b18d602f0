//! Access tokens. A digit chooses: any text, or a header and a payload that a key of the
//! provider signs here; another one what is expected.

#![no_main]

use std::time::Duration;

use ciam_core::token::{
    Algorithm, ExpectedAccessToken, ExpectedTenant, VerifiedAccessToken, verify_access_token,
};
use ciam_fuzz::tokens::{KEYS, NOW, Signer};
use ciam_fuzz::{choose, line};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some((mode, rest)) = choose(data, 3) else {
        return;
    };
    let Some((choice, rest)) = choose(rest, 4) else {
        return;
    };
    let expected = expectation(choice);
    let signer = match mode {
        0 => {
            let text = String::from_utf8_lossy(rest);
            let verified = verify(&text, &expected);
            // The seeds of this mode are signed by nobody.
            assert!(verified.is_none(), "{verified:?}");
            return;
        }
        1 => Signer::Ed25519,
        _ => Signer::P256,
    };
    let (header, payload) = line(rest);
    let header = match header {
        b"" => signer.header().as_bytes(),
        header => header,
    };
    if let Some(verified) = verify(&signer.sign(header, payload), &expected) {
        let header: Value = serde_json::from_slice(header).expect("it was read");
        let claims: Value = serde_json::from_slice(payload).expect("they were read");
        assert_as_expected(&header, &claims, &expected);
        assert_eq!(claims["iss"], verified.issuer());
        assert_eq!(claims["sub"], verified.subject());
        assert_eq!(claims["exp"].as_f64().map(f64::trunc), Some(verified.expires_at().unix() as f64));
        assert!(verified.scopes().iter().all(|scope| !scope.is_empty() && !scope.contains(' ')));
        assert_eq!(verified.claims().json(), payload);
    }
});

/// RFC 9068, section 4, and what tells the tokens of a provider apart, written down once more.
fn assert_as_expected(header: &Value, claims: &Value, expected: &ExpectedAccessToken<'_>) {
    let has = |name: &str| claims.get(name).is_some();
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let typ = header["typ"].as_str().unwrap_or_default().to_ascii_lowercase();
    let typed = typ == "at+jwt" || typ == "application/at+jwt";
    assert!(typed || !expected.rfc9068, "{header}");
    let marks = ["appidacr", "azpacr", "idtyp", "scope", "scp"];
    assert!(typed || marks.into_iter().any(has), "{claims}");
    for never in ["at_hash", "c_hash", "cnf", "events", "nonce", "s_hash"] {
        assert!(!has(never), "{claims}");
    }
    assert!(header.get("nonce").is_none(), "{header}");
    match expected.tenant {
        ExpectedTenant::None => assert_eq!(text("iss"), expected.issuer),
        ExpectedTenant::One(tenant) => {
            assert_eq!(text("iss"), expected.issuer);
            assert!(text("tid").eq_ignore_ascii_case(tenant), "{claims}");
        }
        _ => {
            let tenant = text("tid").to_ascii_lowercase();
            assert_eq!(tenant.len(), 36, "{claims}");
            assert_eq!(text("iss"), expected.issuer.replace("{tenantid}", &tenant));
        }
    }
    let now = NOW.unix() as f64;
    let tolerance = expected.clock_tolerance.as_secs() as f64;
    let number = |name: &str| claims[name].as_f64().unwrap_or_else(|| panic!("{claims}"));
    assert!(number("exp").trunc() + tolerance > now, "{claims}");
    for not_later in ["nbf", "iat"] {
        if has(not_later) {
            assert!(number(not_later).trunc() <= now + tolerance, "{claims}");
        }
    }
    let audience = &claims["aud"];
    assert!(audience.is_string() || audience.as_array().is_some_and(|aud| !aud.is_empty()));
}

fn verify(token: &str, expected: &ExpectedAccessToken<'_>) -> Option<VerifiedAccessToken> {
    verify_access_token(token, &KEYS, expected, NOW)
        .inspect_err(|refusal| {
            let shown = refusal.to_string();
            assert!(shown.len() < 2000, "{shown}");
            assert!(!shown.contains(char::is_control), "{shown:?}");
        })
        .ok()
}

fn expectation(choice: usize) -> ExpectedAccessToken<'static> {
    let plain = ExpectedAccessToken {
        issuer: "https://issuer.example",
        tenant: ExpectedTenant::None,
        algorithms: &[Algorithm::EdDSA, Algorithm::ES256],
        rfc9068: false,
        clock_tolerance: Duration::from_secs(60),
    };
    match choice {
        0 => plain,
        1 => ExpectedAccessToken {
            rfc9068: true,
            ..plain
        },
        2 => ExpectedAccessToken {
            tenant: ExpectedTenant::One("aaaabbbb-0000-cccc-1111-dddd2222eeee"),
            ..plain
        },
        _ => ExpectedAccessToken {
            issuer: "https://issuer.example/{tenantid}/v2.0",
            tenant: ExpectedTenant::Any,
            ..plain
        },
    }
}
