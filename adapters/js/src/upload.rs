//! The body of a request that the host reads as a handler asks for it.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use guru_core::Body;
use guru_core::http::{Chunks, Error, ErrorKind};

use crate::convert::{self, Turn};
use crate::host;

/// What the host has read.
enum Came {
    Chunk(Vec<u8>),
    End,
    Broken,
}

thread_local! {
    /// What the host has read for the request that the instance has, and who waits for that.
    static SLOT: RefCell<(Option<Came>, Option<Waker>)> = const { RefCell::new((None, None)) };
}

/// The body of the current request: of this size, unless the size is negative, for unknown.
pub(crate) fn body(size: f64) -> Body {
    SLOT.set((None, None));
    let arriving = Arriving {
        turn: Turn::now(),
        is_asked: false,
        is_over: false,
    };
    convert::sized(size, arriving)
}

/// The host has read on: a chunk, or else the end of the body, if it is one.
pub(crate) fn came(chunk: Option<Vec<u8>>, is_broken: bool) {
    let came = match chunk {
        Some(chunk) => Came::Chunk(chunk),
        None if is_broken => Came::Broken,
        None => Came::End,
    };
    let waker = SLOT.with_borrow_mut(|slot| {
        slot.0 = Some(came);
        slot.1.take()
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

struct Arriving {
    /// The request that it belongs to: one that is kept beyond its request reads nothing of the next.
    turn: Turn,
    is_asked: bool,
    is_over: bool,
}

impl Arriving {
    fn end(&mut self, error: Option<Error>) -> Poll<Option<Result<Bytes, Error>>> {
        self.is_over = true;
        Poll::Ready(error.map(Err))
    }
}

impl Chunks for Arriving {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        if self.is_over || !self.turn.is_current() {
            return self.end(None);
        }
        if !self.is_asked {
            self.is_asked = true;
            host::read();
        }
        let came = SLOT.with_borrow_mut(|slot| {
            slot.1 = Some(cx.waker().clone());
            slot.0.take()
        });
        match came {
            None => Poll::Pending,
            Some(Came::Chunk(chunk)) => {
                self.is_asked = false;
                Poll::Ready(Some(Ok(chunk.into())))
            }
            Some(Came::End) => self.end(None),
            Some(Came::Broken) => self.end(Some(Error::new(ErrorKind::BodyBroken))),
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.is_over && self.turn.is_current() {
            host::discard();
        }
    }
}
