//! The log format, as Lambda is configured to read it.

/// Selects lines of text, which Lambda expects unless it is configured for JSON
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html>).
///
/// JSON lines have `timestamp` and `level`, by which Lambda sorts and filters them.
pub(crate) fn format(lambda: Option<&str>) -> (String, String) {
    let format = match lambda {
        Some(format) if format.eq_ignore_ascii_case("json") => "json",
        _ => "text",
    };
    ("GURU_LOG".into(), format.into())
}
