//! The error type of the server.

use std::fmt;
use std::io;

/// The kind of a server error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The app has a malformed route, or did not start.
    App,
    /// A setting of the environment that cannot be followed.
    Setting,
    /// The address cannot be listened on.
    Listen,
    /// The system refuses a thread, a socket or a signal handler.
    System,
    /// Requests were still in flight at the end of the grace period.
    Unfinished,
}

/// Why a server cannot serve, and what to do about it.
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

pub(crate) fn system(error: io::Error) -> Error {
    Error::new(
        ErrorKind::System,
        format!("the system refused what a server needs: {error}"),
    )
}
