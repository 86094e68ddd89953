//! Errors of HTTP message parts.

use alloc::boxed::Box;
use core::fmt;

/// The kind of a message error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The method is not a token (RFC 9110, section 9.1).
    Method,
    /// The header name is not a token (RFC 9110, section 5.1).
    HeaderName,
    /// The field value contains a control character (RFC 9110, section 5.5).
    HeaderValue,
    /// There are too many headers, or too many bytes of them: above 4 GiB, or the target's lower limit.
    HeadersTooLarge,
    /// The target is not a path with an optional query (RFC 9112, section 3.2).
    Uri,
    /// Not a URL that can be fetched. The message says why.
    Url,
    /// A percent-decoded path segment or query is not UTF-8.
    Encoding,
    /// The body exceeds the reader's limit.
    BodyTooLarge,
    /// The body broke off.
    BodyBroken,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The server has no memory left for the body at the moment.
    NoRoom,
    /// The body of an answer that the function has fetched is larger than what it may read of it.
    AnswerTooLarge,
    /// The body of an answer that the function has fetched broke off, or did not arrive in time. Unlike with the kinds above,
    /// it is not the client that did it.
    AnswerBroken,
}

/// An invalid message part.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    /// What a stream's maker says, for the log.
    message: Option<Box<str>>,
}

impl Error {
    /// An error of this kind, which says the same each time.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
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

    pub(super) fn url(message: &str) -> Self {
        Self {
            kind: ErrorKind::Url,
            message: Some(message.into()),
        }
    }

    /// The body of a fetched answer that breaks off, and why.
    pub(crate) fn answer_broken(message: impl Into<Box<str>>) -> Self {
        Self {
            kind: ErrorKind::AnswerBroken,
            message: Some(message.into()),
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
            ErrorKind::Url => "not a URL to fetch",
            ErrorKind::Encoding => "not UTF-8 once percent-decoded",
            ErrorKind::NoRoom => "the server has no memory left for the body",
            ErrorKind::BodyTooLarge => "content too large",
            ErrorKind::BodyBroken => "the body broke off before its end",
            ErrorKind::BodyTimeout => "the body did not arrive in time",
            ErrorKind::AnswerTooLarge => "the answer is larger than what may be read of it",
            ErrorKind::AnswerBroken => "the answer broke off before its end",
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl core::error::Error for Error {}
