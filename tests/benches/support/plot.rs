//! Pictures of figures: SVG that is readable on a light page and on a dark one.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ciam_tests::workspace;

/// Panels below each other.
#[derive(Default)]
pub(crate) struct Picture {
    body: String,
    height: f64,
}

pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    pub(crate) kind: Kind,
}

pub(crate) struct Line {
    pub(crate) label: &'static str,
    /// One for each place on the axis.
    pub(crate) values: Vec<f64>,
    pub(crate) kind: Kind,
}

/// How values become heights.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale {
    Linear,
    /// From a tenth.
    Logarithmic,
}

/// What stands out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Bare,
    Other,
    Ours,
}

/// Where a picture belongs: into the documentation, or to look at.
pub(crate) fn place(name: &str, keep: bool) -> PathBuf {
    let directory = if keep { "docs/performance" } else { "target" };
    workspace().join(directory).join(name)
}

impl Picture {
    /// Bars beside their labels, as long as their values.
    pub(crate) fn bars(&mut self, heading: &str, bars: &[Bar], text: impl Fn(f64) -> String) {
        self.heading(heading);
        let longest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        for Bar { label, value, kind } in bars {
            let length = value / longest * (RIGHT - LEFT);
            let (top, middle) = (self.height + 3.0, self.height + 15.0);
            self.text(LEFT - 8.0, middle, "end", label);
            let class = class(*kind);
            self.add(format_args!(
                "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top:.0}\" width=\"{length:.1}\" height=\"16\"/>"
            ));
            self.text(LEFT + length + 6.0, middle, "start", &text(*value));
            self.height += 22.0;
        }
    }

    /// A line for each series above the places of one axis, which are equally far apart.
    /// Where there is one line only, its values are written.
    pub(crate) fn lines(
        &mut self,
        heading: &str,
        places: &[String],
        (scale, lines): (Scale, &[Line]),
        text: impl Fn(f64) -> String,
    ) {
        self.heading(heading);
        let values = lines.iter().flat_map(|line| &line.values);
        let steps = scale.steps(values.copied().fold(0.0, f64::max));
        let top = *steps.last().expect("there are some");
        let (above, below) = (self.height + 10.0, self.height + 10.0 + PANEL);
        let y = |value: f64| below - scale.share(value, top) * PANEL;
        for value in steps {
            let at = y(value);
            self.add(format_args!(
                "<line class=\"grid\" x1=\"{AXIS}\" y1=\"{at:.1}\" x2=\"{RIGHT}\" y2=\"{at:.1}\"/>"
            ));
            self.text(AXIS - 8.0, at + 4.0, "end", &text(value));
        }
        let between = (RIGHT - AXIS - 60.0) / (places.len().max(2) - 1) as f64;
        let x = |place: usize| AXIS + 30.0 + between * place as f64;
        for (place, label) in places.iter().enumerate() {
            self.text(x(place), below + 18.0, "middle", label);
        }
        for (number, line) in lines.iter().enumerate() {
            let class = class(line.kind);
            if let [only] = lines {
                for (place, value) in only.values.iter().enumerate() {
                    self.text(x(place) + 4.0, y(*value) - 8.0, "end", &text(*value));
                }
            }
            let points: Vec<String> = line
                .values
                .iter()
                .enumerate()
                .map(|(place, value)| format!("{:.1},{:.1}", x(place), y(*value)))
                .collect();
            self.add(format_args!(
                "<polyline class=\"{class} line\" points=\"{}\"/>",
                points.join(" ")
            ));
            let at = above + 14.0 + 18.0 * number as f64;
            self.add(format_args!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\"/>",
                AXIS + 20.0,
                at - 10.0
            ));
            self.text(AXIS + 38.0, at, "start", line.label);
        }
        self.height = below + 32.0;
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let failed = |error| format!("{}: {error}", path.display());
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(failed)?;
        }
        let (body, height) = (&self.body, self.height + 12.0);
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             width=\"{WIDTH}\" height=\"{height:.0}\">\n<style>\n{STYLE}</style>\n\
             <rect class=\"page\" width=\"{WIDTH}\" height=\"{height:.0}\" rx=\"6\"/>\n{body}</svg>\n"
        );
        fs::write(path, text).map_err(failed)
    }

    fn heading(&mut self, heading: &str) {
        self.height += 28.0;
        let at = self.height;
        let heading = escaped(heading);
        self.add(format_args!(
            "<text class=\"heading\" x=\"16\" y=\"{at:.0}\">{heading}</text>"
        ));
        self.height += 10.0;
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("a string takes it");
    }
}

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Bare => "bare",
        Kind::Other => "other",
        Kind::Ours => "ours",
    }
}

impl Scale {
    /// The values that the grid shows, for values up to this one.
    fn steps(self, highest: f64) -> Vec<f64> {
        match self {
            Self::Linear => {
                let power = 10_f64.powf(highest.log10().floor());
                let steps = [1.0, 1.2, 1.6, 2.0, 4.0, 6.0, 8.0, 10.0].map(|step| step * power);
                let top = steps.into_iter().find(|step| *step >= highest);
                let top = top.unwrap_or(highest);
                (0..=4).map(|step| top * f64::from(step) / 4.0).collect()
            }
            Self::Logarithmic => {
                let powers = highest.log10().ceil().max(1.0);
                (-1..=powers as i32)
                    .map(|power| 10_f64.powi(power))
                    .collect()
            }
        }
    }

    fn share(self, value: f64, top: f64) -> f64 {
        match self {
            Self::Linear => value / top,
            Self::Logarithmic => ((value.log10() + 1.0) / (top.log10() + 1.0)).max(0.0),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

const WIDTH: f64 = 760.0;
/// Where bars begin.
const LEFT: f64 = 260.0;
/// Where values of an axis end.
const AXIS: f64 = 70.0;
/// Where bars and lines end.
const RIGHT: f64 = 690.0;
/// The height of a panel of lines.
const PANEL: f64 = 180.0;

const STYLE: &str = "\
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #24292f }
.heading { font-weight: 600; font-size: 14px }
.page { fill: #ffffff }
.ours { fill: #0969da; stroke: #0969da }
.bare { fill: #afb8c1; stroke: #afb8c1 }
.other { fill: #57606a; stroke: #57606a }
.grid { stroke: #d8dee4 }
.line { fill: none; stroke-width: 2.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117 }
.ours { fill: #58a6ff; stroke: #58a6ff }
.bare { fill: #656c76; stroke: #656c76 }
.other { fill: #8b949e; stroke: #8b949e }
.grid { stroke: #30363d }
.line { fill: none }
}
";
