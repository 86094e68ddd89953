//! The error type of ports.

use alloc::borrow::Cow;
use core::fmt;

/// The kind of a port error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// This target, or this deployment, does not provide the port.
    Unavailable,
    /// The target denies it to this function.
    Denied,
    /// The argument is malformed, such as a key that the target cannot name.
    Invalid,
    /// The data is malformed, such as a setting that is not UTF-8.
    Corrupt,
    /// Any other failure that the target reports.
    Other,
}

/// An error of a port.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
}

impl Error {
    /// Creates an error. The message should say what failed and what to do about it; it is logged, and never sent to
    /// a client.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The kind of this error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Error {}
