//! Content that is made, or arrives, while it is read.

use alloc::boxed::Box;
use core::any::Any;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use bytes::Bytes;

use super::error::{Error, ErrorKind};

/// A source of chunks.
///
/// - Makes nothing until it is polled, and at most what a poll returns.
/// - Is not polled again after the end, nor after an error. Dropping it before cancels it.
/// - Never returns an empty chunk.
pub trait Chunks {
    /// The next chunk, `None` at the end, or why there is none.
    fn poll_chunk(self: Pin<&mut Self>, cx: &mut Context<'_>)
    -> Poll<Option<Result<Bytes, Error>>>;

    /// After an error: what it was before it was one of HTTP.
    fn failure(self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        None
    }

    /// Hands the rest of a fetched answer over to the target, which passes it on without polling for it; `pause` is the longest wait
    /// for a chunk. Returns whether it has: this is over then, and dropping it does not cancel the transfer.
    ///
    /// Only for what neither changes its source's chunks, nor counts them, nor has to know when they end.
    #[doc(hidden)]
    fn release(self: Pin<&mut Self>, pause: Duration) -> bool {
        let _ = pause;
        false
    }
}

/// Where a stream comes from, and so whose fault it is when it breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The function makes it.
    Function,
    /// A client sends it.
    Request,
    /// Another server answers with it.
    Answer,
}

/// A source of chunks, and what is known of it.
pub(super) struct Stream {
    /// A chunk that was made and is not to be returned yet.
    held: Option<Bytes>,
    source: Pin<Box<dyn Chunks>>,
    is_over: bool,
    /// How many bytes are to come, where that is known.
    left: Option<u64>,
    /// How many bytes may still come.
    most: u64,
    /// Whether somebody has set that.
    is_limited: bool,
    origin: Origin,
}

impl Stream {
    pub(super) fn new(source: impl Chunks + 'static, size: Option<u64>) -> Self {
        Self {
            held: None,
            source: Box::pin(source),
            is_over: false,
            left: size,
            most: u64::MAX,
            is_limited: false,
            origin: Origin::Function,
        }
    }

    /// How many bytes are to come, where that is known.
    pub(super) fn size(&self) -> Option<u64> {
        let held = self.held.as_ref().map_or(0, Bytes::len) as u64;
        self.left.map(|left| left.saturating_add(held))
    }

    /// Has this come from there.
    pub(super) fn from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    pub(super) const fn origin(&self) -> Origin {
        self.origin
    }

    /// The error for more bytes than may come.
    pub(super) const fn too_large(&self) -> Error {
        Error::new(match self.origin {
            Origin::Answer => ErrorKind::AnswerTooLarge,
            Origin::Function | Origin::Request => ErrorKind::BodyTooLarge,
        })
    }

    /// Lets no more than so many bytes come.
    pub(super) fn limit(&mut self, most: u64) {
        self.most = self.most.min(most);
        self.is_limited = true;
    }

    /// Puts a chunk back in front.
    pub(super) fn put_back(&mut self, chunk: Bytes) {
        self.held = Some(chunk);
    }

    /// The chunk that was put back, if there is nothing after it.
    pub(super) fn take_last(&mut self) -> Option<Bytes> {
        let is_last = self.is_over && self.left == Some(0);
        if is_last { self.held.take() } else { None }
    }

    /// Leaves the rest to the target, unless it is to be counted here.
    pub(super) fn release(&mut self, pause: Duration) -> bool {
        if self.is_over || self.held.is_some() || self.is_limited {
            return false;
        }
        self.is_over = self.source.as_mut().release(pause);
        self.is_over
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        // The last of a known size is returned once its maker has ended: it may yet make more, or fail.
        if self.held.is_some() && (self.left != Some(0) || self.is_over) {
            return Poll::Ready(self.held.take().map(Ok));
        }
        while !self.is_over {
            let Poll::Ready(made) = self.source.as_mut().poll_chunk(cx) else {
                return Poll::Pending;
            };
            let Some(Ok(chunk)) = made else {
                self.is_over = true;
                return Poll::Ready(self.end(made.and_then(Result::err)));
            };
            match self.count(&chunk) {
                Ok(()) if self.left == Some(0) => self.held = Some(chunk),
                Ok(()) => return Poll::Ready(Some(Ok(chunk))),
                Err(error) => {
                    self.is_over = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }

    fn end(&mut self, error: Option<Error>) -> Option<Result<Bytes, Error>> {
        match error {
            Some(error) => Some(Err(error)),
            None if self.left.is_some_and(|left| left > 0) => Some(Err(Error::broken(
                "the body has fewer bytes than its size says",
            ))),
            None => self.held.take().map(Ok),
        }
    }

    fn count(&mut self, chunk: &Bytes) -> Result<(), Error> {
        let size = chunk.len() as u64;
        let most = self.most.checked_sub(size);
        self.most = most.ok_or_else(|| self.too_large())?;
        let Some(left) = self.left else {
            return Ok(());
        };
        let more = || Error::broken("the body has more bytes than its size says");
        self.left = Some(left.checked_sub(size).ok_or_else(more)?);
        Ok(())
    }
}

impl Chunks for Stream {
    fn poll_chunk(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        self.get_mut().poll(cx)
    }

    fn failure(self: Pin<&mut Self>) -> Option<Box<dyn Any>> {
        self.get_mut().source.as_mut().failure()
    }

    fn release(self: Pin<&mut Self>, pause: Duration) -> bool {
        self.get_mut().release(pause)
    }
}

/// What is in memory, as a source.
pub(super) struct Once(pub(super) Option<Bytes>);

impl Chunks for Once {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
