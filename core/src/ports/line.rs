//! Formats a log record as one line: JSON for machines, text for people.

use alloc::string::String;
use core::fmt::{self, Write};

use super::{Record, Value};

/// The names of the record's own members.
const RESERVED: [&str; 4] = ["timestamp", "level", "message", "request_id"];

/// A record and its time, formatted as one line.
#[derive(Clone, Copy, Debug)]
pub struct LogLine<'a> {
    /// The time in RFC 3339 format, in UTC. `None` where it is added later.
    pub time: Option<&'a str>,
    /// The record.
    pub record: &'a Record<'a>,
}

impl LogLine<'_> {
    /// Formats the record as one JSON object without a line break: `timestamp`, `level`, `message`, `request_id` if
    /// there is one, then the fields (a field with such a name becomes, for example, `field.level`). Used by every
    /// target whose log consists of JSON lines.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::with_capacity(256);
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, out: &mut String) {
        let record = self.record;
        out.push('{');
        if let Some(time) = self.time {
            out.push_str("\"timestamp\":");
            quote_str(out, time);
            out.push(',');
        }
        out.push_str("\"level\":");
        quote_str(out, record.level.as_str());
        out.push_str(",\"message\":");
        quote(out, record.message);
        if let Some(id) = record.request_id {
            out.push_str(",\"request_id\":");
            quote_str(out, id);
        }
        for (name, value) in record.fields {
            out.push(',');
            // A field must not override a member of the record: most readers keep the last duplicate.
            if RESERVED.contains(name) {
                quote(out, &format_args!("field.{name}"));
            } else {
                quote_str(out, name);
            }
            out.push(':');
            json(out, value);
        }
        out.push('}');
    }
}

fn json(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Text(text) => quote_str(out, text),
        Value::Display(_) | Value::Debug(_) | Value::Error(_) => quote(out, value),
        // JSON cannot represent some numbers (RFC 8259, section 6).
        Value::Float(number) if !number.get().is_finite() => out.push_str("null"),
        // Writing to a string does not fail.
        _ => drop(write!(out, "{value}")),
    }
}

/// Writes a JSON string without going through a formatter.
fn quote_str(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}

/// Writes a JSON string. Only the `Display` of `text` can fail: what it has written until then is kept, and the rest of the line is
/// there nevertheless.
fn quote(out: &mut String, text: &dyn fmt::Display) {
    out.push('"');
    let _ = write!(Quoted(out), "{text}");
    out.push('"');
}

/// Writes the inside of a JSON string, with the required escapes (RFC 8259, section 7).
struct Quoted<'a>(&'a mut String);

impl Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

/// Most strings need no escape, and are copied whole.
fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(index) = rest.bytes().position(must_be_escaped)
        && let Some((kept, special)) = rest.split_at_checked(index)
    {
        out.push_str(kept);
        let mut special = special.chars();
        match special.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(other) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(other));
            }
            None => {}
        }
        rest = special.as_str();
    }
    out.push_str(rest);
}

/// Such a byte is never part of a longer UTF-8 sequence, so a string can be cut before and after it.
const fn must_be_escaped(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\')
}

/// Formats the record as one line of text for people, without the line break: time, level, message, fields, id. Line
/// breaks and other control characters, which may come from a client, are escaped. Of what fails to format itself, there is what it has
/// written until then: as a failure of the line, it would be a panic.
impl fmt::Display for LogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record;
        if let Some(time) = self.time {
            write!(f, "{time} ")?;
        }
        write!(f, "{:<5} ", record.level)?;
        let _ = write!(Escaped(f), "{}", record.message);
        for (name, value) in record.fields {
            f.write_str("  ")?;
            let _ = write!(Escaped(f), "{name}={value}");
        }
        if let Some(id) = record.request_id {
            f.write_str("  request_id=")?;
            write!(Escaped(f), "{id}")?;
        }
        Ok(())
    }
}

struct Escaped<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            let kept = part.trim_end_matches(char::is_control);
            self.0.write_str(kept)?;
            for character in part.chars().skip(kept.chars().count()) {
                write!(self.0, "{}", character.escape_default())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::ports::Level;

    #[test]
    fn json_is_what_another_reader_takes_apart_into_the_same() {
        let message = "a\"b\\c\nd\re\tf\u{0}g\u{1f}h\u{7f}ä\u{1f600}\u{2028}";
        let fields = [
            ("text", message.into()),
            ("level", "field".into()),
            ("i", (-3).into()),
            ("u", u64::MAX.into()),
            ("f", 1.5.into()),
            ("whole", 2.0.into()),
            ("large", 1e300.into()),
            ("small", 5e-324.into()),
            ("nan", f64::NAN.into()),
            ("b", true.into()),
        ];
        let record = Record::new(Level::Warn, &message, &fields).of_request("\"id\"");
        let line = LogLine {
            time: Some("2026-11-23T10:11:12.345Z"),
            record: &record,
        };
        let json = line.to_json();
        assert!(!json.contains(|c: char| c < ' ') && json.len() < 600);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            read,
            serde_json::json!({
                "timestamp": "2026-11-23T10:11:12.345Z",
                "level": "warn",
                "message": message,
                "request_id": "\"id\"",
                "text": message,
                "field.level": "field",
                "i": -3,
                "u": u64::MAX,
                "f": 1.5,
                "whole": 2.0,
                "large": 1e300,
                "small": 5e-324,
                "nan": null,
                "b": true,
            })
        );
    }

    #[test]
    fn what_fails_to_format_itself_leaves_a_whole_line() {
        struct Broken;
        impl fmt::Display for Broken {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("so far")?;
                Err(fmt::Error)
            }
        }
        let fields = [("broken", Value::Display(&Broken)), ("next", 1.into())];
        let record = Record::new(Level::Info, &Broken, &fields);
        let line = LogLine {
            time: Some("t"),
            record: &record,
        };
        assert_eq!(
            line.to_json(),
            r#"{"timestamp":"t","level":"info","message":"so far","broken":"so far","next":1}"#
        );
        assert_eq!(line.to_string(), "t info  so far  broken=so far  next=1");
    }
}
