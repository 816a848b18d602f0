//! The figures as a table.

use crate::on_axum::{AROUND, LONG, NEW, REPEATED};
use crate::peer::AXUM_JWKS_NEW;
use crate::support::rounds::Samples;
use crate::variant::{Allocated, Variant};

/// What was measured of some variants.
pub(crate) struct Figures<'a> {
    pub(crate) variants: &'a [Variant],
    pub(crate) samples: Samples,
    pub(crate) allocated: Vec<Allocated>,
}

/// Over the bare framework, for one request.
struct Added {
    /// Microseconds: between the fastest rounds.
    min: f64,
    /// The median of the differences within a round.
    median: f64,
    times: f64,
    bytes: f64,
}

impl Figures<'_> {
    pub(crate) fn print(&self) {
        println!("| | adds µs | adds allocations | of bytes | µs, min | µs, median |");
        println!("|---|---|---|---|---|---|");
        for (subject, variant) in self.variants.iter().enumerate() {
            let added = self.added(subject);
            println!(
                "| {} | {:.2} ({:.2}) | {:.1} | {:.0} | {:.2} | {:.2} |",
                variant.name,
                added.min,
                added.median,
                added.times,
                added.bytes,
                self.samples.min(subject),
                self.samples.median(subject),
            );
        }
        println!();
    }

    /// Of the variants on axum and their peers.
    pub(crate) fn print_expected(&self) {
        let find = |name: &str| {
            let mut variants = self.variants.iter();
            let position = variants.position(|variant| variant.name == name);
            self.added(position.expect("it is there"))
        };
        let (repeated, long, new) = (find(REPEATED), find(LONG), find(NEW));
        let around = find(AROUND);
        let peer = find(AXUM_JWKS_NEW);
        println!("| | expected | is |");
        println!("|---|---|---|");
        for (place, repeated) in [
            ("around the router", &around),
            ("`Router::layer`", &repeated),
        ] {
            println!(
                "| repeated token adds, {place} | ≤ 0.80 µs | {:.2} ({:.2}) µs |",
                repeated.min, repeated.median
            );
            println!("| and allocations | ≤ 4 | {:.1} |", repeated.times);
        }
        println!(
            "| bytes that a longer repeated token adds to them | 0 | {:.0} |",
            long.bytes - repeated.bytes
        );
        println!(
            "| every token new ÷ axum-jwks | ≤ 0.75 | {:.2} ({:.2}) |\n",
            new.min / peer.min,
            new.median / peer.median
        );
    }

    fn added(&self, subject: usize) -> Added {
        let variant = &self.variants[subject];
        let mut others = self.variants.iter();
        let base = others.position(|other| other.is_base_of(variant));
        let base = base.expect("there is one");
        let (own, bare) = (&self.allocated[subject], &self.allocated[base]);
        Added {
            min: self.samples.min(subject) - self.samples.min(base),
            median: self
                .samples
                .median_of(subject, base, |one, base| one - base),
            times: own.times - bare.times,
            bytes: own.bytes - bare.bytes,
        }
    }
}
