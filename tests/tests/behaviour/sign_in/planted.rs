//! What is in the store is not what was put there: it is nobody, with a code in the log, and
//! never somebody else.

use std::sync::Arc;

use bytes::Bytes;
use ciam_core::store::SessionStore;
use ciam_tests::{Backend, KnownKeys, Logs, Visitor, cases};

use super::World;

cases! {
    at LocalTenant and OidcProvider in kept store:
        only_what_was_put_under_a_key_is_a_session;
}

async fn only_what_was_put_under_a_key_is_a_session(on: Backend) {
    let store = on.store.ready().await.open().expect("a store");
    let store = Arc::new(KnownKeys::of(store));
    let kept = Arc::clone(&store) as Arc<dyn SessionStore>;
    let world = World::with(on, |config| config.with_session_store(kept)).await;
    let (mut ada, mut bob) = (Visitor::new(), Visitor::new());
    world.sign_in_as("ada", &mut ada).await;
    world.sign_in_as("bob", &mut bob).await;
    let [of_ada, of_bob] = store.keys()[..] else {
        panic!("two sessions");
    };
    let (own, other) = (store.value(&of_ada).await, store.value(&of_bob).await);
    assert_eq!(world.name(&mut ada).await.as_deref(), Some("Ada"));

    let changed = |at: usize| {
        let mut value = own.to_vec();
        value[at] ^= 1;
        Bytes::from(value)
    };
    for (what, value) in [
        ("of a version to come", changed(0)),
        ("changed in the middle", changed(own.len() / 2)),
        ("changed at the end", changed(own.len() - 1)),
        ("cut short by a byte", own.slice(..own.len() - 1)),
        ("cut in half", own.slice(..own.len() / 2)),
        ("one byte", own.slice(..1)),
        ("nothing", Bytes::new()),
        ("somebody else's", other.clone()),
        (
            "both, one after the other",
            [&*own, &*other].concat().into(),
        ),
        (
            "claims without a seal",
            Bytes::from_static(br#"{"sub":"ada"}"#),
        ),
        ("a hundred kilobytes", Bytes::from(vec![b'A'; 100_000])),
    ] {
        store.plant(&of_ada, &value).await;
        let before = Logs::capture().count();
        assert_eq!(world.me(&mut ada).await, None, "{what}");
        let told = Logs::capture().own_after(before, "no session");
        let has_code = |code: &str| told.iter().any(|line| line.text.contains(code));
        assert!(
            has_code("code=seal.") || has_code("code=session."),
            "{what}: {told:?}"
        );
        assert_eq!(world.name(&mut bob).await.as_deref(), Some("Bob"), "{what}");
    }
    // Nothing of it was remembered.
    store.plant(&of_ada, &own).await;
    assert_eq!(world.name(&mut ada).await.as_deref(), Some("Ada"));
}
