//! Measures in interleaved rounds: what disturbs the machine disturbs all alike.

use std::time::Duration;

/// Something to measure: does its work so many times, and says how long that took.
pub(crate) type Run<'a> = Box<dyn FnMut(usize) -> Duration + 'a>;

/// Microseconds per time, of every subject in every round.
#[derive(Default)]
pub(crate) struct Samples(Vec<Vec<f64>>);

impl Samples {
    /// Every round runs every subject once, a different one first.
    pub(crate) fn take(subjects: &mut [Run<'_>], rounds: usize, times: usize) -> Self {
        let mut samples = vec![Vec::with_capacity(rounds); subjects.len()];
        for subject in &mut *subjects {
            subject(times);
        }
        for round in 0..rounds {
            for position in 0..subjects.len() {
                let subject = (position + round) % subjects.len();
                // The caches have what the one before needed.
                subjects[subject](times / 5);
                let took = subjects[subject](times);
                samples[subject].push(took.as_secs_f64() * 1e6 / times as f64);
            }
        }
        Self(samples)
    }

    pub(crate) fn min(&self, subject: usize) -> f64 {
        let samples = self.0[subject].iter().copied();
        samples.fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn median(&self, subject: usize) -> f64 {
        median(self.0[subject].clone())
    }

    /// The median of what `compare` says of `subject` and `base` in the same round.
    pub(crate) fn median_of(
        &self,
        subject: usize,
        base: usize,
        compare: impl Fn(f64, f64) -> f64,
    ) -> f64 {
        let pairs = self.0[subject].iter().zip(&self.0[base]);
        median(pairs.map(|(one, base)| compare(*one, *base)).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
