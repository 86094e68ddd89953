//! Why bytes are not an HTTP message part. It must not know which status that becomes.

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
    /// More than 4 GiB of header text.
    HeadersTooLarge,
    /// Not a path and an optional query (RFC 9112, section 3.2).
    Uri,
    /// A percent-decoded path segment or query is not UTF-8.
    Encoding,
    /// The body is larger than its reader allows.
    BodyTooLarge,
}

/// A message part that cannot be what it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Method => "a method is a token: letters, digits and !#$%&'*+-.^_`|~",
            ErrorKind::HeaderName => {
                "a header name is a token: letters, digits and !#$%&'*+-.^_`|~"
            }
            ErrorKind::HeaderValue => "a header value holds no control character but tab",
            ErrorKind::HeadersTooLarge => "the headers are larger than 4 GiB",
            ErrorKind::Uri => {
                "a request target is a path that starts with '/' (or is '*'), then '?' and a query, \
                 without spaces, control characters or '#'"
            }
            ErrorKind::Encoding => "not UTF-8 once percent-decoded",
            ErrorKind::BodyTooLarge => "the body is larger than allowed",
        })
    }
}

impl core::error::Error for Error {}
