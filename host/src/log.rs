//! The host's own log: lines on standard error, next to those of the function.

use std::io::{self, Write as _};
use std::time::SystemTime;

use guru_core::ports::{Level, LogLine, Record, Timestamp};

/// Writes a record as JSON or as text, with the id of a request if there is one.
pub(crate) fn note(is_text: bool, level: Level, message: &str, request_id: Option<&str>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let time = Timestamp::new(now.unwrap_or_default());
    let record = Record::new(level, &message, &[]);
    let record = match request_id {
        Some(id) => record.of_request(id),
        None => record,
    };
    let line = LogLine {
        time: Some(time.as_str()),
        record: &record,
    };
    let mut line = if is_text {
        line.to_string()
    } else {
        line.to_json()
    };
    line.push('\n');
    // A line that cannot be written is lost: there is nowhere left to report it.
    let _ = io::stderr().write_all(line.as_bytes());
}
