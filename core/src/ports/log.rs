//! The log port.

use core::fmt;

/// The severity of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Details for debugging.
    Debug,
    /// Normal operation.
    Info,
    /// Something unexpected that was handled.
    Warn,
    /// A failure.
    Error,
}

impl Level {
    /// The name in lower case.
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

/// A log record.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The severity.
    pub level: Level,
    /// The message, for people.
    pub message: &'a dyn fmt::Display,
    /// The fields, for machines.
    pub fields: &'a [Field<'a>],
    /// The id of the request that was being handled.
    pub request_id: Option<&'a str>,
}

impl<'a> Record<'a> {
    /// Creates a record that belongs to no request.
    #[must_use]
    pub fn new(level: Level, message: &'a dyn fmt::Display, fields: &'a [Field<'a>]) -> Self {
        Self {
            level,
            message,
            fields,
            request_id: None,
        }
    }

    /// Sets the request id.
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

/// The name and the value of a field.
pub type Field<'a> = (&'a str, Value<'a>);

/// The value of a field. Strings, numbers and booleans convert with `into()`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A string.
    Text(&'a str),
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// A floating-point number.
    Float(Float),
    /// A boolean.
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

/// A floating-point number.
///
/// It carries its own formatting function: that takes 20 KB of a module, and only functions that log such a number
/// should pay for it.
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
            // The format of JSON and Rust: `1.0`, `1e300`.
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

/// The destination of log records.
///
/// # For implementers
///
/// - Never fail, and never block a request for long: drop a record that cannot be written.
/// - Write a record as one line of the target's log, whatever its message and fields contain.
/// - Add the time.
///
/// # For users
///
/// - A record that cannot be written is lost without an error.
pub trait Log {
    /// Writes one record.
    fn log(&self, record: &Record<'_>);
}

/// The logger of one request. Every record carries the request id.
#[derive(Clone, Copy)]
pub struct Logger<'a> {
    log: &'a dyn Log,
    request_id: &'a str,
}

impl<'a> Logger<'a> {
    /// Creates the logger of the request with this id.
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

    /// Logs details for debugging.
    pub fn debug(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Debug, message, fields);
    }

    /// Logs normal operation.
    pub fn info(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Info, message, fields);
    }

    /// Logs something unexpected that was handled.
    pub fn warn(&self, message: impl fmt::Display, fields: &[Field<'_>]) {
        self.log(Level::Warn, message, fields);
    }

    /// Logs a failure.
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
