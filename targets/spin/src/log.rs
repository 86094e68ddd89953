//! Log records as lines on standard error, which every host keeps: JSON, or text where the environment
//! asks for it. It must not know what is logged.

use std::io::{self, Write as _};
use std::sync::LazyLock;
use std::time::SystemTime;

use guru_core::ports::{self, Clock as _, Line, Record};

use crate::ports::Clock;

/// `GURU_LOG=text` in the environment asks for lines for people.
static IS_TEXT: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("GURU_LOG").is_some_and(|format| format == "text"));

/// Standard error.
pub(crate) struct Log;

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        let now = SystemTime::UNIX_EPOCH + Clock.now();
        let time = humantime::format_rfc3339_millis(now).to_string();
        let line = Line {
            time: Some(&time),
            record,
        };
        let mut line = if *IS_TEXT {
            line.to_string()
        } else {
            line.to_json()
        };
        line.push('\n');
        // One write a line. A line that cannot be written is lost: there is no place left to say so.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}
