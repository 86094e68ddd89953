//! Times as API Gateway formats them.

use time::OffsetDateTime;
use time::macros::format_description;

/// Milliseconds since 1970.
pub(super) fn epoch(now: OffsetDateTime) -> i128 {
    now.unix_timestamp_nanos() / 1_000_000
}

/// In the common log format of servers, which is how API Gateway formats a time.
pub(super) fn at(now: OffsetDateTime) -> String {
    let format =
        format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    now.format(format).unwrap_or_default()
}
