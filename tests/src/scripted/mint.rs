//! Access tokens that nobody asked the provider for.

use serde_json::{Value, json};

use super::{Place, Scripted, Signing, changed, lock, members};

impl Scripted {
    /// A user's access token for the API `orders`, signed as the script says; members of
    /// its header and its claims are replaced and added, and removed by `null`.
    pub fn access_token(&self, header: &Value, claims: &Value) -> String {
        let alg = lock(&self.shared.script)
            .signing
            .as_ref()
            .map_or("ES256", Signing::alg);
        let honest = json!({"alg": alg, "kid": "one", "typ": "at+jwt"});
        let header = changed(honest, members(header));
        let claims = changed(self.claims(), members(claims));
        self.sign(&header.to_string(), &claims.to_string())
    }

    /// The claims of that token.
    pub fn claims(&self) -> Value {
        let now = lock(&self.shared.script).now();
        json!({
            "iss": self.shared.origin(Place::Metadata),
            "aud": "orders",
            "sub": "alice",
            "client_id": "till",
            "scope": "orders.read",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
        })
    }

    /// Any two texts as header and payload, signed as the script says.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let script = lock(&self.shared.script);
        self.shared.signer.sign_text(&script, header, payload)
    }

    /// The public half of its one key.
    pub fn public_key(&self) -> Value {
        self.shared.signer.jwk()
    }
}
