//! One value that comes over the network: fetched once for all who wait for it,
//! kept while the network fails, asked for within a budget.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::clock::Timestamp;

pub(crate) mod flights;

/// A value, when it was fetched, and the fetch under way.
pub(crate) struct Cached<T, E> {
    policy: Policy,
    state: Mutex<State<T, E>>,
    /// How many values arrived, and until when (in seconds) the last one is fresh:
    /// read on every request of a known caller, without the lock.
    generation: AtomicU64,
    fresh_until: AtomicU64,
}

/// The three durations of a cached value, and the budget of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Served without a thought.
    pub(crate) fresh: Duration,
    /// Served while a newer one is fetched, or cannot be; then no longer.
    pub(crate) usable: Duration,
    /// Requests in a row …
    pub(crate) burst: u32,
    /// … and how long until one more is allowed.
    pub(crate) refill: Duration,
}

/// How a cached value is doing, for a health endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// How old the value is, if there is one.
    pub age: Option<Duration>,
    /// The code of the last fetch, if it failed.
    pub last_error: Option<&'static str>,
}

/// A fetch ended without an answer: its task was stopped with the runtime, or
/// the budget of requests is used up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unanswered {
    Interrupted,
    OverBudget,
}

type Fetch<T, E> = Shared<BoxFuture<'static, Result<Arc<T>, E>>>;

struct State<T, E> {
    value: Option<(Arc<T>, Timestamp)>,
    under_way: Option<Fetch<T, E>>,
    last_error: Option<E>,
    tokens: u32,
    refilled_at: Timestamp,
}

impl<T, E> Cached<T, E>
where
    T: Send + Sync + 'static,
    E: Clone + From<Unanswered> + Send + Sync + 'static,
{
    pub(crate) const fn new(policy: Policy) -> Self {
        let state = State {
            value: None,
            under_way: None,
            last_error: None,
            tokens: policy.burst,
            refilled_at: Timestamp::from_unix(0),
        };
        Self {
            policy,
            state: Mutex::new(state),
            generation: AtomicU64::new(0),
            fresh_until: AtomicU64::new(0),
        }
    }

    /// How many values arrived so far.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The same, where the last value is served without a thought.
    pub(crate) fn fresh_generation(&self, now: Timestamp) -> Option<u64> {
        let fresh = now.unix() < self.fresh_until.load(Ordering::Acquire);
        fresh.then(|| self.generation())
    }

    /// The value, fetched if there is none that may still be used. One that is
    /// no longer fresh is served while the next is fetched behind it.
    pub(crate) async fn value<F>(
        self: &Arc<Self>,
        now: Timestamp,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let waiting = {
            let mut state = self.lock();
            match &state.value {
                Some((value, at)) if now.since(*at) < self.policy.fresh => {
                    return Ok(Arc::clone(value));
                }
                Some((value, at)) if now.since(*at) < self.policy.usable => {
                    let value = Arc::clone(value);
                    let _ = self.join_or_start(&mut state, now, fetch);
                    return Ok(value);
                }
                _ => self.join_or_start(&mut state, now, fetch)?,
            }
        };
        waiting.await
    }

    /// A newer value than the one that was seen: one that arrived meanwhile, or that of
    /// a fetch that is under way, or begins; the budget's refusal otherwise.
    ///
    /// Of many who saw the same value at once, only the first costs a request.
    pub(crate) async fn newer<F>(
        self: &Arc<Self>,
        seen: &Arc<T>,
        now: Timestamp,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<T>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let waiting = {
            let mut state = self.lock();
            match &state.value {
                Some((value, _)) if !Arc::ptr_eq(value, seen) => return Ok(Arc::clone(value)),
                _ => self.join_or_start(&mut state, now, fetch)?,
            }
        };
        waiting.await
    }

    /// The value as it is, if it may still be used.
    pub(crate) fn peek(&self, now: Timestamp) -> Option<Arc<T>> {
        let state = self.lock();
        let (value, at) = state.value.as_ref()?;
        (now.since(*at) < self.policy.usable).then(|| Arc::clone(value))
    }

    pub(crate) fn health(&self, now: Timestamp, code: impl Fn(&E) -> &'static str) -> Health {
        let state = self.lock();
        Health {
            age: state.value.as_ref().map(|(_, at)| now.since(*at)),
            last_error: state.last_error.as_ref().map(code),
        }
    }

    fn join_or_start<F>(
        self: &Arc<Self>,
        state: &mut State<T, E>,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
    ) -> Result<Fetch<T, E>, E>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        if let Some(under_way) = &state.under_way {
            return Ok(under_way.clone());
        }
        if !state.spend(now, &self.policy) {
            // The last failure says more than "too many requests" does.
            let refused = || E::from(Unanswered::OverBudget);
            return Err(state.last_error.clone().unwrap_or_else(refused));
        }
        let fetch = fetch();
        let this = Arc::clone(self);
        // A task of its own: whoever waits may be dropped, the answer is kept.
        let task = tokio::spawn(async move {
            let result = fetch.await.map(Arc::new);
            this.settle(&result, now);
            result
        });
        let this = Arc::clone(self);
        let fetch = async move {
            task.await.unwrap_or_else(|_| {
                let result = Err(E::from(Unanswered::Interrupted));
                this.settle(&result, now);
                result
            })
        };
        let fetch = fetch.boxed().shared();
        state.under_way = Some(fetch.clone());
        Ok(fetch)
    }

    /// A failure never replaces a good value.
    fn settle(&self, result: &Result<Arc<T>, E>, now: Timestamp) {
        let mut state = self.lock();
        state.under_way = None;
        match result {
            Ok(value) => {
                state.value = Some((Arc::clone(value), now));
                state.last_error = None;
                self.generation.fetch_add(1, Ordering::Release);
                let fresh_until = now.after(self.policy.fresh).unix();
                self.fresh_until.store(fresh_until, Ordering::Release);
            }
            Err(error) => state.last_error = Some(error.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        // Nothing that can panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> fmt::Debug for Cached<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl<T, E> State<T, E> {
    /// Takes one request from the budget.
    fn spend(&mut self, now: Timestamp, policy: &Policy) -> bool {
        let refill = policy.refill.as_secs().max(1);
        let due = now.since(self.refilled_at).as_secs() / refill;
        if due > 0 {
            let due_tokens = u32::try_from(due).unwrap_or(u32::MAX);
            self.tokens = self.tokens.saturating_add(due_tokens).min(policy.burst);
            self.refilled_at = now;
        }
        let allowed = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests;
