//! The content of a message.

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use super::error::{Error, ErrorKind};

/// The content of a message: bytes, held without copying.
///
/// Reading is asynchronous and fallible, and [`as_bytes`](Self::as_bytes) may return `None`, so that a body can
/// become a stream later without changes to handlers.
#[derive(Default)]
pub struct Body(Content);

enum Content {
    Whole(Bytes),
    OverLimit,
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Body {
    /// Creates an empty body.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Content::Whole(Bytes::new()))
    }

    /// Creates a placeholder for a body that the host stopped reading because it exceeds the app's
    /// [limit](crate::Service::body_limit). The app responds with 413.
    #[must_use]
    pub const fn over_limit() -> Self {
        Self(Content::OverLimit)
    }

    /// The size in bytes, if known before reading.
    #[must_use]
    pub const fn size(&self) -> Option<usize> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes.len()),
            Content::OverLimit => None,
        }
    }

    /// Whether the body is known to be empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.size(), Some(0))
    }

    /// Whether the body is known to be larger than `limit` bytes.
    #[must_use]
    pub const fn exceeds(&self, limit: usize) -> bool {
        match self.size() {
            Some(size) => size > limit,
            None => true,
        }
    }

    /// The content, if all of it is in memory.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes),
            Content::OverLimit => None,
        }
    }

    /// The content, if all of it is in memory; otherwise the body itself.
    ///
    /// # Errors
    ///
    /// Returns the body unchanged.
    pub fn into_bytes(self) -> Result<Bytes, Self> {
        match self.0 {
            Content::Whole(bytes) => Ok(bytes),
            Content::OverLimit => Err(self),
        }
    }

    /// Reads the whole content.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BodyTooLarge`] when the host stopped reading.
    #[expect(clippy::unused_async, reason = "a stream will be awaited here")]
    pub async fn collect(self) -> Result<Bytes, Error> {
        self.into_bytes()
            .map_err(|_| Error::new(ErrorKind::BodyTooLarge))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Content::OverLimit => f.write_str("Body(over the limit)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Whole(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        text.as_bytes().into()
    }
}
