//! Log lines on standard error: JSON for machines, or text for people.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use guru_core::ports::{self, Clock as _, Level, LogLine, Record, Timestamp};

use crate::clock::Clock;

/// The format of log records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text where standard error is a terminal, else JSON.
    #[default]
    Auto,
    /// A line of text a record, for people.
    Text,
    /// A JSON object a line.
    Json,
    /// Nothing at all.
    None,
}

/// The log of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log(Format);

impl Log {
    pub(crate) fn new(format: Format) -> Self {
        Self(match format {
            Format::Auto if io::stderr().is_terminal() => Format::Text,
            Format::Auto => Format::Json,
            format => format,
        })
    }
}

impl ports::Log for Log {
    fn log(&self, record: &Record<'_>) {
        let now = Timestamp::new(Clock.now());
        let line = match self.0 {
            Format::None => return,
            Format::Text => text(now.as_str(), record),
            Format::Auto | Format::Json => json(now.as_str(), record),
        };
        // One write per line, so that lines of several threads do not interleave. A line that cannot be written is
        // lost: there is nowhere left to report it.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

fn json(now: &str, record: &Record<'_>) -> String {
    let mut line = LogLine {
        time: Some(now),
        record,
    }
    .to_json();
    line.push('\n');
    line
}

fn text(now: &str, record: &Record<'_>) -> String {
    let time = now.get(11..23).unwrap_or(now);
    format!(
        "{}\n",
        LogLine {
            time: Some(time),
            record
        }
    )
}

/// Writes a record that belongs to no request.
pub(crate) fn note(log: Log, level: Level, message: &str) {
    ports::Log::log(&log, &Record::new(level, &message, &[]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_whatever_it_holds() {
        let fields = [
            ("path", "/a\nb\u{1b}[31m".into()),
            ("sta\ntus\u{9b}", 200.into()),
        ];
        let record = Record::new(Level::Info, &"line\nbreak", &fields).of_request("id-1");
        let now = "2026-11-23T10:11:12.345Z";
        assert_eq!(
            text(now, &record),
            "10:11:12.345 info  line\\nbreak  path=/a\\nb\\u{1b}[31m  sta\\ntus\\u{9b}=200  request_id=id-1\n"
        );
        let line = json(now, &record);
        assert_eq!(line.matches('\n').count(), 1);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "line\nbreak");
        assert_eq!(line["sta\ntus\u{9b}"], 200);
        assert_eq!(line["request_id"], "id-1");
    }
}
