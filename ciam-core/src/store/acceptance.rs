//! What every store must do, to be run on a store of one's own.

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;

use super::{Entry, Loaded, MAX_VALUE, Saved, SessionStore, StoreKey};
use crate::random::{self, SystemRandom};

/// Tries everything that is asked of a [`SessionStore`], and panics at the first thing
/// that is not so. Leaves a few sessions behind that end within a minute.
///
/// Takes a few seconds, because something has to expire.
///
/// # Panics
///
/// When the store is none.
pub async fn accept(store: &dyn SessionStore) {
    a_session_is_kept_as_it_is(store).await;
    what_was_never_there_is_not_found(store).await;
    of_two_who_save_the_later_is_told(store).await;
    what_was_deleted_does_not_come_back(store).await;
    a_group_has_the_sessions_that_are_there(store).await;
    a_mark_is_made_once(store).await;
    everything_ends(store).await;
}

async fn a_session_is_kept_as_it_is(store: &dyn SessionStore) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    for value in [Vec::new(), every_byte, vec![0xff; MAX_VALUE]] {
        let (key, value) = (key(), Bytes::from(value));
        create(store, &key, &value, &[]).await;
        assert_eq!(load(store, &key).await, Some((value.clone(), 1)));
        let other = Bytes::from_static(b"other");
        assert_eq!(save(store, &key, &other, &[], 1).await, Saved::Written);
        assert_eq!(load(store, &key).await, Some((other, 2)));
    }
}

async fn what_was_never_there_is_not_found(store: &dyn SessionStore) {
    let key = key();
    assert_eq!(load(store, &key).await, None);
    assert_eq!(save(store, &key, &Bytes::new(), &[], 1).await, Saved::Gone);
    assert_eq!(load(store, &key).await, None, "saving made a session");
    store
        .delete(&key)
        .await
        .expect("deleting nothing is nothing");
    let members = store.members(&key).await.expect("a group of nobody");
    assert!(members.is_empty());
}

async fn of_two_who_save_the_later_is_told(store: &dyn SessionStore) {
    let key = key();
    create(store, &key, &Bytes::from_static(b"0"), &[]).await;
    for revision in 1..=5 {
        let values: Vec<Bytes> = (0..WRITERS).map(|n| Bytes::from(vec![n])).collect();
        let saves = values
            .iter()
            .map(|value| save(store, &key, value, &[], revision));
        let saved = join_all(saves).await;
        let written = saved.iter().filter(|saved| **saved == Saved::Written);
        assert_eq!(written.count(), 1, "revision {revision}: {saved:?}");
        assert!(!saved.contains(&Saved::Gone), "{saved:?}");
        let winner = saved.iter().position(|saved| *saved == Saved::Written);
        let winner = winner.map(|winner| values[winner].clone());
        let loaded = load(store, &key).await;
        assert_eq!(loaded, winner.map(|value| (value, revision + 1)));
    }
    assert_eq!(
        save(store, &key, &Bytes::new(), &[], 1).await,
        Saved::Changed
    );
}

async fn what_was_deleted_does_not_come_back(store: &dyn SessionStore) {
    let (key, group) = (key(), self::key());
    create(store, &key, &Bytes::from_static(b"a"), &[group]).await;
    store.delete(&key).await.expect("it is there");
    assert_eq!(load(store, &key).await, None);
    assert_eq!(
        save(store, &key, &Bytes::new(), &[group], 1).await,
        Saved::Gone
    );
    assert_eq!(load(store, &key).await, None);
    store.delete(&key).await.expect("again is nothing");
    let members = store.members(&group).await.expect("an empty group");
    assert!(members.is_empty(), "{members:?}");
}

async fn a_group_has_the_sessions_that_are_there(store: &dyn SessionStore) {
    let (group, other) = (key(), key());
    let value = Bytes::from_static(b"a");
    let mut keys: Vec<StoreKey> = (0..20).map(|_| key()).collect();
    for key in &keys {
        create(store, key, &value, &[group, other]).await;
    }
    keys.sort_unstable();
    for group in [&group, &other] {
        assert_eq!(members(store, group).await, keys);
    }
    // One that leaves a group stays in the others.
    let moved = keys[0];
    assert_eq!(
        save(store, &moved, &value, &[other], 1).await,
        Saved::Written
    );
    assert_eq!(members(store, &group).await, keys[1..]);
    assert_eq!(members(store, &other).await, keys);
    let written = save(store, &moved, &value, &[group, other], 2).await;
    assert_eq!(written, Saved::Written);
    assert_eq!(members(store, &group).await, keys);
    // Who is told that somebody else was faster has moved nothing.
    assert_eq!(save(store, &moved, &value, &[], 2).await, Saved::Changed);
    assert_eq!(members(store, &group).await, keys);
    for key in &keys {
        store.delete(key).await.expect("it is there");
    }
    assert_eq!(members(store, &group).await, []);
}

async fn a_mark_is_made_once(store: &dyn SessionStore) {
    let key = key();
    let marks = (0..WRITERS).map(|_| store.mark(&key, LIFE));
    let marked = join_all(marks).await;
    let made = marked.iter().filter(|made| matches!(made, Ok(true)));
    assert_eq!(made.count(), 1, "{marked:?}");
    store.unmark(&key).await.expect("it is there");
    assert_eq!(store.mark(&key, LIFE).await.ok(), Some(true));
    // A mark is no session.
    assert_eq!(load(store, &key).await, None);
    store.unmark(&key).await.expect("it is there");
    store.unmark(&key).await.expect("again is nothing");
}

async fn everything_ends(store: &dyn SessionStore) {
    let (short, saved, mark, group) = (key(), key(), key(), key());
    let value = Bytes::from_static(b"a");
    let groups = [group];
    let entry = |key, life| Entry {
        key,
        value: &value,
        groups: &groups,
        life,
    };
    for key in [&short, &saved] {
        store.create(entry(key, SHORT)).await.expect("room");
    }
    let longer = store.save(entry(&saved, LIFE), 1).await;
    assert_eq!(longer.ok(), Some(Saved::Written));
    assert_eq!(store.mark(&mark, SHORT).await.ok(), Some(true));
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(load(store, &short).await, None, "it outlived its life");
    let again = store.save(entry(&short, LIFE), 1).await;
    assert_eq!(again.ok(), Some(Saved::Gone));
    assert_eq!(members(store, &group).await, [saved]);
    assert_eq!(
        load(store, &saved).await,
        Some((value.clone(), 2)),
        "saving did not prolong it"
    );
    assert_eq!(
        store.mark(&mark, SHORT).await.ok(),
        Some(true),
        "the mark did not end"
    );
}

async fn create(store: &dyn SessionStore, key: &StoreKey, value: &Bytes, groups: &[StoreKey]) {
    let entry = Entry {
        key,
        value,
        groups,
        life: LIFE,
    };
    store.create(entry).await.expect("a new session is kept");
}

async fn load(store: &dyn SessionStore, key: &StoreKey) -> Option<(Bytes, u64)> {
    let loaded = store.load(key).await.expect("the store answers");
    let loaded = loaded.map(|Loaded { value, revision }| (value, revision));
    if let Poll::Ready(at_once) = store.load_at_once(key) {
        let at_once = at_once.map(|Loaded { value, revision }| (value, revision));
        assert_eq!(at_once, loaded, "at once, something else");
    }
    loaded
}

async fn save(
    store: &dyn SessionStore,
    key: &StoreKey,
    value: &Bytes,
    groups: &[StoreKey],
    revision: u64,
) -> Saved {
    let entry = Entry {
        key,
        value,
        groups,
        life: LIFE,
    };
    store
        .save(entry, revision)
        .await
        .expect("the store answers")
}

async fn members(store: &dyn SessionStore, group: &StoreKey) -> Vec<StoreKey> {
    let mut members = store.members(group).await.expect("the store answers");
    members.sort_unstable();
    members
}

fn key() -> StoreKey {
    StoreKey::from_bytes(random::bytes(&SystemRandom).expect("randomness"))
}

const LIFE: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_secs(1);
const WRITERS: u8 = 16;
