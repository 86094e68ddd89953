//! The log port.

use core::fmt;

use super::value::Field;

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
    /// The fields, for machines: what [`fields!`](crate::fields) makes.
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
///
/// ```
/// use guru_core::{App, Context, Request, Response, Result, fields, memory};
///
/// async fn hello(cx: Context, req: Request) -> Result<Response> {
///     let name: String = req.param("name")?;
///     cx.log().info("greeted", fields! { name, letters: name.len() });
///     Ok(Response::text("hello"))
/// }
///
/// let client = memory::Client::new(App::new().get("/{name}", hello))?;
/// client.get("/Ada").assert_status(200);
/// let entry = client.log().take().remove(0);
/// assert_eq!(entry.message, "greeted");
/// assert_eq!(entry.fields, [("name".into(), "Ada".into()), ("letters".into(), "3".into())]);
/// # Ok::<(), guru_core::Error>(())
/// ```
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

    /// Writes one record. [`fields!`](crate::fields) makes the fields.
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
