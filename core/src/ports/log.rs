//! Log records. It must not know how a target writes them.

use core::fmt::{self, Write as _};

use serde::ser::SerializeMap;

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever is looking for a fault.
    Debug,
    /// What happens in the course of things.
    Info,
    /// What should not have happened, and was dealt with.
    Warn,
    /// What went wrong.
    Error,
}

impl Level {
    /// The lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing that happened.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Record<'a> {
    /// How much it matters.
    pub level: Level,
    /// What happened, for people.
    pub message: &'a dyn fmt::Display,
    /// What was involved, for machines.
    pub fields: &'a [Field<'a>],
    /// The request during which it happened.
    pub request_id: Option<&'a str>,
}

impl<'a> Record<'a> {
    /// A record that belongs to no request.
    #[must_use]
    pub fn new(level: Level, message: &'a dyn fmt::Display, fields: &'a [Field<'a>]) -> Self {
        Self {
            level,
            message,
            fields,
            request_id: None,
        }
    }

    /// A record of this request.
    #[must_use]
    pub fn of_request(self, request_id: &'a str) -> Self {
        Self {
            request_id: Some(request_id),
            ..self
        }
    }
}

const RESERVED: [&str; 4] = ["timestamp", "level", "message", "request_id"];

/// A record and its time as one JSON object: `timestamp`, `level`, `message`, `request_id` if there is
/// one, then the fields (one of such a name as `field.level`). What every target writes whose log is lines of JSON.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The time, as the target writes it: RFC 3339, in UTC.
    pub time: &'a str,
    /// The record.
    pub record: &'a Record<'a>,
}

impl serde::Serialize for Line<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", self.time)?;
        map.serialize_entry("level", record.level.as_str())?;
        map.serialize_entry("message", &format_args!("{}", record.message))?;
        if let Some(id) = record.request_id {
            map.serialize_entry("request_id", id)?;
        }
        for (name, value) in record.fields {
            // A field must not pass for what the record itself says: most readers keep the last.
            if RESERVED.contains(name) {
                map.serialize_entry(&alloc::format!("field.{name}"), value)?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The record as a line of text without its end, for people: time, level, message, fields, id. Line
/// breaks and other control characters, which a client may have chosen, are escaped.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record;
        write!(f, "{} {:<5} ", self.time, record.level)?;
        write!(Escaped(f), "{}", record.message)?;
        for (name, value) in record.fields {
            write!(f, "  {name}=")?;
            write!(Escaped(f), "{value}")?;
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

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.level, self.message, self.fields)
    }
}

/// A name and a value.
pub type Field<'a> = (&'a str, Value<'a>);

/// The value of a field. Made by `into()` from text, numbers and booleans.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A whole number that is never negative.
    Unsigned(u64),
    /// Any number.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Boolean(truth) => truth.fmt(f),
        }
    }
}

impl serde::Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
        }
    }
}

macro_rules! values {
    ($($from:ty => $variant:ident)*) => {
        $(impl From<$from> for Value<'_> {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

values! {
    i8 => Integer i16 => Integer i32 => Integer i64 => Integer
    u8 => Unsigned u16 => Unsigned u32 => Unsigned u64 => Unsigned
    f32 => Float f64 => Float bool => Boolean
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Unsigned(number as u64)
    }
}

/// Where log records go.
///
/// - Never fails and never blocks a request for long: a record that cannot be written is lost.
/// - A record is one line of the target's log, whatever its message and fields hold.
/// - The target adds the time.
pub trait Log {
    /// Writes one record.
    fn log(&self, record: &Record<'_>);
}

/// The log of one request: every record carries its id.
#[derive(Clone, Copy)]
pub struct Logger<'a> {
    log: &'a dyn Log,
    request_id: &'a str,
}

impl<'a> Logger<'a> {
    /// The log of the request with this id.
    #[must_use]
    pub fn new(log: &'a dyn Log, request_id: &'a str) -> Self {
        Self { log, request_id }
    }

    /// Writes one record.
    pub fn log(&self, level: Level, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log.log(&Record {
            level,
            message: &message,
            fields,
            request_id: Some(self.request_id),
        });
    }

    /// For whoever is looking for a fault.
    pub fn debug(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Debug, message, fields);
    }

    /// What happens in the course of things.
    pub fn info(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Info, message, fields);
    }

    /// What should not have happened, and was dealt with.
    pub fn warn(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Warn, message, fields);
    }

    /// What went wrong.
    pub fn error(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Error, message, fields);
    }
}

impl fmt::Debug for Logger<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger")
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
