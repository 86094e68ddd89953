//! Why an invocation, or the whole process, comes to nothing. It must not know how that is reported.

use std::fmt;

use lambda_runtime::Diagnostic;

/// Why an invocation, or the whole process, comes to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The process was not started by Lambda, nor by its emulator.
    NotLambda,
    /// A variable of the environment makes no sense.
    Setting,
    /// The component cannot be hosted.
    Component,
    /// Lambda's interface for runtimes failed.
    Runtime,
    /// The event is no HTTP request of a kind that is known here.
    UnknownEvent,
}

/// Why, and what to do about it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn setting(message: String) -> Self {
        Self::new(ErrorKind::Setting, message)
    }

    pub(crate) fn runtime(error: lambda_runtime::Error) -> Self {
        Self::new(
            ErrorKind::Runtime,
            format!("Lambda's runtime interface failed: {error}"),
        )
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<guru_host::Error> for Error {
    fn from(error: guru_host::Error) -> Self {
        Self::new(ErrorKind::Component, error.to_string())
    }
}

/// What Lambda shows of a failed invocation.
impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: format!("Guru.{:?}", error.kind),
            error_message: error.message,
        }
    }
}
