//! Durations as they are written: `90s`, `15m`, `8h`, `7d`.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::problem::{Fault, shown};

pub(super) fn parse(text: &str) -> Result<Duration, Fault> {
    let fix = "write a whole number and a unit: 90s, 15m, 8h or 7d";
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let seconds_per_unit = match &text[digits.len()..] {
        _ if !is_number => None,
        "" => {
            let what = format!("{} has no unit", shown(text));
            return Err(Fault::new("config.duration_without_unit", what, fix));
        }
        "s" => Some(1),
        "m" => Some(MINUTE),
        "h" => Some(HOUR),
        "d" => Some(DAY),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    number
        .zip(seconds_per_unit)
        .and_then(|(number, seconds)| number.checked_mul(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            let what = format!("{} is not a duration", shown(text));
            Fault::new("config.duration_invalid", what, fix)
        })
}

pub(super) fn within(
    duration: Duration,
    range: &RangeInclusive<Duration>,
) -> Result<Duration, Fault> {
    if range.contains(&duration) {
        return Ok(duration);
    }
    let (least, most) = (written(*range.start()), written(*range.end()));
    Err(Fault::new(
        "config.duration_out_of_range",
        format!("{} is out of range", written(duration)),
        format!("use {least} to {most}"),
    ))
}

/// In the largest unit that needs no fraction.
pub(super) fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.subsec_nanos() > 0 {
        return format!("{duration:?}");
    }
    for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "m")] {
        if seconds > 0 && seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("15m", 900),
            ("8h", 28_800),
            ("7d", 604_800),
        ] {
            let duration = parse(text).expect(text);
            assert_eq!(duration.as_secs(), seconds, "{text}");
            assert_eq!(parse(&written(duration)).expect("its own form"), duration);
        }
        assert_eq!(written(Duration::from_secs(7 * DAY)), "7d");
        assert_eq!(written(Duration::from_millis(1500)), "1.5s");
    }

    #[test]
    fn what_is_refused_has_a_code() {
        for (text, code) in [
            ("", "config.duration_invalid"),
            ("3600", "config.duration_without_unit"),
            ("s", "config.duration_invalid"),
            ("8 h", "config.duration_invalid"),
            ("1h30m", "config.duration_invalid"),
            ("1.5h", "config.duration_invalid"),
            ("-1h", "config.duration_invalid"),
            ("+1h", "config.duration_invalid"),
            ("8H", "config.duration_invalid"),
            ("100ms", "config.duration_invalid"),
            ("2w", "config.duration_invalid"),
            ("99999999999999999999d", "config.duration_invalid"),
            ("18446744073709551615d", "config.duration_invalid"),
            ("8h\u{a0}", "config.duration_invalid"),
            ("٣h", "config.duration_invalid"),
        ] {
            assert_eq!(parse(text).expect_err(text).code, code, "{text}");
        }
    }

    #[test]
    fn both_ends_are_in_range() {
        let range = Duration::from_secs(1)..=Duration::from_secs(120);
        for (millis, is_ok) in [
            (999, false),
            (1000, true),
            (120_000, true),
            (120_001, false),
        ] {
            assert_eq!(
                within(Duration::from_millis(millis), &range).is_ok(),
                is_ok,
                "{millis}"
            );
        }
    }
}
