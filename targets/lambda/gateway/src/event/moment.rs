//! A moment as API Gateway writes it. It must not know what happened then.

use time::OffsetDateTime;
use time::macros::format_description;

/// Milliseconds since 1970.
pub(super) fn epoch(now: OffsetDateTime) -> i128 {
    now.unix_timestamp_nanos() / 1_000_000
}

/// As in a server's log in the common format, which is how API Gateway writes a time.
pub(super) fn at(now: OffsetDateTime) -> String {
    let format =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    now.format(format).unwrap_or_default()
}
