//! RFC 3339 timestamps in UTC.

use core::time::Duration;

/// An RFC 3339 timestamp in UTC, to the millisecond: `2026-11-23T10:11:12.345Z`.
///
/// Every log line begins with one, and general-purpose date libraries add more code than a small function has.
///
/// ```
/// use std::time::Duration;
/// use guru_core::ports::Timestamp;
///
/// let time = Timestamp::new(Duration::from_millis(1_795_601_472_345));
/// assert_eq!(time.as_str(), "2026-11-25T10:11:12.345Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp([u8; LENGTH]);

const LENGTH: usize = "YYYY-MM-DDThh:mm:ss.mmmZ".len();

const DAY: u64 = 24 * 60 * 60;

/// The last millisecond whose year has four digits.
const LAST: Duration = Duration::from_millis(253_402_300_799_999);

impl Timestamp {
    /// Formats the time this long after 1970, as counted by a [`Clock`](super::Clock). Times after the year 9999
    /// become the end of that year: RFC 3339 has four digits for the year.
    #[must_use]
    pub fn new(since_1970: Duration) -> Self {
        let since_1970 = since_1970.min(LAST);
        let seconds = since_1970.as_secs();
        let (year, month, day) = date(seconds / DAY);
        let second = seconds % DAY;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut parts = text.split_mut(|byte| !byte.is_ascii_digit());
        for number in [
            year,
            month,
            day,
            second / 3600,
            second / 60 % 60,
            second % 60,
            u64::from(since_1970.subsec_millis()),
        ] {
            if let Some(part) = parts.next() {
                write(part, number);
            }
        }
        Self(text)
    }

    /// The timestamp as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It consists of ASCII digits and separators.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Writes the last digits of a number, as many as fit.
fn write(room: &mut [u8], mut number: u64) {
    for digit in room.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The year, month and day of a day since 1970, in the Gregorian calendar. With years that begin in March, the leap
/// day comes last, and the months before it have the same days in every year
/// (<https://howardhinnant.github.io/date_algorithms.html>, `civil_from_days`).
const fn date(day: u64) -> (u64, u64, u64) {
    const FOUR_CENTURIES: u64 = 146_097;
    const UNTIL_1970: u64 = 719_468;
    let day = day + UNTIL_1970;
    let (era, day) = (day / FOUR_CENTURIES, day % FOUR_CENTURIES);
    let year = (day - day / 1460 + day / 36_524 - day / (FOUR_CENTURIES - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_others_write_it() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            let time = Timestamp::new(Duration::from_millis(milliseconds));
            assert_eq!(time.as_str(), text);
        }
        for later in [Duration::MAX, Duration::new(u64::MAX, 0)] {
            assert_eq!(Timestamp::new(later).as_str(), "9999-12-31T23:59:59.999Z");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let days = |year: u64, month| match month {
            2 if year.is_multiple_of(4)
                && (!year.is_multiple_of(100) || year.is_multiple_of(400)) =>
            {
                29
            }
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut next = (1970, 1, 1);
        for day in 0..=LAST.as_secs() / DAY {
            assert_eq!(date(day), next);
            next = match next {
                (year, 12, 31) => (year + 1, 1, 1),
                (year, month, day) if day == days(year, month) => (year, month + 1, 1),
                (year, month, day) => (year, month, day + 1),
            };
        }
    }
}
