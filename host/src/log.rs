//! What the host itself has to say: lines on standard error, as those of the function beside them. It must not know what is said.

use std::io::{self, Write as _};
use std::time::SystemTime;

use guru_core::ports::{Level, LogLine, Record, Timestamp};

/// Writes a record, of a request if there is one: as JSON, or as text.
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
    // A line that cannot be written is lost: there is no place left to say so.
    let _ = io::stderr().write_all(line.as_bytes());
}
