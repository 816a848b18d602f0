//! The rates as bars, and how they grow as lines.

use std::path::Path;

use crate::growth::Step;
use crate::load::Sample;
use crate::support::plot::{Bar, Kind, Line, Picture, Scale};
use crate::table::median;
use crate::variants::Variant;

pub(crate) fn write(
    path: &Path,
    variants: &[Variant],
    samples: &[Vec<Sample>],
    steps: &[Step],
) -> Result<(), String> {
    let bars: Vec<Bar> = variants
        .iter()
        .zip(samples)
        .map(|(variant, samples)| Bar {
            label: format!("{}: {}", variant.framework, plain(variant.name)),
            value: median(samples.iter().map(|sample| sample.rate)),
            kind: match variant {
                variant if variant.is_ours() => Kind::Ours,
                variant if variant.id == variant.base() => Kind::Bare,
                _ => Kind::Other,
            },
        })
        .collect();
    let points: Vec<_> = steps.iter().filter_map(Step::point).collect();
    let places: Vec<String> = points.iter().map(|(place, ..)| place.to_string()).collect();
    let lines = [
        Line {
            label: "axum: bare",
            values: points.iter().map(|(_, bare, _)| *bare).collect(),
            kind: Kind::Bare,
        },
        Line {
            label: "axum: ours, a repeated token",
            values: points.iter().map(|(.., ours)| *ours).collect(),
            kind: Kind::Ours,
        },
    ];
    let mut picture = Picture::default();
    picture.bars(
        "Requests per second with a repeated token",
        &bars,
        thousands,
    );
    picture.lines(
        "Requests per second by the number of connections",
        &places,
        (Scale::Linear, &lines),
        thousands,
    );
    picture.write(path)
}

fn thousands(rate: f64) -> String {
    format!("{:.0} k", rate / 1000.0)
}

/// Without the marks of a table.
fn plain(name: &str) -> String {
    name.replace(['*', '`'], "")
}
