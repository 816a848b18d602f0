//! The figures as a table.

use crate::support::rounds::Samples;
use crate::variant::{Allocated, Variant};

pub(crate) fn print(variants: &[Variant], samples: &Samples, allocated: &[Allocated]) {
    println!("| | adds µs | adds allocations | of bytes | µs, min | µs, median |");
    println!("|---|---|---|---|---|---|");
    for (subject, variant) in variants.iter().enumerate() {
        let fits = |other: &Variant| other.is_bare && other.token == variant.token;
        let bare = variants.iter().position(fits).expect("there is one");
        let own = (&allocated[subject], &allocated[bare]);
        println!(
            "| {} | {:.2} ({:.2}) | {:.1} | {:.0} | {:.2} | {:.2} |",
            variant.name,
            samples.min(subject) - samples.min(bare),
            samples.median_of(subject, bare, |one, base| one - base),
            own.0.times - own.1.times,
            own.0.bytes - own.1.bytes,
            samples.min(subject),
            samples.median(subject),
        );
    }
    println!();
}
