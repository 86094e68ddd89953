//! The content of a message.

use core::any::Any;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use super::error::{Error, ErrorKind};
use super::stream::{Chunks, Once, Origin, Stream};

/// The most capacity that is reserved before there are bytes for it: a client may announce more than it sends.
const AHEAD: usize = 1024 * 1024;

/// The content of a message: bytes, held without copying, or a stream of chunks.
///
/// Nothing of a stream is made until it is read, and dropping it ends whatever makes it.
#[derive(Default)]
pub struct Body(Content);

enum Content {
    Whole(Bytes),
    Stream(Stream),
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

    /// Content that is made while it is read.
    #[must_use]
    pub fn stream(chunks: impl Chunks + 'static) -> Self {
        Self(Content::Stream(Stream::new(chunks, None)))
    }

    /// Content of a known size that is made while it is read. One that turns out to be of another size is broken.
    #[must_use]
    pub fn sized_stream(size: u64, chunks: impl Chunks + 'static) -> Self {
        Self(Content::Stream(Stream::new(chunks, Some(size))))
    }

    /// How many bytes there are, if that is known before reading.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes.len() as u64),
            Content::Stream(stream) => stream.size(),
        }
    }

    /// Whether it is made while it is read.
    #[must_use]
    pub const fn is_stream(&self) -> bool {
        matches!(&self.0, Content::Stream(_))
    }

    /// Whether it is certain that there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.size(), Some(0))
    }

    /// Whether the body is known to be larger than `limit` bytes.
    #[must_use]
    pub fn exceeds(&self, limit: usize) -> bool {
        self.size().is_some_and(|size| size > limit as u64)
    }

    /// The content, if all of it is in memory.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes),
            Content::Stream(_) => None,
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
            Content::Stream(_) => Err(self),
        }
    }

    /// The next chunk, or `None` at the end. What is in memory is one chunk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BodyTooLarge`] when there are more bytes than a limit allows, [`ErrorKind::BodyBroken`] when the
    /// content breaks off, [`ErrorKind::BodyTimeout`] when it does not arrive in time. There is nothing after an error.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_chunk(cx)).await.transpose()
    }

    /// The same, for whoever polls.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        match &mut self.0 {
            Content::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Whole(bytes) => Poll::Ready(Some(Ok(core::mem::take(bytes)))),
            Content::Stream(stream) => stream.poll(cx),
        }
    }

    /// Puts a chunk back in front of a stream. Without anything after it, it is in memory then.
    pub(crate) fn put_back(&mut self, chunk: Bytes) {
        if let Content::Stream(stream) = &mut self.0 {
            stream.put_back(chunk);
            if let Some(last) = stream.take_last() {
                self.0 = Content::Whole(last);
            }
        }
    }

    /// Hands the rest of a fetched answer over to the target, which passes it on without polling for it. Returns whether it has, and
    /// this is over: not so where this is another body, or something is to be done with its chunks. For adapters.
    #[doc(hidden)]
    pub fn release(&mut self) -> bool {
        match &mut self.0 {
            Content::Whole(_) => false,
            Content::Stream(stream) => stream.release(Duration::MAX),
        }
    }

    /// Puts something around a stream.
    pub(crate) fn wrapped<C: Chunks + 'static>(
        self,
        wrap: impl FnOnce(Pin<Box<dyn Chunks>>) -> C,
    ) -> Self {
        match self.0 {
            Content::Stream(stream) => {
                let size = stream.size();
                Self(Content::Stream(Stream::new(wrap(Box::pin(stream)), size)))
            }
            _ => self,
        }
    }

    /// The content of an answer that was fetched, with something around it. It is a stream in any case: on most targets it is one,
    /// and a test must not see another.
    pub(crate) fn of_answer<C: Chunks + 'static>(
        self,
        wrap: impl FnOnce(Pin<Box<dyn Chunks>>) -> C,
    ) -> Self {
        let size = self.size();
        let source: Pin<Box<dyn Chunks>> = match self.0 {
            Content::Whole(bytes) if bytes.is_empty() => return Self::empty(),
            Content::Whole(bytes) => Box::pin(Once(Some(bytes))),
            Content::Stream(stream) => Box::pin(stream),
        };
        let stream = Stream::new(wrap(source), size).from(Origin::Answer);
        Self(Content::Stream(stream))
    }

    /// Has this be the body of a request.
    pub(crate) fn of_request(self) -> Self {
        match self.0 {
            Content::Stream(stream) => Self(Content::Stream(stream.from(Origin::Request))),
            whole @ Content::Whole(_) => Self(whole),
        }
    }

    /// Whether this is the body of a request that is passed on.
    pub(crate) fn is_of_request(&self) -> bool {
        matches!(&self.0, Content::Stream(stream) if stream.origin() == Origin::Request)
    }

    /// Whether this is a stream that the function makes itself.
    pub(crate) fn is_made_here(&self) -> bool {
        matches!(&self.0, Content::Stream(stream) if stream.origin() == Origin::Function)
    }

    /// The same body, of which it is known whether it is empty: that is not so of a stream of unknown size before it is read.
    pub(crate) async fn told_apart(mut self) -> Result<Self, Error> {
        if self.size().is_some() {
            return Ok(self);
        }
        match self.chunk().await? {
            Some(chunk) => {
                self.put_back(chunk);
                Ok(self)
            }
            None => Ok(Self::empty()),
        }
    }

    /// After an error of a stream: what it was before it was one of HTTP.
    pub(crate) fn failure(&mut self) -> Option<Box<dyn Any>> {
        match &mut self.0 {
            Content::Stream(stream) => Pin::new(stream).failure(),
            _ => None,
        }
    }

    /// Lets no more than `limit` bytes be read, which counts as they come where the size is not known before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BodyTooLarge`] when it is known to be larger.
    pub fn limited(self, limit: usize) -> Result<Self, Error> {
        self.limited_to(limit as u64)
    }

    /// The same, where a `usize` may be too small.
    pub(crate) fn limited_to(mut self, limit: u64) -> Result<Self, Error> {
        if self.size().is_some_and(|size| size > limit) {
            return Err(match &self.0 {
                Content::Whole(_) => Error::new(ErrorKind::BodyTooLarge),
                Content::Stream(stream) => stream.too_large(),
            });
        }
        if let Content::Stream(stream) = &mut self.0 {
            stream.limit(limit);
        }
        Ok(self)
    }

    /// Reads the whole content into memory, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BodyTooLarge`] when there is more, or [`ErrorKind::AnswerTooLarge`] for an answer that was fetched; otherwise as
    /// [`chunk`](Self::chunk).
    pub async fn collect(self, limit: usize) -> Result<Bytes, Error> {
        let body = match self.limited(limit)?.into_bytes() {
            Ok(bytes) => return Ok(bytes),
            Err(body) => body,
        };
        body.gathered().await
    }

    async fn gathered(mut self) -> Result<Bytes, Error> {
        let announced = self.size().unwrap_or(0);
        let first = self.chunk().await?.unwrap_or_default();
        let Some(second) = self.chunk().await? else {
            // Most are a single chunk, which is passed on without copying.
            return Ok(first);
        };
        let announced = usize::try_from(announced).unwrap_or(AHEAD);
        let mut all = Vec::with_capacity(announced.min(AHEAD).max(first.len() + second.len()));
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Content::Stream(_) => f.write_str("Body(stream)"),
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
