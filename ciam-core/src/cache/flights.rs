//! Work that is done once for all who want its result at the same time.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahash::RandomState;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

/// What is under way, by what it is for.
pub(crate) struct Flights<K, T>(Mutex<Map<K, T>>);

/// The result, for everyone who waits for it.
pub(crate) type Flight<T> = Shared<BoxFuture<'static, T>>;

type Map<K, T> = HashMap<K, Flight<T>, RandomState>;

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Waits for what is under way, or begins it: in a task of its own, which ends what it
    /// began although everyone who waits may be gone. `interrupted` is the result where
    /// the task is stopped with the runtime.
    pub(crate) fn join<F>(
        self: &Arc<Self>,
        key: &K,
        interrupted: T,
        begin: impl FnOnce() -> F,
    ) -> Flight<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(key) {
            return flight.clone();
        }
        let landing = Landing {
            flights: Arc::clone(self),
            key: key.clone(),
        };
        let work = begin();
        let task = tokio::spawn(async move {
            let _landing = landing;
            work.await
        });
        let flight = async move { task.await.unwrap_or(interrupted) };
        let flight = flight.boxed().shared();
        flights.insert(key.clone(), flight.clone());
        flight
    }
}

impl<K, T> Flights<K, T> {
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Map<K, T>> {
        // Nothing that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, T> fmt::Debug for Flights<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flights").field(&self.lock().len()).finish()
    }
}

/// Who comes after the work has ended, however it did, begins anew.
struct Landing<K: Eq + Hash, T> {
    flights: Arc<Flights<K, T>>,
    key: K,
}

impl<K: Eq + Hash, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let landed = self.flights.lock().remove(&self.key);
        // What it holds may be large; the lock is not held for that.
        drop(landed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn all_who_come_while_it_lasts_get_the_same_result() {
        let flights = Arc::new(Flights::<u8, usize>::default());
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let join = |key: u8| {
            let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
            flights.join(&key, usize::MAX, move || async move {
                let number = begun.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                number
            })
        };
        let waiting: Vec<_> = (0..100).map(|_| join(1)).collect();
        let other = join(2);
        tokio::task::yield_now().await;
        gate.notify_waiters();
        let results = timeout(LIMIT, futures_util::future::join_all(waiting)).await;
        let results = results.expect("all of them wait for what was let go");
        assert_eq!(results, [results[0]; 100]);
        assert_ne!(other.await, results[0]);
        assert_eq!(begun.load(Ordering::SeqCst), 2);
        // It has landed: the next one begins anew.
        let next = join(1);
        tokio::task::yield_now().await;
        gate.notify_waiters();
        assert_eq!(next.await, 2);
    }

    #[tokio::test]
    async fn it_ends_although_nobody_waits() {
        let flights = Arc::new(Flights::<(), ()>::default());
        let done = Arc::new(Notify::new());
        let told = Arc::clone(&done);
        drop(flights.join(&(), (), move || async move { told.notify_one() }));
        let ended = timeout(LIMIT, done.notified()).await;
        ended.expect("it ends by itself");
    }

    #[tokio::test]
    async fn what_panics_does_not_stay() {
        let flights = Arc::new(Flights::<(), u8>::default());
        let fails = flights.join(&(), 7, || async { panic!("on purpose") });
        assert_eq!(fails.await, 7);
        assert_eq!(flights.join(&(), 7, || async { 1 }).await, 1);
    }

    /// For what would otherwise never be.
    const LIMIT: Duration = Duration::from_secs(10);
}
