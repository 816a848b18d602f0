//! What callers send as `Authorization`, good and bad.

use ciam_tests::scripted::{Scripted, Signing};
use serde_json::{Value, json};

/// Whole header lines.
pub(crate) struct Credential {
    pub(crate) header: Vec<u8>,
    /// Tried with every cookie and origin.
    pub(crate) is_common: bool,
}

pub(crate) fn credentials(provider: &Scripted) -> Vec<Credential> {
    let token = |header: Value, claims: Value| provider.access_token(&header, &claims);
    let good = token(json!({}), json!({}));
    let unsigned = {
        provider.script(|script| script.signing = Some(Signing::Unsigned));
        let unsigned = token(json!({}), json!({}));
        provider.script(|script| script.signing = None);
        unsigned
    };
    let now = provider.claims()["iat"].as_u64().expect("seconds");
    let of_tenant = json!({"tid": "a-tenant", "oid": "an-object"});
    let able = json!({"tid": "a-tenant", "oid": "an-object", "xms_cc": ["cp1"]});
    let proven = json!({"roles": ["Admin"], "acr": "c1", "auth_time": now});
    let long = |size: usize| token(json!({}), json!({"more": "a".repeat(size)}));
    let common = [
        good.clone(),
        token(json!({}), proven),
        token(json!({}), able),
        token(json!({}), json!({"scope": "orders.write"})),
        token(json!({}), json!({"exp": 1})),
        "a.b.c".to_owned(),
        format!("{good}, {good}"),
    ];
    let others = [
        token(json!({}), of_tenant),
        token(json!({}), json!({"acrs": ["c1"], "auth_time": now - 3600})),
        token(json!({}), json!({"sub": "till", "scope": null})),
        token(json!({}), json!({"aud": "another"})),
        token(json!({}), json!({"nonce": "n"})),
        token(json!({"typ": "logout+jwt"}), json!({})),
        token(json!({"kid": "unknown"}), json!({})),
        unsigned,
        format!("{good}A"),
        long(14_000),
        long(48_000),
        long(50_000),
        ".".repeat(16_000),
        ".".repeat(70_000),
        "a".repeat(100_000),
        String::new(),
        " ".to_owned(),
        "%61.%62.%63".to_owned(),
        format!("{good}\u{e9}"),
    ];
    let bearer = |token: &String| line(&[b"Bearer ", token.as_bytes()].concat());
    let common = common.iter().map(bearer).chain([Vec::new()]);
    let twice = [bearer(&good), bearer(&good)].concat();
    let and_basic = [bearer(&good), line(b"Basic YTpi")].concat();
    let others = others.iter().map(bearer).chain([
        line(format!("bEARER   {good}").as_bytes()),
        line(b"Basic YTpi"),
        line(b"Bearer \xff\xfe"),
        line(b""),
        line(good.as_bytes()),
        twice,
        and_basic,
    ]);
    let with = |is_common| move |header| Credential { header, is_common };
    common
        .map(with(true))
        .chain(others.map(with(false)))
        .collect()
}

fn line(value: &[u8]) -> Vec<u8> {
    [b"authorization: ", value, b"\r\n"].concat()
}
