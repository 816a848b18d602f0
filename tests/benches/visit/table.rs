//! The figures as a table.

use crate::cookies::Cookie;
use crate::support::rounds::Samples;
use crate::variant::{Kind, Variant};

/// The subjects at one place; `first` is the number of the first one.
pub(crate) fn print(variants: &[Variant], first: usize, samples: &Samples, allocations: &[i64]) {
    println!(
        "| | adds, of what the limit adds | adds µs | adds µs, over an empty layer | \
         adds allocations | µs, min | µs, median | allocations |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let find = |kind, cookie| {
        let fits = |v: &Variant| v.kind == kind && (v.cookie == cookie || kind == Kind::Limit);
        variants.iter().position(fits).expect("there is one")
    };
    // The request of a limit is as long as that of the session; an empty layer does not see
    // how long it is.
    let base = |kind, v: &Variant| match (v.cookie, kind) {
        (Cookie::Limit, _) | (Cookie::ById | Cookie::Stored, Kind::Empty) => {
            find(kind, Cookie::Session)
        }
        (Cookie::ById, _) => find(kind, Cookie::Stored),
        (cookie, _) => find(kind, cookie),
    };
    let added = |subject: usize, base: usize| Added {
        min: samples.min(first + subject) - samples.min(first + base),
        median: samples.median_of(first + subject, first + base, |one, base| one - base),
    };
    let limit = find(Kind::Limit, Cookie::Limit);
    let limit = added(limit, base(Kind::Bare, &variants[limit]));
    for (subject, variant) in variants.iter().enumerate() {
        let bare = base(Kind::Bare, variant);
        let over_bare = added(subject, bare);
        let over_empty = added(subject, base(Kind::Empty, variant));
        let own = (
            allocations[subject],
            allocations[subject] - allocations[bare],
        );
        println!(
            "| {} | {:.2} ({:.2}) | {:.2} ({:.2}) | {:.2} ({:.2}) | {} | {:.2} | {:.2} | {} |",
            variant.name,
            over_bare.min / limit.min,
            over_bare.median / limit.median,
            over_bare.min,
            over_bare.median,
            over_empty.min,
            over_empty.median,
            own.1,
            samples.min(first + subject),
            samples.median(first + subject),
            own.0,
        );
    }
    println!();
}

/// What a subject costs more than another: the difference of the fastest rounds, and
/// the median of the differences within a round.
struct Added {
    min: f64,
    median: f64,
}
