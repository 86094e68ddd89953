//! How log lines are written: as Lambda is set up to read them. It must not know what is logged.

/// Asks the component for lines of text, which is what Lambda reads unless it is told that lines are
/// JSON (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html>).
///
/// As JSON, a line has `timestamp` and `level`, by which Lambda sorts and filters it.
pub(crate) fn format(lambda: Option<&str>) -> (String, String) {
    let format = match lambda {
        Some(format) if format.eq_ignore_ascii_case("json") => "json",
        _ => "text",
    };
    ("GURU_LOG".into(), format.into())
}
