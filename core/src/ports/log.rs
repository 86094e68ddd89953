//! Log records. It must not know how a target writes them.

use core::fmt;

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
    Float(Float),
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

/// A number with a fraction.
///
/// It carries how it is written: that takes 20 KB of a module, which only a function that logs such a
/// number is to pay for.
#[derive(Clone, Copy)]
pub struct Float {
    number: f64,
    write: fn(&f64, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl Float {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.number
    }
}

impl From<f64> for Float {
    fn from(number: f64) -> Self {
        Self {
            number,
            // As JSON and Rust write it: `1.0`, `1e300`.
            write: fmt::Debug::fmt,
        }
    }
}

impl From<f32> for Float {
    fn from(number: f32) -> Self {
        f64::from(number).into()
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.write)(&self.number, f)
    }
}

impl fmt::Debug for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
