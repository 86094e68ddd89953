//! The error of an invocation, or of the whole process.

use std::fmt;

use lambda_runtime::Diagnostic;

/// The kind of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The process was not started by Lambda or its emulator.
    NotLambda,
    /// An environment variable is invalid.
    Setting,
    /// The component cannot be hosted.
    Component,
    /// Lambda's runtime API failed.
    Runtime,
    /// The event is not an HTTP request of a known kind.
    UnknownEvent,
}

/// An error, and what to do about it.
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

    /// The kind of this error.
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

/// What Lambda reports for a failed invocation.
impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: format!("Guru.{:?}", error.kind),
            error_message: error.message,
        }
    }
}
