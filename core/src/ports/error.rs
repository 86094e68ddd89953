//! The error type of ports.

use alloc::borrow::Cow;
use core::fmt;

/// The kind of a port error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// This target, or this deployment, does not provide the port.
    Unavailable,
    /// The target denies it to this function, or it is not declared, such as a host to fetch from.
    Denied,
    /// The argument is malformed, such as a key that the target cannot name, a text that is no URL, or a request that the
    /// target cannot send.
    Invalid,
    /// A key, a prefix or a cursor that no store can have, as an empty one, or a text that no database of a dialect can, as one with U+0000
    /// in PostgreSQL.
    InvalidKey,
    /// More than fits, such as a value of 1 MiB.
    TooLarge,
    /// What is there is not what the call is for: another version, or a value where there was to be none. Nothing was changed.
    Conflict,
    /// The data is malformed, such as a setting that is not UTF-8.
    Corrupt,
    /// The name of a host has no address, or could not be resolved.
    Dns,
    /// No connection: the host refused it, or is not reached.
    Connect,
    /// A connection that is not secure: the certificate is not to be trusted or is another host's, or there was no agreement
    /// on how to encrypt.
    Tls,
    /// No answer in time. Whether what was asked for has been done is not known.
    Timeout,
    /// The request or its answer broke off, or the answer is not HTTP. Whether what was asked for has been done is not known.
    Broken,
    /// Any other failure that the target reports.
    Other,
}

/// An error of a port.
#[derive(Clone)]
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

/// A derived implementation quotes the message, which takes 9 KB of a module.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl core::error::Error for Error {}
