//! Key sets and metadata as the suite's provider has them.

use ciam_tests::scripted::{Script, Signing, public_jwk};
use serde_json::{Value, json};

use super::set;
use super::world::Scene;

/// The metadata: an issuer that ends in a slash, and lists of everything.
pub(super) fn quirks(issuer: &str, jwks_uri: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "response_types_supported": ["id_token code", "token code id_token", "code", "token id_token"],
        "response_modes_supported": ["form_post", "fragment", "query"],
        "id_token_signing_alg_values_supported":
            ["none", "ES256K", "HS256", "HS512", "ES512", "PS512", "EdDSA", "ES256", "PS256", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "claims_parameter_supported": true,
    })
}

/// The key set: no `alg` for what signs, and keys that sign nothing.
pub(super) fn key_set(scene: &Scene) -> Vec<Value> {
    let key = |name: &str, kid: &str, more: Value| {
        let mut jwk = public_jwk(name);
        let members = jwk.as_object_mut().expect("an object");
        set(members, json!({"kid": scene.kid(kid)}));
        set(members, more);
        jwk
    };
    let sig = || json!({"use": "sig"});
    let (first, second) = (scene.rsa, scene.other_rsa);
    let mut secp256k1 = json!({
        "kty": "EC", "crv": "secp256k1", "use": "sig",
        "x": "88CPigN45v8IhxyjHOMW8nxrekAWKsgmAq7cygAGtF0",
        "y": "2-ux4hlSsITbihFzHu25r5SqMYZIRIUF-vapOWg3_gE",
    });
    secp256k1["kid"] = json!(scene.kid("secp256k1"));
    vec![
        key(first, "rsa-enc", json!({"use": "enc", "alg": "RSA-OAEP"})),
        key("p256", "ec-enc", json!({"use": "enc", "alg": "ECDH-ES"})),
        secp256k1,
        key(second, "rsa-spare", sig()),
        key(first, "rsa", sig()),
        key("p256", "ec", sig()),
        key("p256-other", "ec-spare", sig()),
        key("ed25519", "ed", sig()),
    ]
}

/// One key, which neither the set nor the token names.
pub(super) fn nameless(script: &mut Script, scene: &Scene) {
    nameless_among(script, &[scene.rsa]);
}

/// One key that the set names and the token does not.
pub(super) fn nameless_in_tokens(script: &mut Script, scene: &Scene) {
    nameless(script, scene);
    for key in script.key_set.iter_mut().flatten() {
        key["kid"] = json!(scene.kid("rsa"));
    }
}

/// These keys, which neither the set nor the token names.
pub(super) fn nameless_among(script: &mut Script, keys: &[&'static str]) {
    script.key_set = Some(keys.iter().map(|name| public_jwk(name)).collect());
    set(&mut script.header, json!({"kid": null}));
}

/// The key of this id, which is not the RSA key, signs.
pub(super) fn sign_with(script: &mut Script, scene: &Scene, alg: &'static str) {
    let (kid, name) = match alg {
        "ES256" => ("ec", "p256"),
        "EdDSA" => ("ed", "ed25519"),
        _ => ("rsa", scene.rsa),
    };
    script.signing = Some(Signing::Key(name, alg));
    set(&mut script.header, json!({"kid": scene.kid(kid)}));
}
