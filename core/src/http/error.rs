//! Why bytes are not an HTTP message part. It must not know which status that becomes.

use alloc::boxed::Box;
use core::fmt;

/// What is wrong with a message part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not a token (RFC 9110, section 9.1).
    Method,
    /// Not a token (RFC 9110, section 5.1).
    HeaderName,
    /// Holds a control character (RFC 9110, section 5.5).
    HeaderValue,
    /// More headers, or more text of them, than can be held: 4 GiB, less where a target says so.
    HeadersTooLarge,
    /// Not a path and an optional query (RFC 9112, section 3.2).
    Uri,
    /// A percent-decoded path segment or query is not UTF-8.
    Encoding,
    /// The body is larger than its reader allows.
    BodyTooLarge,
    /// The body ended before its end.
    BodyBroken,
    /// The body did not arrive in time.
    BodyTimeout,
}

/// A message part that cannot be what it claims to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    /// What a stream's maker says, for the log.
    message: Option<Box<str>>,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            message: None,
        }
    }

    /// A body that breaks off before its end, and why. The reason is for the log.
    #[must_use]
    pub fn broken(message: impl Into<Box<str>>) -> Self {
        Self {
            kind: ErrorKind::BodyBroken,
            message: Some(message.into()),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.message {
            return f.write_str(message);
        }
        f.write_str(match self.kind {
            ErrorKind::Method => "a method is a token: letters, digits and !#$%&'*+-.^_`|~",
            ErrorKind::HeaderName => {
                "a header name is a token of at most 65,535 bytes: letters, digits and !#$%&'*+-.^_`|~"
            }
            ErrorKind::HeaderValue => "a header value holds no control character but tab",
            ErrorKind::HeadersTooLarge => "there are more headers than can be sent",
            ErrorKind::Uri => {
                "a request target is a path that starts with '/' (or is '*'), then '?' and a query, \
                 without spaces, control characters or '#'"
            }
            ErrorKind::Encoding => "not UTF-8 once percent-decoded",
            ErrorKind::BodyTooLarge => "the body is larger than allowed",
            ErrorKind::BodyBroken => "the body broke off before its end",
            ErrorKind::BodyTimeout => "the body did not arrive in time",
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl core::error::Error for Error {}
