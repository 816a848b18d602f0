//! What happens to the tokens of a session that is ended.

use std::sync::Arc;

use serde_json::json;
use url::form_urlencoded;

use super::super::bench::Bench;
use super::super::provider::ISSUER;
use super::{end, end_others, id, signed_in};
use crate::store::{MemoryStore, SessionStore, StoreKey};
use crate::{Ended, SessionId, UserId};

#[tokio::test]
async fn the_tokens_of_a_session_that_is_ended_are_revoked() {
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::default());
    let bench = Bench::with(|config| {
        let config = config.with_scopes("openid offline_access api://orders/read");
        config.with_session_store(store)
    });
    let endpoint = json!({ "revocation_endpoint": format!("{ISSUER}/revoke") });
    bench.provider.state().metadata = endpoint;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        browsers.push(signed_in(&bench, "alice").await);
    }
    let other = id(&browsers[1], &bench).await;
    assert_eq!(end(&browsers[0], &bench, &other).await, Ended::Other);
    assert_eq!(revoked(&bench, 1).await, ["refresh 2"]);
    let unknown = SessionId::of(StoreKey::from_bytes([7; 32]));
    assert_eq!(end(&browsers[0], &bench, &unknown).await, Ended::NotFound);
    assert_eq!(end_others(&browsers[0], &bench).await, 3);
    let all = ["refresh 2", "refresh 3", "refresh 4", "refresh 5"];
    assert_eq!(revoked(&bench, 4).await, all);
    let user = UserId::new(ISSUER, "alice");
    let ended = bench.ciam.end_sessions_of(&user).await;
    assert_eq!(ended.expect("the store answers"), 1);
    assert_eq!(revoked(&bench, 5).await[0], "refresh 1");
}

/// The refresh tokens that the provider was asked to revoke, once there are so many.
async fn revoked(bench: &Bench, count: usize) -> Vec<String> {
    while bench.provider.state().revoked.len() < count {
        tokio::task::yield_now().await;
    }
    let forms = bench.provider.state().revoked.clone();
    let token = |form: &String| {
        let mut fields = form_urlencoded::parse(form.as_bytes());
        let token = fields.find(|(name, _)| name == "token");
        token.expect("a token").1.into_owned()
    };
    let mut tokens: Vec<_> = forms.iter().map(token).collect();
    tokens.sort_unstable();
    tokens
}
