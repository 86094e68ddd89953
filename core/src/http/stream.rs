//! Content that is made, or arrives, while it is read.

use alloc::boxed::Box;
use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Bytes;

use super::error::{Error, ErrorKind};

/// A source of chunks.
///
/// - Makes nothing until it is polled, and at most what a poll returns.
/// - Is not polled again after the end, nor after an error. Dropping it cancels it.
/// - Never returns an empty chunk.
pub trait Chunks {
    /// The next chunk, `None` at the end, or why there is none.
    fn poll_chunk(self: Pin<&mut Self>, cx: &mut Context<'_>)
    -> Poll<Option<Result<Bytes, Error>>>;
}

/// A source of chunks, and what is known of it.
pub(super) struct Stream {
    /// What was read of it already, to look at what it begins with.
    first: Option<Bytes>,
    source: Option<Pin<Box<dyn Chunks>>>,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
}

impl Stream {
    pub(super) fn new(source: impl Chunks + 'static, size: Option<u64>) -> Self {
        Self {
            first: None,
            source: Some(Box::pin(source)),
            left: size,
        }
    }

    pub(super) const fn left(&self) -> Option<u64> {
        self.left
    }

    /// Puts a chunk back in front.
    pub(super) fn put_back(&mut self, chunk: Bytes) {
        self.left = self
            .left
            .map(|left| left.saturating_add(chunk.len() as u64));
        self.first = Some(chunk);
    }

    /// Puts something around the source.
    pub(super) fn wrap<C: Chunks + 'static>(
        &mut self,
        wrap: impl FnOnce(Pin<Box<dyn Chunks>>) -> C,
    ) {
        self.source = self.source.take().map(|source| Box::pin(wrap(source)) as _);
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(self.count(first)));
        }
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        let Poll::Ready(chunk) = source.as_mut().poll_chunk(cx) else {
            return Poll::Pending;
        };
        let chunk = match chunk {
            Some(Ok(chunk)) => Some(self.count(chunk)),
            None if self.left.is_some_and(|left| left > 0) => Some(Err(Error::broken(
                "the body has fewer bytes than its size says",
            ))),
            other => other,
        };
        if !matches!(chunk, Some(Ok(_))) {
            self.source = None;
            self.left = None;
        }
        Poll::Ready(chunk)
    }

    fn count(&mut self, chunk: Bytes) -> Result<Bytes, Error> {
        let Some(left) = self.left else {
            return Ok(chunk);
        };
        match left.checked_sub(chunk.len() as u64) {
            Some(left) => {
                self.left = Some(left);
                Ok(chunk)
            }
            None => Err(Error::broken("the body has more bytes than its size says")),
        }
    }
}

/// Why a body that is a stream is not there as a whole.
pub(super) const fn unread() -> Error {
    Error::new(ErrorKind::BodyTooLarge)
}
