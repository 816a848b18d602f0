//! Logout tokens. A digit chooses: any text, or a header and a payload that a key of the
//! provider signs here; another one what is expected.

#![no_main]

use std::time::Duration;

use ciam_core::token::{
    Algorithm, ExpectedLogoutToken, VerifiedLogoutToken, Whose, verify_logout_token,
};
use ciam_fuzz::tokens::{ISSUER, KEYS, NOW, Signer};
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
        assert_eq!(claims["jti"], verified.id());
        match verified.whose() {
            Whose::Session(sid) => assert_eq!(claims["sid"], sid.as_str()),
            Whose::User(subject) => {
                assert!(claims.get("sid").is_none(), "{claims}");
                assert_eq!(claims["sub"], subject.as_str());
            }
        }
        assert!(verified.acceptable_until() > NOW, "{claims}");
        let longest = NOW.after(2 * expected.clock_tolerance + MAX_AGE);
        assert!(verified.acceptable_until() <= longest, "{claims}");
    }
});

/// Back-Channel Logout 1.0, section 2.6, written down once more.
fn assert_as_expected(header: &Value, claims: &Value, expected: &ExpectedLogoutToken<'_>) {
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let number = |name: &str| claims[name].as_f64().unwrap_or_else(|| panic!("{claims}"));
    let typ = header.get("typ").map(|typ| typ.as_str().expect("a text"));
    let typ = typ.map(str::to_ascii_lowercase);
    let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    assert!(matches!(typ, None | Some("jwt" | "logout+jwt")), "{header}");
    assert_eq!(text("iss"), expected.issuer);
    if let Some(tenant) = expected.tenant_id {
        assert!(text("tid").eq_ignore_ascii_case(tenant), "{claims}");
    }
    let audience = match &claims["aud"] {
        Value::Array(audience) => audience.as_slice(),
        one => std::slice::from_ref(one),
    };
    assert!(audience.contains(&Value::from(expected.client_id)), "{claims}");
    let (now, tolerance) = (NOW.unix() as f64, expected.clock_tolerance.as_secs() as f64);
    assert!(number("exp").trunc() + tolerance > now, "{claims}");
    assert!(number("iat").trunc() <= now + tolerance, "{claims}");
    let oldest = now - MAX_AGE.as_secs() as f64 - tolerance;
    assert!(number("iat").trunc() > oldest, "{claims}");
    if claims.get("nbf").is_some() {
        assert!(number("nbf").trunc() <= now + tolerance, "{claims}");
    }
    let event = &claims["events"]["http://schemas.openid.net/event/backchannel-logout"];
    assert!(event.is_object(), "{claims}");
    assert!(claims.get("nonce").is_none(), "{claims}");
    assert!((1..=255).contains(&text("jti").len()), "{claims}");
    let sub = claims.get("sub").map(|sub| sub.as_str().expect("a text"));
    let sid = claims.get("sid").map(|sid| sid.as_str().expect("a text"));
    assert!(sub.is_some() || sid.is_some(), "{claims}");
    assert!([sub, sid].iter().flatten().all(|id| (1..=255).contains(&id.len())), "{claims}");
}

fn verify(token: &str, expected: &ExpectedLogoutToken<'_>) -> Option<VerifiedLogoutToken> {
    verify_logout_token(token, &KEYS, expected, NOW)
        .inspect_err(|refusal| {
            let shown = refusal.to_string();
            assert!(shown.len() < 2000, "{shown}");
            assert!(!shown.contains(char::is_control), "{shown:?}");
        })
        .ok()
}

fn expectation(choice: usize) -> ExpectedLogoutToken<'static> {
    let plain = ExpectedLogoutToken {
        issuer: ISSUER,
        tenant_id: None,
        client_id: "client",
        algorithm: Algorithm::EdDSA,
        clock_tolerance: Duration::from_secs(60),
    };
    match choice {
        0 => plain,
        1 => ExpectedLogoutToken {
            tenant_id: Some("aaaabbbb-0000-cccc-1111-dddd2222eeee"),
            ..plain
        },
        2 => ExpectedLogoutToken {
            clock_tolerance: Duration::ZERO,
            ..plain
        },
        _ => ExpectedLogoutToken {
            algorithm: Algorithm::ES256,
            ..plain
        },
    }
}

/// What the core's own limit is.
const MAX_AGE: Duration = Duration::from_secs(600);
