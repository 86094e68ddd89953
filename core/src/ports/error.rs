//! Why a port could not do what it was asked. It must not know which status that becomes.

use alloc::borrow::Cow;
use core::fmt;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// This target, or this deployment, does not have what the port stands for.
    Unavailable,
    /// The target has it, and refuses it to this function.
    Denied,
    /// What was asked for is malformed, such as a key that the target cannot name.
    Invalid,
    /// What was found is malformed, such as a setting that is not UTF-8.
    Corrupt,
    /// Anything else that the target reports.
    Other,
}

/// A port's failure.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
}

impl Error {
    /// A failure, and a message that says what failed and what to do about it. It is logged, and
    /// never sent to a client.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// What kind of failure it is.
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
