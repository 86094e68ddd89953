//! Formats numbers with their units.

use serde::{Deserialize, Serialize};

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    PerSecond,
    BytesPerSecond,
    Microseconds,
    Nanoseconds,
    Bytes,
    /// A plain count; the measure says of what.
    Count,
}

impl Unit {
    /// The number with its unit, to about three digits.
    pub(crate) fn show(self, number: f64) -> String {
        let steps: &[(f64, &str)] = match self {
            Self::PerSecond => &[(1.0, "/s")],
            Self::BytesPerSecond => &[(1.0, "B/s"), (1e3, "kB/s"), (1e6, "MB/s")],
            Self::Nanoseconds => &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")],
            Self::Microseconds => &[(1.0, "µs"), (1e3, "ms"), (1e6, "s")],
            Self::Bytes => &[(1.0, "B"), (1e3, "kB"), (1e6, "MB")],
            Self::Count => &[(1.0, "")],
        };
        let fitting = steps.iter().rfind(|(size, _)| number.abs() >= *size);
        let (size, name) = fitting.or(steps.first()).copied().unwrap_or((1.0, ""));
        format!("{} {name}", digits(number / size))
            .trim_end()
            .to_owned()
    }
}

/// Three significant digits, or all digits of a larger whole number, grouped.
fn digits(number: f64) -> String {
    let size = number.abs();
    if size >= 1000.0 {
        return grouped(&format!("{number:.0}"));
    }
    let is_whole = number.fract() == 0.0;
    match size {
        100.0.. => format!("{number:.0}"),
        _ if is_whole => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// Digits with a thin space between thousands.
fn grouped(digits: &str) -> String {
    let length = digits.chars().count();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (length - at).is_multiple_of(3) && text != "-" {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (Unit::PerSecond, 85_234.4, "85\u{2009}234 /s"),
            (Unit::PerSecond, 850.0, "850 /s"),
            (Unit::PerSecond, 0.5, "0.50 /s"),
            (Unit::Microseconds, 812.0, "812 µs"),
            (Unit::Microseconds, 8.25, "8.25 µs"),
            (Unit::Microseconds, 12_340.0, "12.3 ms"),
            (Unit::Microseconds, 1_234_000.0, "1.23 s"),
            (Unit::Nanoseconds, 1_500.0, "1.50 µs"),
            (Unit::Bytes, 512.0, "512 B"),
            (Unit::Bytes, 34_500.0, "34.5 kB"),
            (Unit::Bytes, 7_000_000.0, "7 MB"),
            (Unit::Bytes, 1_234_567_890.0, "1\u{2009}235 MB"),
            (Unit::Bytes, 0.0, "0 B"),
            (Unit::Count, 11.0, "11"),
            (Unit::Count, 6_500.0, "6\u{2009}500"),
        ];
        for (unit, number, want) in cases {
            assert_eq!(unit.show(number), want);
        }
    }
}
