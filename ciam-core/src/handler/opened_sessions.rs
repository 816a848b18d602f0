//! Sessions of a store that were opened before: while the store gives the same value for the
//! same key, it need not be opened again.

use std::fmt;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use crate::claims::User;
use crate::session::Session;
use crate::store::StoreKey;

/// The sessions that were opened last. Whether one is still there is for the store to say,
/// each time.
///
/// A key is a hash: its first bytes say in which set of places the session is, and nobody
/// can choose sessions that displace another one.
pub(super) struct OpenedSessions(Box<[Mutex<Set>]>);

/// Those that came last, the newest first.
type Set = [Option<Arc<OpenedSession>>; WAYS];

/// A session, and what it was opened from.
#[derive(Debug)]
pub(super) struct OpenedSession {
    key: StoreKey,
    value: Bytes,
    pub(super) session: Session,
    /// Read when somebody asks first.
    pub(super) user: OnceLock<Option<User>>,
}

impl OpenedSessions {
    /// What was opened from exactly this value.
    pub(super) fn find(&self, key: &StoreKey, value: &Bytes) -> Option<Arc<OpenedSession>> {
        let set = self.set(key);
        let opened = set.iter().flatten().find(|opened| opened.key == *key)?;
        // A store in memory gives the very same bytes; of another they are compared.
        let is_same = opened.value.as_ptr() == value.as_ptr() && opened.value.len() == value.len();
        (is_same || opened.value == value).then(|| Arc::clone(opened))
    }

    pub(super) fn keep(
        &self,
        key: &StoreKey,
        value: &Bytes,
        session: Session,
    ) -> Arc<OpenedSession> {
        let opened = Arc::new(OpenedSession {
            key: *key,
            value: value.clone(),
            session,
            user: OnceLock::new(),
        });
        if value.len() > MAX_KEPT {
            return opened;
        }
        let mut set = self.set(key);
        let fits = |place: &Option<Arc<OpenedSession>>| {
            place.as_ref().is_none_or(|opened| opened.key == *key)
        };
        let place = set.iter().position(fits).unwrap_or(WAYS - 1);
        let before = set[place].replace(Arc::clone(&opened));
        set[..=place].rotate_right(1);
        // Dropped outside of the lock: what was opened is overwritten.
        drop(set);
        drop(before);
        opened
    }

    fn set(&self, key: &StoreKey) -> MutexGuard<'_, Set> {
        let [a, b, ..] = *key.as_bytes();
        let number = usize::from(u16::from_be_bytes([a, b])) % SETS;
        // Nothing that can panic runs while the lock is held.
        self.0[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for OpenedSessions {
    fn default() -> Self {
        Self(iter::repeat_with(Mutex::default).take(SETS).collect())
    }
}

impl fmt::Debug for OpenedSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedSessions")
    }
}

/// With [`WAYS`], 8192 sessions: with their users about 20 MB where each has 1 kB.
const SETS: usize = 2048;

/// So that few of a thousand visitors displace each other.
const WAYS: usize = 4;

/// The longest value of a session that is kept, in bytes: three times what claims and an ID
/// token take. Longer ones are opened each time, so that the whole stays below 150 MB.
const MAX_KEPT: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Claims;
    use crate::clock::Timestamp;
    use crate::session::Lifetimes;
    use std::time::Duration;

    #[test]
    fn only_the_same_value_under_the_same_key_is_found() {
        let opened = OpenedSessions::default();
        let (one, other) = (key(1), key(2));
        let value = Bytes::from_static(b"sealed");
        opened.keep(&one, &value, session());
        assert!(opened.find(&one, &value).is_some());
        assert!(
            opened
                .find(&one, &Bytes::from(b"sealed".to_vec()))
                .is_some()
        );
        assert!(opened.find(&one, &Bytes::from_static(b"newer!")).is_none());
        assert!(opened.find(&other, &value).is_none());
    }

    #[test]
    fn a_newer_value_takes_the_place_of_the_one_before() {
        let opened = OpenedSessions::default();
        let values = [b"one", b"two"].map(|value| Bytes::from_static(value));
        for value in &values {
            opened.keep(&key(1), value, session());
        }
        assert!(opened.find(&key(1), &values[1]).is_some());
        assert_eq!(opened.set(&key(1)).iter().flatten().count(), 1);
    }

    #[test]
    fn the_one_that_came_first_goes_first() {
        let opened = OpenedSessions::default();
        let value = Bytes::from_static(b"sealed");
        for number in 0..=WAYS {
            opened.keep(&key(number as u8), &value, session());
        }
        assert!(opened.find(&key(0), &value).is_none());
        for number in 1..=WAYS {
            assert!(opened.find(&key(number as u8), &value).is_some());
        }
    }

    #[test]
    fn a_long_value_is_not_kept() {
        let opened = OpenedSessions::default();
        let value = Bytes::from(vec![0; MAX_KEPT + 1]);
        opened.keep(&key(1), &value, session());
        assert!(opened.find(&key(1), &value).is_none());
    }

    /// All in one set.
    fn key(number: u8) -> StoreKey {
        let mut bytes = [0; 32];
        bytes[31] = number;
        StoreKey::from_bytes(bytes)
    }

    fn session() -> Session {
        let claims = Claims::parse(r#"{"iss":"https://login.example","sub":"1"}"#);
        let lifetimes = Lifetimes {
            idle: Duration::from_secs(60),
            absolute: Duration::from_secs(60),
            renewal: Duration::from_secs(60),
        };
        let now = Timestamp::from_unix(1_763_000_000);
        let session = Session::new(claims.expect("claims"), None, now, &lifetimes);
        session.expect("a session")
    }
}
